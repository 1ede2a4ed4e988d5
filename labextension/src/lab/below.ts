/** Undo and redo below the turn that they are about, in its own cell. */
import type { TranslationBundle } from "@jupyterlab/translation";
import { fromThePerson } from "../render/host";
import { ofTurn, type UndoView, undoView } from "../render/undo";
import { type Kept, keptTurns } from "./kept";
import type { Watched } from "./sessions";
import type { KernelWatch } from "./watch";

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

function put(kept: Kept, watch: KernelWatch, trans: TranslationBundle): Below {
  const ending = new AbortController();
  const undo = undoView({ genuine: fromThePerson, signal: ending.signal, trans }, watch.takeBack);
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
