/** Undo, redo and cells below a finished turn, in a widget: for pages without the JupyterLab extension. */
import type { CaveEvent } from "./protocol";
import { type Cells, cellsView, makeCells, type Notebook } from "./render/cells";
import type { Reply } from "./render/control";
import { h, setText, show } from "./render/dom";
import { focusKeeper } from "./render/focus";
import { fromThePerson, type Host } from "./render/host";
import { type Messages, overMessages } from "./render/message";
import { hasExtension, pageTrans } from "./render/trans";
import { hasRun, NOTHING, ofTurn, type TakeBack, type Undoable, undoView } from "./render/undo";

interface Model extends Messages {
  get(name: "undo"): Undoable | undefined;
  get(name: "turn"): string | undefined;
  on(name: string, callback: (message: object) => void): void;
  off(name: string, callback: (message: object) => void): void;
  /** JupyterLab and Notebook 7 let a widget reach the notebook that it is in. */
  readonly widget_manager?: { readonly context?: Context };
}

interface Context {
  readonly contentsModel?: { readonly writable?: boolean };
  readonly model?: { readonly readOnly?: boolean; readonly sharedModel?: Notebook };
}

interface Request {
  readonly verb: "undo_step" | "undo_turn" | "redo" | "cells" | "leave";
}

const VERBS = { step: "undo_step", turn: "undo_turn", redo: "redo" } as const;
const LATE = 3_000; // milliseconds; a kernel that is idle has answered by then

/** Draw the widget; returns what takes it away again. */
export function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  const trans = pageTrans();
  const send = overMessages<Request>(model, signal);
  const host: Host = { genuine: fromThePerson, trans, signal };
  const undo = undoView(host, takeBack);
  const late = h("p", { class: "cave-quiet", role: "status" });
  const notebook = writable(model.widget_manager?.context);
  const cells = cellsView(host, make);
  const byHand = h("p", { class: "cave-quiet" }, words());
  undo.buttons.append(cells.button);
  undo.node.append(cells.said, late, byHand);
  undo.node.setAttribute("data-lm-suppress-shortcuts", "true");
  const giveBack = focusKeeper(el, signal);

  function words(): string {
    return trans.__("%1 writes the approved steps as cells.", "%cave export FILE.ipynb");
  }

  async function asked(request: Request): Promise<Reply> {
    const timer = setTimeout(
      () => setText(late, trans.__("The kernel has not answered yet: it is busy, or it was restarted.")),
      LATE,
    );
    const reply = await send(request);
    clearTimeout(timer);
    setText(late, "");
    return reply;
  }

  async function takeBack(what: Parameters<TakeBack>[0]): Promise<readonly CaveEvent[]> {
    setText(cells.said, "");
    const reply = (await asked({ verb: VERBS[what] })) as Reply & { readonly events?: readonly CaveEvent[] };
    if (reply.status !== "ok") throw new Error(reply.message);
    return reply.events ?? [];
  }

  async function make(): Promise<string> {
    if (!notebook) return "";
    const reply = (await asked({ verb: "cells" })) as Cells;
    if (reply.status !== "ok") return reply.message ?? "";
    return makeCells(notebook, reply, -1, trans);
  }

  function draw(): void {
    const [undoable, turn] = [model.get("undo") ?? NOTHING, model.get("turn") ?? ""];
    const now = ofTurn(undoable, turn);
    const ran = hasRun(now) || undoable.last_turn === turn;
    undo.update(now);
    show(undo.node, !undo.node.hidden || ran);
    show(cells.button, ran && notebook !== null);
    show(byHand, ran && notebook === null);
  }

  if (hasExtension()) {
    void send({ verb: "leave" }); // it offers the same
    return () => ending.abort();
  }
  el.append(undo.node);
  model.on("change:undo", draw);
  draw();
  return () => {
    model.off("change:undo", draw);
    ending.abort();
    giveBack();
  };
}

function writable(context: Context | undefined): Notebook | null {
  const locked = context?.contentsModel?.writable === false || context?.model?.readOnly;
  return locked ? null : (context?.model?.sharedModel ?? null);
}

export default { render };
