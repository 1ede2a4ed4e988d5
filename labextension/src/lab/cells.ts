/** The button that makes cells of approved steps, in the side panel. */
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { Widget } from "@lumino/widgets";
import { button } from "../render/button";
import { type Cells, makeCells, type Notebook } from "../render/cells";
import { h, setText, show } from "../render/dom";
import type { Host } from "../render/host";
import type { KernelWatch } from "./watch";

export interface CellsView {
  readonly button: HTMLButtonElement;
  /** What came of it. */
  readonly said: HTMLElement;
  update(): void;
  possible(): boolean;
  make(): void;
}

export function cellsView(host: Host, widget: Widget, watch: KernelWatch): CellsView {
  const { trans } = host;
  const panel = isNotebook(widget) ? widget : null;
  const said = h("p", { class: "cave-quiet cave-made", role: "status" });
  const press = button(host, trans.__("Make cells"), "plain", () => void make());
  press.title = trans.__("Put the approved steps as ordinary cells below the cell that asked for them");

  let making = false;

  async function make(): Promise<void> {
    const content = panel?.content;
    if (!content?.model) return;
    making = press.disabled = true;
    const reply = (await watch.send({ verb: "cells" }).catch(() => null)) as Cells | null;
    making = press.disabled = false;
    const words =
      reply?.status === "ok"
        ? makeCells(content.model.sharedModel as Notebook, reply, content.activeCellIndex, trans)
        : (reply?.message ?? trans.__("The kernel did not answer."));
    setText(said, words);
  }

  return {
    button: press,
    said,
    possible: () => !press.hidden && !press.disabled,
    make: () => void make(),
    update() {
      show(press, panel !== null && watch.undo.steps > 0 && writable(panel));
      press.disabled = making || !watch.idle;
      if (press.hidden) setText(said, "");
    },
  };
}

/** Whether what is changed in the notebook can be kept; its model does not know when the file is read-only. */
function writable({ content, context }: NotebookPanel): boolean {
  return context.contentsModel?.writable !== false && !content.model?.readOnly;
}

function isNotebook(widget: Widget): widget is NotebookPanel {
  return "content" in widget && "context" in widget && "activeCellIndex" in (widget.content as object);
}
