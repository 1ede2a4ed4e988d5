/** The person's answer to a waiting step. */
import type { Action, DecisionAsked } from "../protocol";
import { button } from "./button";
import type { Reply } from "./control";
import { h, setText, show } from "./dom";
import type { Editor } from "./editor";
import type { Host } from "./host";
import { rememberView } from "./remember";

export interface ActionsView {
  readonly node: HTMLElement;
  /** Whether the code is being changed. */
  readonly editing: boolean;
  update(pending: DecisionAsked | null, code: string): void;
  /** Send the changed code to be judged and rehearsed. */
  check(): void;
  /** Put the code back as it was. */
  leave(): void;
}

const LIMITS =
  "Reading finds much, not everything; the guard stops most of what was not approved; only the rehearsal's sandbox is a wall.";
const LOST = "The kernel did not answer. It may have been restarted; run the cell again.";

/** The buttons; `changed` is called when editing begins or ends, `kept` tells what the model is not to see. */
export function actionsView(
  host: Host,
  editor: () => Editor,
  kept: () => boolean,
  changed: () => void,
): ActionsView {
  let pending: DecisionAsked | null = null;
  let code = "";
  let editing = false;
  let refocus = false;
  const message = h("p", { class: "cave-message", role: "status" });
  const note = h("input", {
    class: "cave-note",
    type: "text",
    "aria-label": "Note to the model",
    placeholder: "Note to the model, if you like",
  });
  const buttons: Readonly<Record<Action | "check" | "leave", HTMLButtonElement>> = {
    run: button(host, "Run", "main", () => answer("run")),
    adopt: button(host, "Take these results", "plain", () => answer("adopt")),
    check: button(host, "Check again", "main", () => view.check()),
    edit: button(host, "Edit", "plain", () => edit(true)),
    leave: button(host, "Cancel", "plain", () => view.leave()),
    skip: button(host, "Skip", "plain", () => answer("skip")),
    stop: button(host, "Stop", "stop", () => answer("stop")),
  };
  const row = h("div", { class: "cave-buttons" }, ...Object.values(buttons), note);
  const remember = rememberView(host);
  const limits = h("p", { class: "cave-quiet cave-limits" }, LIMITS);
  const node = h("div", { class: "cave-actions" }, remember.node, row, message, limits);
  note.addEventListener("keydown", (event) => event.stopPropagation(), { signal: host.signal });

  function edit(on: boolean): void {
    editing = on;
    offer();
    changed();
    if (on) editor().open(code);
    else buttons.edit.focus({ preventScroll: true });
  }

  function offer(): void {
    const may = (action: Action): boolean => pending?.actions.includes(action) ?? false;
    show(buttons.run, !editing && may("run"));
    show(buttons.adopt, !editing && may("adopt"));
    remember.offer(editing ? [] : (pending?.rules ?? []));
    show(buttons.edit, !editing && may("edit"));
    show(buttons.skip, !editing && may("skip"));
    show(buttons.stop, may("stop"));
    show(buttons.check, editing);
    show(buttons.leave, editing);
  }

  function enable(on: boolean): void {
    for (const item of Object.values(buttons)) item.disabled = !on;
    note.disabled = !on;
  }

  async function answer(action: Action, edited?: string): Promise<void> {
    const asked = pending;
    if (!asked || !host.send) return;
    refocus = node.contains(document.activeElement) || editing;
    if (refocus) node.closest<HTMLElement>("section.cave")?.focus({ preventScroll: true });
    enable(false);
    setText(message, "");
    const { nonce, code_hash } = asked;
    const extra = {
      ...(edited === undefined ? {} : { code: edited }),
      ...(note.value ? { note: note.value } : {}),
      ...(remember.ticked && runs(action) ? { remember: true } : {}),
      ...(kept() && runs(action) ? { untold: true } : {}),
    };
    const reply = await host.send({ verb: "decide", nonce, code_hash, action, ...extra }).catch(lost);
    if (pending?.nonce === nonce) heard(reply);
  }

  function heard(reply: Reply): void {
    if (reply.status === "ok") return;
    setText(message, reply.status === "stale" ? "This step was already answered." : (reply.message ?? LOST));
    if (reply.status !== "error") return;
    enable(true);
    if (refocus) firstShown().focus({ preventScroll: true });
  }

  function renew(asked: DecisionAsked): void {
    pending = asked;
    note.value = "";
    remember.clear();
    setText(message, "");
    enable(true);
    if (refocus) queueMicrotask(() => isHere() && firstShown().focus({ preventScroll: true }));
    refocus = false;
  }

  /** Whether the person has stayed in this panel since they answered. */
  function isHere(): boolean {
    return node.closest("section.cave")?.contains(document.activeElement) ?? false;
  }

  function firstShown(): HTMLButtonElement {
    if (editing) return buttons.check;
    return buttons.run.hidden ? buttons.edit : buttons.run;
  }

  const view: ActionsView = {
    node,
    get editing() {
      return editing;
    },
    update(asked, current) {
      code = current;
      show(node, asked !== null && host.send !== undefined);
      if (asked?.nonce === pending?.nonce) return;
      editing = false;
      if (asked) renew(asked);
      pending = asked;
      offer();
    },
    check() {
      if (editing) void answer("edit", editor().value);
    },
    leave() {
      if (editing) edit(false);
    },
  };
  offer();
  return view;
}

function runs(action: Action): boolean {
  return action === "run" || action === "adopt";
}

function lost(): Reply {
  return { status: "error", message: LOST };
}
