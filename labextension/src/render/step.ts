/** One step: what the model said, its code, the verdict, the rehearsal, the decision, the result. */
import type { Finding } from "../protocol";
import { type Step, waitsForAnswer } from "../trace";
import { actionsView } from "./actions";
import { showCode } from "./code";
import { type Child, fill, h, setAttribute, setText, show } from "./dom";
import { editorView } from "./editor";
import { joined, seconds, tokens } from "./format";
import type { Host } from "./host";
import { showMarkdown } from "./markdown";
import { questionView } from "./question";
import { recheckView } from "./recheck";
import { resultView } from "./result";
import { toldView } from "./told";
import type { Trans } from "./trans";
import { verdictWords } from "./verdict";

export interface StepView {
  readonly node: HTMLElement;
  /** `folded`: what the step should be as long as nobody unfolded it; `goesOn`: whether the turn does. */
  update(step: Step, folded: boolean, goesOn: boolean): void;
}

const NONE: readonly Finding[] = [];

export function stepView(host: Host, number: number): StepView {
  const { trans } = host;
  const prose = h("div", { class: "cave-prose" });
  const outcome = h("span", { class: "cave-outcome" });
  const summary = h(
    "summary",
    { class: "cave-summary" },
    h("span", { class: "cave-number" }, String(number)),
    prose,
    outcome,
  );
  const verdict = h("span", { class: "cave-verdict" });
  const author = h("span", { class: "cave-author" });
  const lines = h("div", { class: "cave-code", role: "group", tabindex: "0" });
  lines.setAttribute("aria-label", trans.__("Code of step %1", number));
  const told = toldView(host);
  const result = resultView(told, trans);
  const question = questionView(host);
  const remembered = h("p", { class: "cave-quiet" });
  const recheck = recheckView(host, () => step?.pending?.nonce ?? "");
  const editor = editorView(
    host,
    trans.__("Edit the code of step %1", number),
    recheck,
    () => actions.check(),
    () => actions.leave(),
  );
  const actions = actionsView(
    host,
    () => editor,
    () => told.kept,
    draw,
  );
  const bar = h("div", { class: "cave-bar" }, author, verdict);
  const block = h("div", { class: "cave-block" }, bar, lines, editor.node);
  const body = h("div", { class: "cave-body" }, block, result.node, actions.node, remembered);
  const node = h("details", { class: "cave-step", open: "" }, summary, question.node, body);
  let step: Step | null = null;
  let live = true;
  let touched = false;
  summary.addEventListener("click", () => (touched = true), { signal: host.signal });

  function draw(): void {
    if (!step) return;
    const { code, rehearsal } = step;
    show(body, code !== null);
    show(lines, !actions.editing);
    show(editor.node, actions.editing);
    show(remembered, Boolean(step.decided?.rules.length));
    const rules = step.decided?.rules.join(", ") ?? "";
    setText(remembered, trans.__("Allowed in this notebook from now on: %1", rules));
    if (code) showCode(lines, code.code, step.verdict?.findings ?? NONE, trans);
    setText(author, actions.editing ? trans.__("Your change, not checked yet") : authorWords(step, trans));
    setText(verdict, step.verdict ? verdictWords(step.verdict, trans) : "");
    setAttribute(verdict, "data-decision", step.verdict?.decision ?? "");
    show(verdict, step.verdict !== null && !actions.editing);
    result.update(step, live);
    setAttribute(result.node, "data-kind", step.ran ? "ran" : (rehearsal?.type ?? ""));
  }

  return {
    node,
    update(next, folded, goesOn) {
      step = next;
      live = goesOn;
      if (proseOf(next)) showMarkdown(prose, proseOf(next));
      else fill(prose, next.asked ?? (next.code?.complete ? next.code : null), () => untitled(next, trans));
      setText(outcome, outcomeWords(next, trans));
      const asking = waitsForAnswer(next);
      question.update(next, asking);
      setAttribute(node, "data-outcome", next.pending || asking ? "waiting" : "");
      actions.update(next.pending, next.code?.code ?? "");
      draw();
      if (!touched && node.open === folded) node.open = !folded;
    },
  };
}

/** The text of a step; a question at its end is shown by itself. */
function proseOf({ prose, asked }: Step): string {
  return (asked ? prose.replace(/^[ \t>*_]*ASK:.*$/m, "") : prose).trim();
}

function untitled(step: Step, trans: Trans): readonly Child[] {
  if (step.asked) return [h("p", {}, trans.__("A question"))];
  return step.code ? [h("p", { class: "cave-quiet" }, trans.__("Code without a comment"))] : [];
}

function authorWords({ code }: Step, trans: Trans): string {
  if (code?.by === "user") return trans.__("Your code");
  return code && !code.complete ? trans.__("Writing code") : trans.__("Proposed code");
}

function outcomeWords(step: Step, trans: Trans): string {
  const used = step.usage ? tokens(trans, step.usage.output, step.usage.estimated) : "";
  return joined(happened(step, trans), used);
}

function happened({ code, verdict, decided, ran, observed }: Step, trans: Trans): string {
  if (ran) {
    const failed = ran.outputs.some((output) => output.output_type === "error");
    if (ran.adopted) return trans.__("results taken over");
    return failed ? trans.__("ran into an error") : trans.__("ran in %1", seconds(trans, ran.seconds));
  }
  if (decided?.action === "skip") {
    return decided.by === "user" ? trans.__("you skipped it") : trans.__("skipped");
  }
  if (decided?.action === "stop") return trans.__("stopped");
  if (code && verdict?.decision === "deny" && observed) return trans.__("not run");
  return "";
}
