/** The small part of Markdown that models write between code: paragraphs, lists, code, bold, emphasis. */
import { type Child, h, type Item, patch } from "./dom";

const INLINE =
  /(`+)(?<code>.+?)\1|\*\*(?<bold>[^\n]+?)\*\*|(?<![\w*])\*(?<emphasis>[^\s*][^*\n]*?)\*(?![\w*])/gs;
const FENCE = /^ {0,3}(```|~~~)/;
const BULLET = /^\s*[-*+]\s+(.*)$/;
const NUMBER = /^\s*\d+[.)]\s+(.*)$/;
const HEADING = /^\s{0,3}#{1,6}\s+(.*)$/;

/** Show the text; blocks that are already there and did not change stay as they are. */
export function showMarkdown(parent: Element, text: string): void {
  patch(parent, blocks(text).map(blockItem));
}

/** Paragraphs, apart at empty lines; a fenced block is one, whatever it holds. */
function blocks(text: string): readonly string[] {
  const found: string[][] = [];
  let fenced = false;
  let begin = true;
  for (const line of text.split("\n")) {
    const fence = FENCE.test(line);
    if (!fenced && (fence || !line.trim())) begin = true;
    if (fenced || line.trim()) {
      if (begin) found.push([]);
      found.at(-1)?.push(line);
      begin = fence && fenced;
    }
    if (fence) fenced = !fenced;
  }
  return found.map((lines) => lines.join("\n"));
}

function blockItem(source: string): Item {
  return { key: source, build: () => block(source) };
}

function block(source: string): HTMLElement {
  const lines = source.split("\n");
  if (FENCE.test(lines[0] ?? "")) return h("pre", {}, lines.slice(1).filter(notFence).join("\n"));
  const heading = lines.length === 1 && HEADING.exec(source);
  if (heading) return h("p", {}, h("strong", {}, ...inline(heading[1] ?? "")));
  return list("ul", BULLET, lines) ?? list("ol", NUMBER, lines) ?? h("p", {}, ...inline(source));
}

function notFence(line: string): boolean {
  return !FENCE.test(line);
}

function list(tag: "ul" | "ol", marker: RegExp, lines: readonly string[]): HTMLElement | null {
  const items = lines.map((line) => marker.exec(line)?.[1]);
  if (items.some((item) => item === undefined)) return null;
  return h(tag, {}, ...items.map((item) => h("li", {}, ...inline(item ?? ""))));
}

/** Text with inline code, bold and emphasis; links stay text. */
function inline(text: string): readonly Child[] {
  const parts: Child[] = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    parts.push(text.slice(end, match.index));
    end = match.index + match[0].length;
    const { code, bold, emphasis } = match.groups ?? {};
    if (code !== undefined) parts.push(h("code", {}, code.trim() || code));
    else if (bold !== undefined) parts.push(h("strong", {}, ...inline(bold)));
    else parts.push(h("em", {}, emphasis ?? ""));
  }
  parts.push(text.slice(end));
  return parts.filter((part) => part !== "");
}
