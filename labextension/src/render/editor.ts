/** The code as text that the person can change in place. */
import { h } from "./dom";
import type { Host } from "./host";

export interface Editor {
  readonly node: HTMLElement;
  readonly value: string;
  open(code: string): void;
}

/** `done` and `leave` are the keyboard's ways out: Ctrl+Enter and Escape. */
export function editorView(host: Host, label: string, done: () => void, leave: () => void): Editor {
  const area = h("textarea", {
    class: "cave-editor",
    "aria-label": label,
    spellcheck: "false",
    autocapitalize: "off",
    autocomplete: "off",
    wrap: "off",
  });
  const hint = h(
    "p",
    { class: "cave-quiet cave-hint" },
    "Ctrl+Enter checks it again · Esc leaves it as it was",
  );
  const node = h("div", { class: "cave-edit" }, area, hint);
  area.addEventListener("input", () => grow(area), { signal: host.signal });
  area.addEventListener("keydown", (event) => key(event, area, host, done, leave), { signal: host.signal });
  return {
    node,
    get value() {
      return area.value;
    },
    open(code) {
      area.value = code;
      grow(area);
      area.focus({ preventScroll: true });
    },
  };
}

function key(
  event: KeyboardEvent,
  area: HTMLTextAreaElement,
  host: Host,
  done: () => void,
  leave: () => void,
): void {
  event.stopPropagation(); // the notebook has its own meaning for keys
  if (event.isComposing || !host.genuine(event)) return;
  const pressed = event.ctrlKey || event.metaKey ? `Ctrl+${event.key}` : event.key;
  const action = { "Ctrl+Enter": done, Escape: leave, Tab: () => indent(area) }[pressed];
  if (!action || (pressed === "Tab" && event.shiftKey)) return;
  event.preventDefault();
  action();
}

function indent(area: HTMLTextAreaElement): void {
  area.setRangeText("    ", area.selectionStart, area.selectionEnd, "end");
}

function grow(area: HTMLTextAreaElement): void {
  area.rows = Math.min(Math.max(area.value.split("\n").length, 3), 30);
}
