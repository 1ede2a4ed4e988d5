/** Taking steps back from the side panel, while no turn is running. */
import { button } from "../render/button";
import { h, setText, show } from "../render/dom";
import type { Host } from "../render/host";
import { undoneWords } from "../render/undone";
import { reduce } from "../trace";
import type { KernelWatch, Undoable } from "./watch";

export interface UndoView {
  readonly node: HTMLElement;
  update(undo: Undoable): void;
  /** Whether there is a step to undo. */
  possible(): boolean;
  /** Undo the last step. */
  step(): void;
}

export function undoView(host: Host, watch: KernelWatch): UndoView {
  const said = h("p", { class: "cave-quiet cave-undone", role: "status" });
  const step = button(host, "Undo last step", "plain", () => void run("%cave undo 1"));
  const turn = button(host, "Undo last turn", "plain", () => void run("%cave undo"));
  const redo = button(host, "Redo", "plain", () => void run("%cave redo"));
  const buttons = [step, turn, redo];
  const node = h(
    "section",
    { class: "cave cave-undo" },
    h("div", { class: "cave-buttons" }, ...buttons),
    said,
  );

  async function run(code: string): Promise<void> {
    for (const item of buttons) item.disabled = true;
    const events = await watch.takeBack(code).catch(() => []);
    setText(said, reduce(events).undone.map(undoneWords).join("\n") || "Nothing was changed.");
    for (const item of buttons) item.disabled = false;
  }

  return {
    node,
    possible: () => !step.hidden && !node.hidden && !step.disabled,
    step: () => void run("%cave undo 1"),
    update(undo) {
      show(step, undo.steps > 0);
      show(turn, undo.of_last_turn > 1);
      show(redo, undo.redo > 0);
      show(node, undo.steps > 0 || undo.redo > 0);
    },
  };
}
