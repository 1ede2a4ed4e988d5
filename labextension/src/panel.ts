/** The in-cell panel: the turn of one cell, drawn live inside an anywidget. */
import type { CaveEvent } from "./protocol";
import { type Kernel, overControl, type Send } from "./render/control";
import { focusKeeper } from "./render/focus";
import { gonePhrase } from "./render/lost";
import { pageTrans } from "./render/trans";
import { mount } from "./render/turn";
import { reduce, sharing, withEvent } from "./trace";

interface Model {
  get(name: "events"): readonly CaveEvent[] | undefined;
  get(name: "running"): boolean | undefined;
  on(name: string, callback: (message: Streamed) => void): void;
  off(name: string, callback: (message: Streamed) => void): void;
  send(content: object): void;
  /** Present in JupyterLab and Notebook 7, and nowhere promised. */
  readonly widget_manager?: { readonly kernel?: Partial<Kernel & Watched & Interruptible> | null };
}

interface Watched {
  readonly statusChanged: {
    connect(listener: (kernel: unknown, status: string) => void): void;
    disconnect(listener: (kernel: unknown, status: string) => void): void;
  };
}

interface Interruptible {
  interrupt(): Promise<void>;
}

interface Streamed {
  readonly kind?: string;
  readonly seq?: number;
  readonly event?: CaveEvent;
}

/** Draw the widget; returns what takes it away again. */
function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const ending = new AbortController();
  const kernel = model.widget_manager?.kernel;
  const trans = pageTrans();
  const send = sendOf(model);
  const interrupt = kernel?.interrupt && { interrupt: () => (kernel as Interruptible).interrupt() };
  const view = mount(el, { send, ...interrupt, trans, signal: ending.signal, inNotebook: true });
  const giveBack = focusKeeper(el, ending.signal);
  let events: readonly CaveEvent[] = [];
  let frame = 0;
  let lost = "";
  let unheard = "";

  function draw(): void {
    frame = 0;
    const trace = reduce(events);
    view.update(trace, !lost && (model.get("running") ?? true), lost || (trace.end ? "" : unheard));
  }

  function gone(_: unknown, status: string): void {
    const what = gonePhrase(status, trans);
    if (!what || reduce(events).end) return;
    lost = trans.__("%1: this step cannot be answered any more. Run the cell again.", what);
    soon();
  }

  function notHeard(): void {
    if (ending.signal.aborted) return;
    unheard = trans.__(
      "The kernel did not answer this panel. If its buttons do nothing, answer in the box below the cell, or interrupt the kernel.",
    );
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
  if (kernel?.sendControlMessage) send({ verb: "hello", client: "panel" }).catch(notHeard); // a person may be looking
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
  if (kernel?.sendControlMessage) return overControl(kernel as Kernel);
  return async (request) => {
    model.send({ kind: "request", request });
    return { status: "ok" };
  };
}

export default { render };
