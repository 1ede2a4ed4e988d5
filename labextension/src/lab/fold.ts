/** Parts of the side panel stay folded or unfolded as the person left them, also when the page is loaded again. */

export function keepFold(node: HTMLDetailsElement, name: string, signal: AbortSignal): void {
  const key = `caveagent-magic:${name}`;
  const kept = sessionStorage.getItem(key);
  if (kept) node.open = kept === "open";
  node.addEventListener("toggle", () => sessionStorage.setItem(key, node.open ? "open" : "shut"), { signal });
}
