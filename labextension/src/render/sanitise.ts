/** HTML from an output, rebuilt from an allow-list: no attribute, link, image or style survives. */
import { h } from "./dom";

const KEPT: ReadonlySet<string> = new Set(
  (
    "table thead tbody tfoot tr th td caption p div span b strong i em u s code pre kbd samp br hr " +
    "ul ol li dl dt dd sub sup small h1 h2 h3 h4 h5 h6 blockquote"
  ).split(" "),
);
const DROPPED: ReadonlySet<string> = new Set(
  (
    "script style template noscript noembed noframes iframe object embed svg math head title textarea " +
    "select option button audio video canvas"
  ).split(" "),
);
const MOST_NODES = 20_000;
const DEEPEST = 60;

/** Nodes that show the markup's text and tables; `cut` says whether something was too much to draw. */
export function sanitised(markup: string): { readonly nodes: readonly Node[]; readonly cut: boolean } {
  const budget = { left: MOST_NODES };
  const body = new DOMParser().parseFromString(markup, "text/html").body;
  const nodes = copies(body, budget, 0);
  return { nodes, cut: budget.left <= 0 };
}

function copies(parent: Node, budget: { left: number }, depth: number): Node[] {
  return [...parent.childNodes].flatMap((child) => copy(child, budget, depth));
}

function copy(node: Node, budget: { left: number }, depth: number): Node[] {
  if (depth > DEEPEST) budget.left = 0;
  if (--budget.left <= 0) return [];
  if (node.nodeType === Node.TEXT_NODE) return [document.createTextNode(node.nodeValue ?? "")];
  if (!(node.nodeType === Node.ELEMENT_NODE)) return [];
  const source = node as Element;
  const tag = source.localName;
  if (DROPPED.has(tag)) return [];
  if (!KEPT.has(tag)) return copies(source, budget, depth + 1);
  const made = h(tag as "td");
  for (const name of ["colspan", "rowspan"]) {
    const span = source.getAttribute(name);
    if (span && /^[1-9]\d{0,2}$/.test(span)) made.setAttribute(name, span);
  }
  made.append(...copies(source, budget, depth + 1));
  return [made];
}
