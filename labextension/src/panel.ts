/** The in-cell panel: the turn of one cell, drawn live inside an anywidget. */
import type { CaveEvent } from "./protocol";
import { type Kernel, overControl, type Send } from "./render/control";
import { focusKeeper } from "./render/focus";
import { mount } from "./render/turn";
import { reduce, sharing, withEvent } from "./trace";

interface Model {
  get(name: "events"): readonly CaveEvent[] | undefined;
  get(name: "running"): boolean | undefined;
  on(name: string, callback: (message: Streamed) => void): void;
  off(name: string, callback: (message: Streamed) => void): void;
  send(content: object): void;
  /** Present in JupyterLab and Notebook 7, and nowhere promised. */
  readonly widget_manager?: { readonly kernel?: Partial<Kernel & Watched> | null };
}

interface Watched {
  readonly statusChanged: {
    connect(listener: (kernel: unknown, status: string) => void): void;
    disconnect(listener: (kernel: unknown, status: string) => void): void;
  };
}

interface Streamed {
  readonly kind?: string;
  readonly seq?: number;
  readonly event?: CaveEvent;
}

const GONE: Readonly<Record<string, string>> = {
  restarting: "The kernel was restarted",
  autorestarting: "The kernel died and was restarted",
  dead: "The kernel died",
};

/** Draw the widget; returns what takes it away again. */
function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const ending = new AbortController();
  const view = mount(el, { send: sendOf(model), signal: ending.signal, inNotebook: true });
  const giveBack = focusKeeper(el, ending.signal);
  const kernel = model.widget_manager?.kernel;
  let events: readonly CaveEvent[] = [];
  let frame = 0;
  let lost = "";

  function draw(): void {
    frame = 0;
    view.update(reduce(events), !lost && (model.get("running") ?? true), lost);
  }

  function gone(_: unknown, status: string): void {
    if (!(status in GONE) || reduce(events).end) return;
    lost = `${GONE[status]}: this step cannot be answered any more. Run the cell again.`;
    soon();
  }

  function soon(): void {
    frame ||= requestAnimationFrame(draw);
  }

  function snapshot(): void {
    events = sharing(events, model.get("events") ?? []);
  }

  function replaced(): void {
    snapshot();
    soon();
  }

  function streamed({ kind, seq, event }: Streamed): void {
    if (kind !== "event" || seq === undefined || !event) return;
    events = withEvent(events, seq, event);
    soon();
  }

  const listeners = { "change:events": replaced, "change:running": soon, "msg:custom": streamed };
  for (const [name, listener] of Object.entries(listeners)) model.on(name, listener);
  kernel?.statusChanged?.connect(gone);
  snapshot();
  draw();
  return () => {
    kernel?.statusChanged?.disconnect(gone);
    for (const [name, listener] of Object.entries(listeners)) model.off(name, listener);
    cancelAnimationFrame(frame);
    ending.abort();
    giveBack();
  };
}

/** Over the control channel where the page lets a widget reach its kernel, else as the widget's own message. */
function sendOf(model: Model): Send {
  const kernel = model.widget_manager?.kernel;
  if (kernel?.sendControlMessage) {
    const send = overControl(kernel as Kernel);
    send({ verb: "hello", client: "panel" }).catch(() => undefined); // tells that a person may be looking
    return send;
  }
  return async (request) => {
    model.send({ kind: "request", request });
    return { status: "ok" };
  };
}

export default { render };
