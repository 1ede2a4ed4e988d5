/** Cells of approved steps in the notebook that the side panel is about. */
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { Widget } from "@lumino/widgets";
import { type Cells, type CellsView, cellsView, makeCells, type Notebook } from "../render/cells";
import { setText, show } from "../render/dom";
import type { Host } from "../render/host";
import { hasRun } from "../render/undo";
import type { KernelWatch } from "./watch";

export interface LabCells extends Pick<CellsView, "button" | "said" | "make"> {
  update(): void;
  possible(): boolean;
}

export function labCells(host: Host, widget: Widget, watch: KernelWatch): LabCells {
  const panel = isNotebook(widget) ? widget : null;
  const view = cellsView(host, make);
  const { button, said } = view;

  async function make(): Promise<string> {
    const { trans } = host;
    const content = panel?.content;
    const reply = (await watch.send({ verb: "cells" }).catch(() => null)) as Cells | null;
    if (!content?.model || reply?.status !== "ok")
      return reply?.message ?? trans.__("The kernel did not answer.");
    return makeCells(content.model.sharedModel as Notebook, reply, content.activeCellIndex, trans);
  }

  return {
    button,
    said,
    make: view.make,
    possible: () => !button.hidden && !button.disabled,
    update() {
      show(button, panel !== null && hasRun(watch.undo) && writable(panel));
      button.disabled = view.busy || !watch.idle;
      if (button.hidden) setText(said, "");
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
