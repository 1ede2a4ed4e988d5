/** Approved steps as ordinary code cells below the cell that asked for them. */
import { type CaveEvent, MIME_TYPE } from "../protocol";
import { button, rest } from "./button";
import type { Reply } from "./control";
import { h, setText } from "./dom";
import type { Host } from "./host";
import type { Trans } from "./trans";

export interface Made {
  readonly source: string;
  readonly metadata: { readonly caveagent: { readonly turn?: string; readonly step?: number } };
}

/** What the kernel says to the verb "cells". */
export interface Cells extends Reply {
  readonly cells: readonly Made[];
  /** In sentences, why a step is not among them. */
  readonly left_out: readonly string[];
}

interface Cell {
  getMetadata(key: string): unknown;
  toJSON(): unknown;
}

/** The part of JupyterLab's shared notebook that is needed; widgets can reach it too. */
export interface Notebook {
  readonly cells: readonly Cell[];
  transact(change: () => void): void;
  insertCells(index: number, cells: object[]): void;
}

export interface CellsView {
  readonly button: HTMLButtonElement;
  /** What came of it. */
  readonly said: HTMLElement;
  /** Whether the cells are being made. */
  readonly busy: boolean;
  make(): void;
}

/** The button; `make` gives in words what came of it. */
export function cellsView(host: Host, make: () => Promise<string>): CellsView {
  const { trans } = host;
  const said = h("p", { class: "cave-quiet cave-made", role: "status" });
  const press = button(host, trans.__("Make cells"), "plain", () => void run());
  press.title = trans.__("Put the approved steps as ordinary cells below the cell that asked for them");
  let busy = false;

  async function run(): Promise<void> {
    const panel = press.closest("section.cave");
    const here = panel?.contains(document.activeElement);
    busy = true;
    rest(press);
    setText(said, "");
    setText(said, await make());
    busy = press.disabled = false;
    if (here && panel?.contains(document.activeElement)) press.focus();
  }

  return {
    button: press,
    said,
    get busy() {
      return busy;
    },
    make: () => void run(),
  };
}

/** Put them in, each turn's below the cell that shows the turn, else below `active`; gives what came of it in words. */
export function makeCells(notebook: Notebook, reply: Cells, active: number, trans: Trans): string {
  const steps = reply.cells.filter(({ metadata }) => metadata.caveagent.turn); // the person's own are there
  const made = insert(notebook, steps, active);
  const already = steps.length - made;
  const words = [
    trans._n("%1 cell was made.", "%1 cells were made.", made),
    already ? trans._n("%1 was there already.", "%1 were there already.", already) : "",
    ...reply.left_out,
  ];
  return words.filter(Boolean).join("\n");
}

/** Gives how many were not there before. */
function insert(notebook: Notebook, cells: readonly Made[], active: number): number {
  const there = new Set(notebook.cells.map((cell) => JSON.stringify(cell.getMetadata("caveagent") ?? null)));
  const missing = cells.filter(({ metadata }) => !there.has(JSON.stringify(metadata.caveagent)));
  const turns = new Map<number, Made[]>();
  for (const made of missing) {
    const asking = notebook.cells.findIndex((cell) => shows(cell, made.metadata.caveagent.turn ?? ""));
    const below = asking < 0 ? active : asking;
    turns.set(below, [...(turns.get(below) ?? []), made]);
  }
  notebook.transact(() => {
    for (const [below, made] of [...turns].sort(([one], [other]) => other - one)) {
      const values = made.map(({ source, metadata }) => ({
        cell_type: "code",
        source,
        metadata: { ...metadata },
      }));
      notebook.insertCells(below + 1, values);
    }
  });
  return missing.length;
}

/** Whether this turn is among the cell's outputs. */
function shows(cell: Cell, turn: string): boolean {
  const { outputs = [] } = cell.toJSON() as { readonly outputs?: readonly Shown[] };
  return outputs.some(({ data }) => data?.[MIME_TYPE]?.events?.[0]?.turn === turn);
}

interface Shown {
  readonly data?: Readonly<Record<string, { readonly events?: readonly CaveEvent[] }>>;
}
