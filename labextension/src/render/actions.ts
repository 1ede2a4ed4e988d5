/** The person's answer to a waiting step. */
import type { Action, DecisionAsked } from "../protocol";
import { button } from "./button";
import type { Reply } from "./control";
import { h, setText, show } from "./dom";
import type { Editor } from "./editor";
import type { Host } from "./host";
import { lost } from "./lost";
import { rememberView } from "./remember";
import { stopping } from "./stop";
import type { Trans } from "./trans";

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

const LATE = 8_000; // milliseconds from an answer that was taken to saying that nothing came of it

/** The buttons; `changed` is called when editing begins or ends, `kept` tells what the model is not to see. */
export function actionsView(
  host: Host,
  editor: () => Editor,
  kept: () => boolean,
  changed: () => void,
): ActionsView {
  const { trans } = host;
  let pending: DecisionAsked | null = null;
  let code = "";
  let editing = false;
  let refocus = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  host.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  const message = h("p", { class: "cave-message", role: "status" });
  const note = h("input", {
    class: "cave-note",
    type: "text",
    "aria-label": trans.__("Note to the model"),
    placeholder: trans.__("Note to the model, if you like"),
  });
  const buttons: Readonly<Record<Action | "check" | "leave", HTMLButtonElement>> = {
    run: button(host, trans.__("Run"), "main", () => answer("run")),
    adopt: button(host, trans.__("Take these results"), "plain", () => answer("adopt")),
    check: button(host, trans.__("Check again"), "main", () => view.check()),
    edit: button(host, trans.__("Edit"), "plain", () => edit(true)),
    leave: button(host, trans.__("Cancel"), "plain", () => view.leave()),
    skip: button(host, trans.__("Skip"), "plain", () => answer("skip")),
    stop: button(host, trans.__("Stop"), "stop", () => answer("stop")),
  };
  for (const [name, item] of Object.entries(buttons)) item.dataset.action = name;
  const row = h("div", { class: "cave-buttons" }, ...Object.values(buttons), note);
  const remember = rememberView(host);
  const limits = h("p", { class: "cave-quiet cave-limits" }, limitWords(trans));
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
    setText(message, action === "stop" ? trans.__("Stopping…") : "");
    const { nonce, code_hash } = asked;
    const extra = {
      ...(edited === undefined ? {} : { code: edited }),
      ...(note.value ? { note: note.value } : {}),
      ...(remember.ticked && runs(action) ? { remember: true } : {}),
      ...(kept() && runs(action) ? { untold: true } : {}),
    };
    const request = { verb: "decide", nonce, code_hash, action, ...extra } as const;
    const silent = (): Reply => ({ status: "error" });
    const reply = await (action === "stop" ? stopping(host, request) : host.send(request).catch(silent));
    if (pending?.nonce === nonce) heard(reply, nonce);
  }

  function heard(reply: Reply, nonce: string): void {
    if (reply.status === "ok") {
      if (reply.message) setText(message, reply.message);
      timer = setTimeout(
        () =>
          pending?.nonce === nonce &&
          retry(
            trans.__("Nothing has come of it yet. Where a question stands below the cell, answer there."),
          ),
        LATE,
      );
    } else if (reply.status === "stale") setText(message, trans.__("This step was already answered."));
    else retry(reply.message ?? lost(trans));
  }

  function retry(why: string): void {
    setText(message, why);
    enable(true);
    if (refocus && isHere()) firstShown().focus({ preventScroll: true });
  }

  function renew(asked: DecisionAsked): void {
    clearTimeout(timer);
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

function limitWords(trans: Trans): string {
  return trans.__(
    "No check finds everything, so read the code. A run is watched, and most of what you did not approve is stopped; only the rehearsal is sealed off.",
  );
}
