/** Taking steps back, and doing them again, while no turn is running. */
import type { CaveEvent } from "../protocol";
import { reduce } from "../trace";
import { button, rest } from "./button";
import { type Child, fill, h, setText, show } from "./dom";
import type { Host } from "./host";
import type { Trans } from "./trans";
import { undoneWords } from "./undone";

/** What can be taken back between two turns: the last steps, down to one that changed something. */
export interface Undoable {
  readonly steps: number;
  readonly of_last_turn: number;
  /** The turn of that step; empty where a kernel of an earlier version does not tell. */
  readonly turn?: string;
  /** Steps after it, which changed nothing and come along. */
  readonly idle?: number;
  /** The turn of the very last step. */
  readonly last_turn?: string;
  readonly redo: number;
  readonly redo_turn?: string;
  /** What that step touched and can be given back, and what not, with the reason. */
  readonly names: readonly string[];
  readonly cannot: Readonly<Record<string, string>>;
}

export const NOTHING: Undoable = { steps: 0, of_last_turn: 0, idle: 0, redo: 0, names: [], cannot: {} };

/** Whether any step ran that was not undone. */
export function hasRun({ steps, idle = 0 }: Undoable): boolean {
  return steps + idle > 0;
}

/** What of it belongs to this turn. */
export function ofTurn(undo: Undoable, turn: string): Undoable {
  const mine = turn !== "" && undo.turn === turn;
  const again = turn !== "" && undo.redo_turn === turn;
  const kept = mine ? undo : { ...undo, ...NOTHING };
  return { ...kept, redo: again ? undo.redo : 0 };
}

export type TakeBack = (what: "step" | "turn" | "redo") => Promise<readonly CaveEvent[]>;

export interface UndoView {
  readonly node: HTMLElement;
  /** Where other buttons may stand beside these. */
  readonly buttons: HTMLElement;
  update(undo: Undoable): void;
  /** Whether there is a step to undo. */
  possible(): boolean;
  /** Undo the last step. */
  step(): void;
}

export function undoView(host: Host, takeBack: TakeBack): UndoView {
  const { trans } = host;
  const can = h("p", { class: "cave-quiet cave-can" });
  const cannot = h("ul", { class: "cave-warning cave-cannot" });
  const said = h("p", { class: "cave-quiet cave-undone", role: "status" });
  const step = button(host, trans.__("Undo last step"), "plain", () => void run("step"));
  const turn = button(host, trans.__("Undo last turn"), "plain", () => void run("turn"));
  const redo = button(host, trans.__("Redo"), "plain", () => void run("redo"));
  const ways = [step, turn, redo];
  const buttons = h("div", { class: "cave-buttons" }, ...ways);
  const node = h(
    "section",
    { class: "cave cave-undo", role: "group", "aria-label": trans.__("Undo"), tabindex: "-1" },
    h("div", { class: "cave-undo-row" }, buttons, can),
    cannot,
    said,
  );

  async function run(what: "step" | "turn" | "redo"): Promise<void> {
    const here = node.contains(document.activeElement);
    for (const item of ways) rest(item);
    setText(said, "");
    setText(said, await takeBack(what).then(outcome, refusal));
    for (const item of ways) item.disabled = false;
    if (here && node.contains(document.activeElement)) ways.find((item) => !item.hidden)?.focus();
  }

  function outcome(events: readonly CaveEvent[]): string {
    const undone = reduce(events).undone.map((each) => undoneWords(each, trans));
    return undone.join("\n") || trans.__("Nothing was changed.");
  }

  function refusal(reason: Error): string {
    return trans.__(
      "Nothing is known to have changed: %1",
      reason.message || trans.__("the kernel did not answer"),
    );
  }

  function foretell(undo: Undoable): void {
    fill(can, undo, () => changed(undo, trans));
    fill(cannot, undo, () =>
      Object.entries(undo.cannot).map(([name, why]) =>
        h("li", {}, trans.__("Not undone: %1, %2", name, why)),
      ),
    );
    show(can, can.childNodes.length > 0);
    show(cannot, cannot.childNodes.length > 0);
  }

  return {
    node,
    buttons,
    possible: () => !step.hidden && !node.hidden && !step.disabled,
    step: () => void run("step"),
    update(undo) {
      foretell(undo);
      show(step, undo.steps > 0);
      show(turn, undo.of_last_turn > 1);
      show(redo, undo.redo > 0);
      show(node, hasRun(undo) || undo.redo > 0);
    },
  };
}

/** What pressing the button is about. */
function changed(undo: Undoable, trans: Trans): readonly Child[] {
  if (undo.names.length)
    return [trans.__("Last change:"), ...undo.names.flatMap((name) => [" ", h("code", {}, name)])];
  return hasRun(undo) ? [trans.__("Nothing to undo: no variable was changed.")] : [];
}
