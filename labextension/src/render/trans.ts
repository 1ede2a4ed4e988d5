/** What the person reads, in their language. */

/** The part of JupyterLab's translation bundle that is needed: `%1` stands for the first value, `%%` for a percent sign. */
export interface Trans {
  __(text: string, ...values: unknown[]): string;
  /** The first value is the count. */
  _n(one: string, many: string, count: number, ...values: unknown[]): string;
}

/** The texts as they are written here. */
export const english: Trans = {
  __: filled,
  _n: (one, many, count, ...values) => filled(count === 1 ? one : many, count, ...values),
};

function filled(text: string, ...values: unknown[]): string {
  return text.replace(/%(%|\d+)/g, (_, what) => (what === "%" ? what : String(values[Number(what) - 1])));
}

const OF_PAGE = Symbol.for("caveagent_magic.trans"); // the panel and the extension are two bundles of one page

type Page = Document & { [OF_PAGE]?: Trans };

/** The language of the page: the extension knows it, the panel and the drawing of kept turns are not told. */
export function pageTrans(): Trans {
  return (document as Page)[OF_PAGE] ?? english;
}

/** Whether the JupyterLab extension is at work in this page. */
export function hasExtension(): boolean {
  return (document as Page)[OF_PAGE] !== undefined;
}

export function setPageTrans(trans: Trans): void {
  (document as Page)[OF_PAGE] = trans;
}
