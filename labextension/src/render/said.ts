/** What screen readers are told of a turn: each change once, however many panels of the page show it. */

const SAID = Symbol.for("caveagent_magic.said"); // the panel and the extension are two bundles of one page

type Page = Document & { [SAID]?: Map<string, string> };

/** Whether these words are news of the turn. What was only kept (`live` is false) is news of no turn but those heard. */
export function isNews(turn: string, words: string, live: boolean): boolean {
  const page: Page = document;
  page[SAID] ??= new Map();
  const said = page[SAID];
  if (said.get(turn) === words || !(live || said.has(turn))) return false;
  said.set(turn, words);
  return true;
}
