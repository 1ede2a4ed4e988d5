/** What the model will be told of a step, or was told of it, and whether it may be. */
import type { Step } from "../trace";
import type { Reply, Request } from "./control";
import { h, setText, show } from "./dom";
import { joined, tokens } from "./format";
import type { Host } from "./host";
import type { Trans } from "./trans";

export interface ToldView {
  readonly node: HTMLElement;
  /** Whether the person keeps the output from the model; a script in the page cannot. */
  readonly kept: boolean;
  update(step: Step, goesOn: boolean): void;
}

interface Foreseen extends Reply {
  readonly text: string;
  readonly left_out: number;
  readonly tokens: number;
}

const AGAIN = 1_000; // milliseconds until a busy kernel is asked again
const ASKING = "…";

export function toldView(host: Host): ToldView {
  const { trans } = host;
  const title = h("span", {});
  const aside = h("span", { class: "cave-quiet" });
  const text = h("pre", { class: "cave-told-text", tabindex: "0", role: "group" });
  const box = h("input", { type: "checkbox" });
  const hide = h("label", { class: "cave-hide" }, box, trans.__("Hide this output from the model"));
  const node = h("div", { class: "cave-told" }, h("h4", { class: "cave-heading" }, title, aside), text, hide);
  let nonce = "";
  let foreseen: Foreseen | null = null;
  let asking = false;
  let silent = false;
  let kept = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  host.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  box.addEventListener(
    "change",
    (event) => {
      if (host.genuine(event)) kept = box.checked;
      box.checked = kept;
      draw();
    },
    { signal: host.signal },
  );

  function ask(about: string): void {
    if (about !== nonce || !host.send || host.signal.aborted) return;
    asking = true;
    const request: Request = { verb: "foresee", nonce: about };
    host
      .send(request)
      .then((reply) => heard(about, reply))
      .catch(() => heard(about, { status: "error" }));
  }

  function heard(about: string, reply: Reply): void {
    if (about !== nonce) return;
    asking = reply.status === "busy";
    if (asking) timer = setTimeout(() => ask(about), AGAIN);
    silent = reply.status === "error";
    if (reply.status === "ok" && (reply as Foreseen).text) foreseen = reply as Foreseen;
    draw();
  }

  function draw(): void {
    show(node, nonce !== "");
    setText(title, trans.__("The model will see"));
    setText(
      aside,
      foreseen ? joined(tokens(trans, foreseen.tokens, true), leftOut(foreseen.left_out, trans)) : "",
    );
    show(aside, !kept && foreseen !== null);
    setText(
      text,
      kept ? keptWords(trans) : (foreseen?.text ?? (asking ? ASKING : unknownWords(silent, trans))),
    );
    text.classList.toggle("cave-told-words", kept || !foreseen);
    text.setAttribute("aria-label", trans.__("The model will see"));
    show(hide, !box.disabled);
  }

  function saw(told: string, left_out: number): void {
    show(node, true);
    setText(title, trans.__("The model saw"));
    setText(aside, leftOut(left_out, trans));
    show(aside, left_out > 0);
    setText(text, told);
    text.classList.remove("cave-told-words");
    text.setAttribute("aria-label", trans.__("The model saw"));
    show(hide, false);
  }

  return {
    node,
    get kept() {
      return kept && nonce !== "";
    },
    update({ pending, rehearsal, observed }, goesOn) {
      if (observed) return saw(observed.text, observed.left_out);
      if (!goesOn) return show(node, false);
      const now = pending?.actions.includes("run") ? pending.nonce : "";
      if (now !== nonce && (now || pending)) {
        clearTimeout(timer);
        [nonce, foreseen, asking, kept, box.checked] = [now, null, false, false, false];
        silent = false;
        if (now && rehearsal?.type === "rehearsed") ask(now);
      }
      box.disabled = !now;
      draw();
    },
  };
}

function unknownWords(silent: boolean, trans: Trans): string {
  const what = trans.__("What running it puts out, shaped and without what is hidden.");
  const why = silent
    ? trans.__("The kernel did not answer, so it is not known beforehand.")
    : trans.__("It is not known beforehand here.");
  return `${what} ${why}`;
}

function keptWords(trans: Trans): string {
  return trans.__("The output stays with you. The model is told that you keep it, and of changed variables.");
}

function leftOut(characters: number, trans: Trans): string {
  return characters ? trans.__("%1 characters left out", characters.toLocaleString("en-US")) : "";
}
