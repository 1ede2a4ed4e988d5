/** "Always allow this": the rules in words, before they are saved. */
import { fill, h, show } from "./dom";
import type { Host } from "./host";

export interface RememberView {
  readonly node: HTMLElement;
  /** Whether the person ticked it; a script in the page cannot. */
  readonly ticked: boolean;
  offer(rules: readonly string[]): void;
  clear(): void;
}

export function rememberView(host: Host): RememberView {
  const box = h("input", { type: "checkbox" });
  const words = h("span", {});
  const node = h("label", { class: "cave-remember" }, box, words);
  let ticked = false;
  box.addEventListener(
    "change",
    (event) => {
      if (host.genuine(event)) ticked = box.checked;
      box.checked = ticked;
    },
    { signal: host.signal },
  );
  return {
    node,
    get ticked() {
      return ticked && !node.hidden;
    },
    offer(rules) {
      show(node, rules.length > 0);
      fill(words, rules, () => [
        host.trans.__("Always allow in this notebook:"),
        " ",
        ...rules.flatMap((rule, index) => [...(index ? [", "] : []), h("code", {}, rule)]),
      ]);
    },
    clear() {
      ticked = box.checked = false;
    },
  };
}
