/** The kept turns that the page shows: the renderer puts them in, the extension looks at them. */

export interface Kept {
  readonly turn: string;
  readonly node: HTMLElement;
}

const shown = new Set<Kept>();
let changed = (): void => undefined;

export const keptTurns: ReadonlySet<Kept> = shown;

/** Be told when a kept turn comes into the page. */
export function followKept(listener: () => void): void {
  changed = listener;
}

export function keep(kept: Kept): void {
  shown.add(kept);
  changed();
}

export function forget(kept: Kept): void {
  shown.delete(kept);
}
