/** What the model asks back, and the person's answer. */
import type { QuestionAnswered } from "../protocol";
import type { Step } from "../trace";
import { button } from "./button";
import type { Reply } from "./control";
import { type Child, fill, h, setText, show } from "./dom";
import type { Host } from "./host";
import { lost } from "./lost";
import type { Trans } from "./trans";

export interface QuestionView {
  readonly node: HTMLElement;
  /** `open`: whether it can still be answered. */
  update(step: Step, open: boolean): void;
}

export function questionView(host: Host): QuestionView {
  const { trans } = host;
  const text = h("p", { class: "cave-question-text" });
  const ways = h("div", { class: "cave-buttons" });
  const given = h("p", { class: "cave-quiet" });
  const message = h("p", { class: "cave-message", role: "status" });
  const node = h("div", { class: "cave-question", role: "group" }, text, ways, given, message);
  return {
    node,
    update({ asked, answered }, open) {
      show(node, asked !== null);
      if (!asked) return;
      setText(text, asked.question.text);
      node.setAttribute("aria-label", asked.question.text);
      show(ways, open && !answered && host.send !== undefined);
      fill(ways, asked, () => choices(asked.nonce, asked.question.options));
      show(given, answered !== null);
      if (answered) setText(given, words(answered, trans));
    },
  };

  function choices(nonce: string, options: readonly string[]): readonly Child[] {
    const leave = button(host, trans.__("You decide"), "plain", () => send(nonce, ""));
    if (options.length) return [...options.map((option) => choice(nonce, option)), leave];
    const number = h("input", {
      class: "cave-note",
      type: "number",
      step: "any",
      "aria-label": trans.__("Your answer"),
    });
    const give = (): void => {
      if (number.value) void send(nonce, number.value);
      else setText(message, trans.__("Write a number."));
    };
    number.addEventListener("input", () => setText(message, ""), { signal: host.signal });
    number.addEventListener(
      "keydown",
      (event) => {
        event.stopPropagation();
        if (event.key === "Enter" && host.genuine(event)) give();
      },
      { signal: host.signal },
    );
    return [number, button(host, trans.__("Answer"), "main", give), leave];
  }

  function choice(nonce: string, option: string): HTMLButtonElement {
    return button(host, option, "plain", () => send(nonce, option));
  }

  async function send(nonce: string, answer: string): Promise<void> {
    if (!host.send) return;
    const here = node.contains(document.activeElement);
    if (here) node.closest<HTMLElement>("section.cave")?.focus({ preventScroll: true });
    setText(message, "");
    enable(false);
    heard(await host.send({ verb: "answer", nonce, answer }).catch((): Reply => ({ status: "error" })), here);
  }

  function heard(reply: Reply, here: boolean): void {
    if (reply.status === "ok") return;
    setText(message, reply.message ?? lost(trans));
    enable(true);
    if (here) ways.querySelector<HTMLElement>("input, button")?.focus({ preventScroll: true });
  }

  function enable(on: boolean): void {
    for (const way of ways.querySelectorAll<HTMLInputElement | HTMLButtonElement>("input, button"))
      way.disabled = !on;
  }
}

function words({ answer, by }: QuestionAnswered, trans: Trans): string {
  if (answer) return trans.__("You answered: %1", answer);
  return by === "nobody" ? trans.__("Nobody was there to answer") : trans.__("You left it to the model");
}
