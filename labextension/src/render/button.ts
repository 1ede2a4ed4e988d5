/** Buttons that only a person can press. */
import { h } from "./dom";
import type { Host } from "./host";

export function button(
  host: Host,
  label: string,
  style: "main" | "plain" | "stop",
  press: () => void,
): HTMLButtonElement {
  const node = h("button", { type: "button", class: `cave-button cave-button-${style}` }, label);
  node.addEventListener("click", (event) => host.genuine(event) && press(), { signal: host.signal });
  return node;
}

/** It cannot be pressed for now; the focus stays in its panel. */
export function rest(node: HTMLButtonElement): void {
  if (node === document.activeElement)
    node.closest<HTMLElement>("section.cave")?.focus({ preventScroll: true });
  node.disabled = true;
}
