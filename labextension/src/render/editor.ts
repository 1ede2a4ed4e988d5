/** The code as text that the person changes in place, coloured, with its lines counted. */
import { showCode } from "./code";
import { h } from "./dom";
import type { Host } from "./host";
import type { RecheckView } from "./recheck";

export interface Editor {
  readonly node: HTMLElement;
  readonly value: string;
  open(code: string): void;
}

/** `done` and `leave` are the keyboard's ways out: Ctrl+Enter and Escape. */
export function editorView(
  host: Host,
  label: string,
  recheck: RecheckView,
  done: () => void,
  leave: () => void,
): Editor {
  const area = h("textarea", {
    class: "cave-editor",
    "aria-label": label,
    spellcheck: "false",
    autocapitalize: "off",
    autocomplete: "off",
    wrap: "off",
  });
  const colours = h("div", { class: "cave-colours", "aria-hidden": "true" });
  const page = h("div", { class: "cave-page" }, colours, area);
  const hint = h(
    "p",
    { class: "cave-quiet cave-hint" },
    host.trans.__("Ctrl+Enter checks it and rehearses it again · Esc leaves it as it was"),
  );
  const node = h("div", { class: "cave-edit" }, h("div", { class: "cave-code" }, page), recheck.node, hint);
  const changed = (): void => {
    showCode(colours, area.value.endsWith("\n") ? `${area.value} ` : area.value);
    grow(area);
  };
  const typed = (): void => {
    changed();
    recheck.soon(area.value);
  };
  area.addEventListener("input", typed, { signal: host.signal });
  area.addEventListener("keydown", (event) => key(event, area, host, typed, done, leave), {
    signal: host.signal,
  });
  return {
    node,
    get value() {
      return area.value;
    },
    open(code) {
      area.value = code;
      changed();
      recheck.clear();
      area.focus({ preventScroll: true });
    },
  };
}

function key(
  event: KeyboardEvent,
  area: HTMLTextAreaElement,
  host: Host,
  typed: () => void,
  done: () => void,
  leave: () => void,
): void {
  event.stopPropagation(); // the notebook has its own meaning for keys
  if (event.isComposing || !host.genuine(event)) return;
  const pressed = event.ctrlKey || event.metaKey ? `Ctrl+${event.key}` : event.key;
  const insert = (text: string) => (): void => {
    area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
    typed();
  };
  const actions: Readonly<Record<string, () => void>> = {
    "Ctrl+Enter": done,
    Escape: leave,
    Tab: insert("    "),
    Enter: insert(`\n${indentation(area)}`),
  };
  const action = actions[pressed];
  if (!action || event.shiftKey) return;
  event.preventDefault();
  action();
}

/** What the next line begins with: as much space as this one, and more after a colon. */
function indentation({ value, selectionStart }: HTMLTextAreaElement): string {
  const line = value.slice(value.lastIndexOf("\n", selectionStart - 1) + 1, selectionStart);
  const space = /^[ \t]*/.exec(line)?.[0] ?? "";
  return /:\s*(#.*)?$/.test(line) ? `${space}    ` : space;
}

function grow(area: HTMLTextAreaElement): void {
  const lines = area.value.split("\n");
  area.rows = Math.max(lines.length, 3);
  area.cols = Math.max(...lines.map((line) => line.length)) + 2;
}
