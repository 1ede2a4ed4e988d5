/** A language in which every text is marked, and what is left unmarked in the page. */
import { english, type Trans } from "../src/render/trans";

export const MARKED: Trans = {
  __: (text, ...values) => `«${english.__(text, ...values)}»`,
  _n: (one, many, count, ...values) => `«${english._n(one, many, count, ...values)}»`,
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
const COLOURS = /\x1b\[[\d;]*m/g;
const SPOKEN = ["aria-label", "title", "placeholder", "alt"];
/** What can be read in the page, piece by piece. */
export function read(): readonly string[] {
  const nodes = [...document.body.querySelectorAll("*")];
  const texts = nodes.flatMap((node) => [...node.childNodes].filter((child) => child instanceof Text));
  const attributes = nodes.flatMap((node) => SPOKEN.map((name) => node.getAttribute(name) ?? ""));
  return [...texts.map((text) => text.data), ...attributes];
}

/** The pieces with words that are neither marked nor said by the kernel. */
export function untranslated(pieces: readonly string[], said: unknown): readonly string[] {
  const data = strings(said).join("\n").replace(COLOURS, "");
  return pieces.filter((piece) => {
    let rest = piece;
    while (/«[^«»]*»/.test(rest)) rest = rest.replace(/«[^«»]*»/g, " · ");
    return rest.split(/ · |\n/).some((part) => /\p{L}/u.test(part) && !data.includes(part.trim()));
  });
}

function strings(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(strings) : [];
}
