/** The approved steps as ordinary code cells below the cell that asked for them. */
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { Widget } from "@lumino/widgets";
import { type CaveEvent, MIME_TYPE } from "../protocol";
import { button } from "../render/button";
import type { Reply } from "../render/control";
import { h, setText, show } from "../render/dom";
import type { Host } from "../render/host";
import type { KernelWatch } from "./watch";

type Cell = NotebookPanel["content"]["widgets"][number];

interface Made {
  readonly source: string;
  readonly metadata: { readonly caveagent: { readonly turn?: string; readonly step?: number } };
}

interface Cells extends Reply {
  readonly cells: readonly Made[];
  /** In sentences, why a step is not among them. */
  readonly left_out: readonly string[];
}

export interface CellsView {
  readonly node: HTMLElement;
  update(): void;
  possible(): boolean;
  make(): void;
}

export function cellsView(
  host: Host,
  widget: Widget,
  watch: KernelWatch,
  trans: TranslationBundle,
): CellsView {
  const panel = isNotebook(widget) ? widget : null;
  const said = h("p", { class: "cave-quiet cave-undone", role: "status" });
  const press = button(host, trans.__("Make cells"), "plain", () => void make());
  press.title = trans.__("Put the approved steps as ordinary cells below the cell that asked for them");
  const node = h(
    "section",
    { class: "cave cave-undo", role: "group", "aria-label": trans.__("Make cells") },
    press,
    said,
  );

  async function make(): Promise<void> {
    if (!panel?.content.model) return;
    press.disabled = true;
    const reply = (await watch.send({ verb: "cells" }).catch(() => null)) as Cells | null;
    press.disabled = false;
    if (reply?.status !== "ok") {
      setText(said, reply?.message ?? trans.__("The kernel did not answer."));
      return;
    }
    const steps = reply.cells.filter(({ metadata }) => metadata.caveagent.turn); // the person's own are there
    const made = insert(panel, steps);
    const already = steps.length - made;
    const words = [
      trans._n("%1 cell was made.", "%1 cells were made.", made),
      already ? trans._n("%1 was there already.", "%1 were there already.", already) : "",
      ...reply.left_out,
    ];
    setText(said, words.filter(Boolean).join("\n"));
  }

  return {
    node,
    possible: () => !node.hidden && !press.disabled,
    make: () => void make(),
    update() {
      show(node, panel !== null && watch.idle && watch.undo.steps > 0 && writable(panel));
    },
  };
}

/** Whether what is changed in the notebook can be kept; its model does not know when the file is read-only. */
function writable({ content, context }: NotebookPanel): boolean {
  return context.contentsModel?.writable !== false && !content.model?.readOnly;
}

/** Put the cells in, each turn's below the cell that shows the turn; gives how many were not there before. */
function insert(panel: NotebookPanel, cells: readonly Made[]): number {
  const { widgets, model, activeCellIndex } = panel.content;
  if (!model) return 0;
  const there = new Set(widgets.map((cell) => JSON.stringify(cell.model.getMetadata("caveagent") ?? null)));
  const missing = cells.filter(({ metadata }) => !there.has(JSON.stringify(metadata.caveagent)));
  const turns = new Map<number, Made[]>();
  for (const made of missing) {
    const asking = widgets.findIndex((cell) => shows(cell, made.metadata.caveagent.turn ?? ""));
    const below = asking < 0 ? activeCellIndex : asking;
    turns.set(below, [...(turns.get(below) ?? []), made]);
  }
  model.sharedModel.transact(() => {
    for (const [below, made] of [...turns].sort(([one], [other]) => other - one)) {
      const values = made.map(({ source, metadata }) => ({
        cell_type: "code",
        source,
        metadata: { ...metadata },
      }));
      model.sharedModel.insertCells(below + 1, values);
    }
  });
  return missing.length;
}

/** Whether this turn is among the cell's outputs. */
function shows(cell: Cell, turn: string): boolean {
  const { outputs = [] } = cell.model.sharedModel.toJSON() as { readonly outputs?: readonly Shown[] };
  return outputs.some(({ data }) => data?.[MIME_TYPE]?.events?.[0]?.turn === turn);
}

interface Shown {
  readonly data?: Readonly<Record<string, { readonly events?: readonly CaveEvent[] }>>;
}

function isNotebook(widget: Widget): widget is NotebookPanel {
  return "content" in widget && "context" in widget && "activeCellIndex" in (widget.content as object);
}
