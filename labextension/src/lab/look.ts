/** The live variables as the model sees them, with what the person lets it know of each. */
import type { TranslationBundle } from "@jupyterlab/translation";
import type { Reply, Setting } from "../render/control";
import { fill, h, setText, show } from "../render/dom";
import { fromThePerson } from "../render/host";
import { keepFold } from "./fold";
import type { KernelWatch } from "./watch";

interface Column {
  readonly name: string;
  readonly hidden: boolean;
  readonly alias: string;
}

interface Variable {
  readonly name: string;
  readonly summary: string;
  readonly hidden: boolean;
  readonly level: string;
  readonly columns: readonly Column[];
  readonly more: number;
}

interface Look extends Reply {
  readonly level: string;
  readonly levels: readonly { readonly level: string; readonly meaning: string }[];
  readonly variables: readonly Variable[];
  readonly more: number;
  readonly text: string;
  readonly tokens: number;
}

export interface LookView {
  readonly node: HTMLElement;
  /** Look again if something may have changed. */
  update(): void;
}

export function lookView(watch: KernelWatch, trans: TranslationBundle, signal: AbortSignal): LookView {
  const title = h("summary", {}, trans.__("Variables"));
  const said = h("p", { class: "cave-quiet", role: "status" });
  const level = h("div", { class: "cave-look-level" });
  const list = h("ul", { class: "cave-look-list" });
  const leaves = h("summary", {});
  const text = h("pre", { class: "cave-look-text", tabindex: "0" });
  text.setAttribute("aria-label", trans.__("The text that leaves"));
  const preview = h("details", { class: "cave-look-preview", open: "" }, leaves, text);
  const node = h("details", { class: "cave-side-fold", open: "" }, title, said, level, list, preview);
  keepFold(node, "variables", signal);
  const open = new Set<string>();
  let age = -1;
  let asking = false;
  let known = false;

  async function change(setting: Setting, ...words: string[]): Promise<void> {
    take(await watch.send({ verb: "privacy", setting, words }).catch(silent));
  }

  function silent(): Reply {
    return { status: "busy", message: trans.__("The kernel did not answer.") };
  }

  function take(reply: Reply): void {
    const look = reply as Partial<Look>;
    setText(said, reply.message ?? "");
    if (reply.status === "busy") age = -1;
    if (reply.status !== "ok" || !look.variables) return;
    const seen = look as Look;
    known = true;
    const focused = (document.activeElement as HTMLElement | null)?.dataset.cave;
    for (const part of [level, list, preview]) show(part, true);
    setText(title, trans.__("Variables (%1)", seen.variables.length + seen.more));
    fill(level, seen, () => [
      levels(
        trans.__("The model knows"),
        trans.__("The model knows"),
        seen.level,
        (chosen) => void change("privacy", chosen),
      ),
      h("p", { class: "cave-quiet" }, meaning(seen.level)),
    ]);
    fill(list, seen, () => seen.variables.map(variable));
    setText(leaves, trans.__("The text that leaves: about %1 tokens", seen.tokens));
    setText(text, seen.text || trans.__("Nothing is told of your variables."));
    if (focused) node.querySelector<HTMLElement>(`[data-cave="${CSS.escape(focused)}"]`)?.focus();

    function meaning(of: string): string {
      return seen.levels.find(({ level }) => level === of)?.meaning ?? "";
    }

    function levels(words: string, label: string, now: string, choose: (level: string) => void): HTMLElement {
      const select = h("select", { "aria-label": label, "data-cave": label, title: meaning(now) });
      for (const { level } of seen.levels) select.append(new Option(level, level, false, level === now));
      select.addEventListener("change", (event) => fromThePerson(event) && choose(select.value), { signal });
      return h("label", { class: "cave-look-select" }, h("span", {}, words), select);
    }

    function variable(each: Variable): HTMLElement {
      const hide = eye(each.name, each.hidden, () => change(each.hidden ? "show" : "hide", each.name));
      const name = h("span", { class: "cave-look-name", title: each.name }, each.name);
      const line = h("span", { class: "cave-quiet cave-look-line", title: each.summary }, each.summary);
      if (each.hidden) {
        const row = h("div", { class: "cave-look-row" }, name, line);
        return h("li", { class: "cave-look-item cave-look-hidden" }, hide, row);
      }
      const more = each.more ? [h("p", { class: "cave-quiet" }, trans.__("and %1 more", each.more))] : [];
      const fold = h(
        "details",
        { class: "cave-look-variable" },
        h("summary", { "data-cave": `fold ${each.name}` }, name, line),
        levels(
          trans.__("The model knows"),
          trans.__("Level of %1", each.name),
          each.level,
          (chosen) => void change("privacy", chosen, each.name),
        ),
        h("ul", {}, ...each.columns.map((column) => columnRow(each.name, column))),
        ...more,
      );
      fold.open = open.has(each.name);
      fold.addEventListener("toggle", () => void (fold.open ? open.add(each.name) : open.delete(each.name)), {
        signal,
      });
      return h("li", { class: "cave-look-item" }, hide, fold);
    }

    function columnRow(owner: string, { name, hidden, alias }: Column): HTMLElement {
      const entry = `${owner}.${name}`;
      const hide = eye(entry, hidden, () => change(hidden ? "show" : "hide", entry));
      const words = alias ? trans.__("told as %1", alias) : trans.__("alias");
      const other = toggle(
        `alias ${entry}`,
        words,
        trans.__("Tell the model another name for %1", entry),
        alias !== "",
        () => change(alias ? "show" : "alias", entry),
      );
      other.disabled = hidden;
      const row = h(
        "div",
        { class: "cave-look-row" },
        hide,
        h("span", { class: "cave-look-name", title: name }, name),
        other,
      );
      return h("li", { class: hidden ? "cave-look-hidden" : "" }, row);
    }
  }

  function eye(entry: string, hidden: boolean, press: () => void): HTMLButtonElement {
    const label = hidden ? trans.__("hidden") : trans.__("told");
    return toggle(`eye ${entry}`, label, trans.__("Hide %1 from the model", entry), hidden, press);
  }

  function toggle(
    id: string,
    words: string,
    label: string,
    on: boolean,
    press: () => void,
  ): HTMLButtonElement {
    const node = h("button", { type: "button", class: "cave-look-toggle", "data-cave": id }, words);
    node.title = label;
    node.setAttribute("aria-label", `${label}: ${words}`);
    node.setAttribute("aria-pressed", String(on));
    node.addEventListener("click", (event) => fromThePerson(event) && press(), { signal });
    return node;
  }

  function update(): void {
    show(node, watch.greeted);
    for (const part of [level, list, preview]) show(part, known);
    for (const each of node.querySelectorAll<HTMLButtonElement | HTMLSelectElement>("button, select")) {
      each.inert = !watch.idle;
    }
    if (!watch.idle) {
      if (watch.greeted)
        setText(
          said,
          known
            ? trans.__("As it was before the cell that is running.")
            : trans.__("Shown when the cell is done."),
        );
      return;
    }
    if (asking || age === watch.age) return;
    [asking, age] = [true, watch.age];
    void watch
      .send({ verb: "look" })
      .catch(silent)
      .then(take)
      .finally(() => {
        asking = false;
        if (age !== watch.age && age !== -1) update();
      });
  }

  return { node, update };
}
