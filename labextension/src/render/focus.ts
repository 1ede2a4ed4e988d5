/** The focus of the keyboard goes back to the notebook when the panel that holds it is taken away. */

/** Follow the focus inside `node`; what is returned gives it back, where nobody else has taken it. */
export function focusKeeper(node: HTMLElement, signal: AbortSignal): () => void {
  let home: readonly (HTMLElement | null)[] = [];
  const came = (): void => {
    home = [node.closest<HTMLElement>(".jp-Cell"), node.closest<HTMLElement>(".jp-Notebook")];
  };
  const went = ({ relatedTarget }: FocusEvent): void => {
    if (relatedTarget instanceof Node && !node.contains(relatedTarget)) home = [];
  };
  node.addEventListener("focusin", came, { signal });
  node.addEventListener("focusout", went, { signal });
  return () => {
    const lost = document.activeElement === document.body || node.contains(document.activeElement);
    for (const place of home) if (lost && !place?.contains(focused())) place?.focus({ preventScroll: true });
  };
}

function focused(): Element | null {
  return document.activeElement === document.body ? null : document.activeElement;
}
