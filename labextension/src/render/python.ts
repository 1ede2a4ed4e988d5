/** Python source as coloured pieces, line by line; good enough to read, not to run. */

export type Kind = "" | "keyword" | "builtin" | "string" | "number" | "comment" | "definition" | "decorator";

export interface Piece {
  readonly kind: Kind;
  readonly text: string;
}

const KEYWORDS = new Set(
  (
    "False None True and as assert async await break case class continue def del elif else except finally for " +
    "from global if import in is lambda match nonlocal not or pass raise return try while with yield"
  ).split(" "),
);
const BUILTINS = new Set(
  (
    "abs all any bool bytes dict dir enumerate filter float format frozenset getattr hasattr int isinstance iter " +
    "len list map max min next object open print range repr reversed round set setattr slice sorted str sum " +
    "super tuple type zip"
  ).split(" "),
);
const TOKEN = new RegExp(
  [
    String.raw`(?<comment>#[^\n]*)`,
    String.raw`(?<string>(?:\b[rbfuRBFU]{1,2})?(?:"""(?:\\[^]|[^\\])*?(?:"""|(?![^]))|'''(?:\\[^]|[^\\])*?(?:'''|(?![^]))` +
      String.raw`|"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?))`,
    String.raw`(?<number>\b(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?)j?\b)`,
    String.raw`(?<decorator>(?<=^[ \t]*)@[\w.]+)`,
    String.raw`(?<name>[\p{L}_][\p{L}\p{N}_]*)`,
  ].join("|"),
  "gmu",
);

/** The pieces of each line. */
export function highlight(code: string): readonly (readonly Piece[])[] {
  const lines: Piece[][] = [[]];
  for (const piece of pieces(code)) {
    piece.text.split("\n").forEach((text, index) => {
      if (index > 0) lines.push([]);
      if (text) lines.at(-1)?.push({ kind: piece.kind, text });
    });
  }
  return lines;
}

function* pieces(code: string): Generator<Piece> {
  let end = 0;
  let before = "";
  for (const match of code.matchAll(TOKEN)) {
    if (match.index > end) yield { kind: "", text: code.slice(end, match.index) };
    end = match.index + match[0].length;
    yield { kind: kindOf(match, before, code[match.index - 1] === "."), text: match[0] };
    before = match[0];
  }
  if (end < code.length) yield { kind: "", text: code.slice(end) };
}

function kindOf(match: RegExpMatchArray, before: string, attribute: boolean): Kind {
  const groups = match.groups ?? {};
  for (const kind of ["comment", "string", "number", "decorator"] as const) if (groups[kind]) return kind;
  if (before === "def" || before === "class") return "definition";
  if (attribute) return "";
  if (KEYWORDS.has(match[0])) return "keyword";
  return BUILTINS.has(match[0]) ? "builtin" : "";
}
