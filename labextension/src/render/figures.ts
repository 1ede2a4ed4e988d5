/** Where the figures of the answer were found. */
import type { Figure } from "../protocol";
import { fill, h, show } from "./dom";

export function showFigures(node: HTMLElement, figures: readonly Figure[]): void {
  show(node, figures.length > 0);
  fill(node, figures, () => figures.map(row));
}

function row({ text, note, found }: Figure): HTMLElement {
  return h("li", { class: found ? "" : "cave-unfound" }, h("b", {}, text), ` ${note}`);
}
