/** Undo and redo below the turn that they are about, in its own cell. */
import type { TranslationBundle } from "@jupyterlab/translation";
import { fromThePerson } from "../render/host";
import { type Kept, keptTurns } from "./kept";
import type { Watched } from "./sessions";
import { type UndoView, undoView } from "./undo";
import type { KernelWatch, Undoable } from "./watch";

interface Below {
  readonly watch: KernelWatch;
  readonly undo: UndoView;
  readonly ending: AbortController;
}

const below = new WeakMap<Kept, Below>();

/** Offer below each kept turn what its notebook's kernel can take back of it now. */
export function offerUndoBelow(watched: ReadonlyMap<unknown, Watched>, trans: TranslationBundle): void {
  for (const kept of keptTurns) {
    const own = [...watched.values()].find(({ widget }) => widget.node.contains(kept.node));
    const offer = own && ofTurn(own.watch.undo, kept.turn);
    const old = below.get(kept);
    if (old && old.watch !== own?.watch) take(kept, old);
    if (own && offer && (below.has(kept) || offer.steps || offer.redo)) {
      const { undo } = below.get(kept) ?? put(kept, own.watch, trans);
      if (undo.node.parentNode !== kept.node) kept.node.append(undo.node); // it was drawn anew
      undo.update(offer);
    }
  }
}

function ofTurn(undo: Undoable, turn: string): Undoable {
  const mine = turn !== "" && undo.turn === turn;
  const again = turn !== "" && undo.redo_turn === turn;
  return {
    ...undo,
    steps: mine ? undo.steps : 0,
    of_last_turn: mine ? undo.of_last_turn : 0,
    redo: again ? undo.redo : 0,
  };
}

function put(kept: Kept, watch: KernelWatch, trans: TranslationBundle): Below {
  const ending = new AbortController();
  const undo = undoView({ genuine: fromThePerson, signal: ending.signal, trans }, watch, trans);
  undo.node.setAttribute("data-lm-suppress-shortcuts", "true");
  const made = { watch, undo, ending };
  below.set(kept, made);
  return made;
}

function take(kept: Kept, { undo, ending }: Below): void {
  ending.abort();
  undo.node.remove();
  below.delete(kept);
}
