/** Code with line numbers, and each finding in words below its line. */
import type { Finding } from "../protocol";
import { capabilityWords } from "./capability";
import { h, type Item, patch } from "./dom";
import { highlight, type Piece } from "./python";
import { english, type Trans } from "./trans";

const NONE: readonly Finding[] = [];

/** Show the code; lines that are already there and did not change stay as they are. */
export function showCode(
  parent: Element,
  code: string,
  findings: readonly Finding[] = NONE,
  trans: Trans = english,
): void {
  const lines = highlight(code.replace(/\n+$/, ""));
  const items = lines.flatMap((pieces, index) => {
    const text = pieces.map((piece) => piece.text).join("");
    const found = findings
      .filter((finding) => at(finding, lines.length) === index + 1)
      .map((finding) => inUnits(finding, text));
    return [lineItem(index + 1, pieces, found), ...found.map((finding) => findingItem(finding, trans))];
  });
  patch(parent, items);
}

/** Python counts characters in a line, the page counts UTF-16 units. */
function inUnits(finding: Finding, line: string): Finding {
  const units = (column: number): number => [...line].slice(0, column).join("").length;
  const end = finding.end_line > finding.line ? finding.end_column : units(finding.end_column);
  return { ...finding, column: units(finding.column), end_column: end };
}

/** The line that a finding is shown at: its own, or the nearest that there is. */
function at(finding: Finding, last: number): number {
  return Math.min(Math.max(finding.line, 1), last);
}

function lineItem(number: number, pieces: readonly Piece[], found: readonly Finding[]): Item {
  const ranges = found.map(({ column, line, end_line, end_column }) => ({
    from: column,
    to: end_line > line ? Number.POSITIVE_INFINITY : end_column,
  }));
  return {
    key: JSON.stringify([number, pieces, found.map(({ column, end_column }) => [column, end_column])]),
    build: () =>
      h(
        "div",
        { class: found.length ? "cave-line cave-line-found" : "cave-line", "data-line": String(number) },
        h("code", {}, ...marked(pieces, ranges).map(span)),
      ),
  };
}

interface Range {
  readonly from: number;
  readonly to: number;
}

type MarkedPiece = Piece & { readonly found: boolean };

/** The pieces cut where a finding begins or ends. */
function marked(pieces: readonly Piece[], ranges: readonly Range[]): readonly MarkedPiece[] {
  let column = 0;
  return pieces.flatMap(({ kind, text }) => {
    const begin = column;
    column += text.length;
    const inside = ranges.flatMap(({ from, to }) => [from - begin, to - begin]);
    const cuts = [0, ...inside.filter((cut) => cut > 0 && cut < text.length), text.length];
    cuts.sort((one, other) => one - other);
    return cuts.slice(1).flatMap((cut, index) => {
      const start = cuts[index] ?? 0;
      const found = ranges.some(({ from, to }) => begin + start >= from && begin + cut <= to);
      return cut > start ? [{ kind, text: text.slice(start, cut), found }] : [];
    });
  });
}

function span({ kind, text, found }: MarkedPiece): Node | string {
  const classes = [kind && `cave-py-${kind}`, found && "cave-found"].filter(Boolean).join(" ");
  return classes ? h("span", { class: classes }, text) : text;
}

function findingItem(finding: Finding, trans: Trans): Item {
  const { code, capability, message, line } = finding;
  const unknown = capability === "unknown";
  return {
    key: JSON.stringify([code, capability, message, line]),
    build: () =>
      h(
        "div",
        { class: unknown ? "cave-finding cave-finding-unknown" : "cave-finding" },
        h("span", { class: "cave-finding-kind" }, capabilityWords(capability, trans)),
        h("span", { class: "cave-finding-text" }, message),
        h("span", { class: "cave-finding-code" }, code),
      ),
  };
}
