/** Elements made and changed without ever reading markup. */

export type Child = Node | string;

/** A new element; attributes are fixed names of ours, children are nodes or plain text. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Set the text where it is another. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Show or hide. */
export function show(node: HTMLElement, shown: boolean): void {
  if (node.hidden === shown) node.hidden = !shown;
}

/** Set an attribute where it is another. */
export function setAttribute(node: Element, name: string, value: string): void {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

const filledWith = new WeakMap<Element, unknown>();

/** Build the children anew only when the value they show is another object. */
export function fill(node: Element, value: unknown, build: () => readonly Child[]): void {
  if (filledWith.has(node) && filledWith.get(node) === value) return;
  filledWith.set(node, value);
  node.replaceChildren(...build());
}

export interface Item {
  /** Everything that decides how the item looks. */
  readonly key: string;
  readonly build: () => Node;
}

const keyOf = new WeakMap<Node, string>();

/** Make the children those of the list, position by position; equal ones are left untouched. */
export function patch(parent: Element, items: readonly Item[]): void {
  items.forEach((item, index) => {
    const old = parent.childNodes[index];
    if (old && keyOf.get(old) === item.key) return;
    const node = item.build();
    keyOf.set(node, item.key);
    if (old) old.replaceWith(node);
    else parent.append(node);
  });
  while (parent.childNodes.length > items.length) parent.lastChild?.remove();
}
