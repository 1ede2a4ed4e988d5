/** Taking steps back from the side panel, while no turn is running. */
import type { TranslationBundle } from "@jupyterlab/translation";
import type { CaveEvent } from "../protocol";
import { button, rest } from "../render/button";
import { fill, h, setText, show } from "../render/dom";
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

export function undoView(host: Host, watch: KernelWatch, trans: TranslationBundle): UndoView {
  const can = h("p", { class: "cave-quiet" });
  const cannot = h("ul", { class: "cave-warning cave-cannot" });
  const said = h("p", { class: "cave-quiet cave-undone", role: "status" });
  const step = button(host, trans.__("Undo last step"), "plain", () => void run("%cave undo 1"));
  const turn = button(host, trans.__("Undo last turn"), "plain", () => void run("%cave undo"));
  const redo = button(host, trans.__("Redo"), "plain", () => void run("%cave redo"));
  const buttons = [step, turn, redo];
  const node = h(
    "section",
    { class: "cave cave-undo", role: "group", "aria-label": trans.__("Undo"), tabindex: "-1" },
    can,
    cannot,
    said,
    h("div", { class: "cave-buttons" }, ...buttons),
  );

  async function run(code: string): Promise<void> {
    const here = node.contains(document.activeElement);
    for (const item of buttons) rest(item);
    setText(said, await watch.takeBack(code).then(outcome, refusal));
    for (const item of buttons) item.disabled = false;
    if (here && node.contains(document.activeElement)) buttons.find((item) => !item.hidden)?.focus();
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

  function foretell({ steps, names, cannot: kept }: Undoable): void {
    const listed = names.length
      ? trans.__("The last step can be undone: %1.", names.join(", "))
      : trans.__("The last step changed nothing that can be undone.");
    setText(can, steps ? listed : "");
    fill(cannot, kept, () =>
      Object.entries(kept).map(([name, why]) => h("li", {}, trans.__("Not undone: %1, %2", name, why))),
    );
    show(can, steps > 0);
    show(cannot, cannot.childNodes.length > 0);
  }

  return {
    node,
    possible: () => !step.hidden && !node.hidden && !step.disabled,
    step: () => void run("%cave undo 1"),
    update(undo) {
      foretell(undo);
      show(step, undo.steps > 0);
      show(turn, undo.of_last_turn > 1);
      show(redo, undo.redo > 0);
      show(node, undo.steps > 0 || undo.redo > 0);
    },
  };
}
