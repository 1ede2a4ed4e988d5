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
import { verdictWords } from "./verdict";

export interface StepView {
  readonly node: HTMLElement;
  /** `folded`: what the step should be as long as nobody unfolded it. */
  update(step: Step, folded: boolean): void;
}

const NONE: readonly Finding[] = [];

export function stepView(host: Host, number: number): StepView {
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
  const lines = h("div", { class: "cave-code", role: "group", "aria-label": `Code of step ${number}` });
  const told = toldView(host);
  const result = resultView(told);
  const question = questionView(host);
  const remembered = h("p", { class: "cave-quiet" });
  const recheck = recheckView(host, () => step?.pending?.nonce ?? "");
  const editor = editorView(
    host,
    `Edit the code of step ${number}`,
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
  let touched = false;
  summary.addEventListener("click", () => (touched = true), { signal: host.signal });

  function draw(): void {
    if (!step) return;
    const { code, rehearsal } = step;
    show(body, code !== null);
    show(lines, !actions.editing);
    show(editor.node, actions.editing);
    show(remembered, Boolean(step.decided?.rules.length));
    setText(remembered, `Allowed in this notebook from now on: ${step.decided?.rules.join(", ") ?? ""}`);
    if (code) showCode(lines, code.code, step.verdict?.findings ?? NONE);
    setText(author, actions.editing ? "Your change, not checked yet" : authorWords(step));
    setText(verdict, step.verdict ? verdictWords(step.verdict) : "");
    setAttribute(verdict, "data-decision", step.verdict?.decision ?? "");
    show(verdict, step.verdict !== null && !actions.editing);
    result.update(step);
    setAttribute(result.node, "data-kind", step.ran ? "ran" : (rehearsal?.type ?? ""));
  }

  return {
    node,
    update(next, folded) {
      step = next;
      if (proseOf(next)) showMarkdown(prose, proseOf(next));
      else fill(prose, next.asked ?? (next.code?.complete ? next.code : null), () => untitled(next));
      setText(outcome, outcomeWords(next));
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

function untitled(step: Step): readonly Child[] {
  if (step.asked) return [h("p", {}, "A question")];
  return step.code ? [h("p", { class: "cave-quiet" }, "Code without a comment")] : [];
}

function authorWords({ code }: Step): string {
  if (code?.by === "user") return "Your code";
  return code && !code.complete ? "Writing code" : "Proposed code";
}

function outcomeWords(step: Step): string {
  const used = step.usage ? tokens(step.usage.output, step.usage.estimated) : "";
  return joined(happened(step), used);
}

function happened({ code, verdict, decided, ran, observed }: Step): string {
  if (ran) {
    const failed = ran.outputs.some((output) => output.output_type === "error");
    if (ran.adopted) return "results taken over";
    return failed ? "ran into an error" : `ran in ${seconds(ran.seconds)}`;
  }
  if (decided?.action === "skip") return decided.by === "user" ? "you skipped it" : "skipped";
  if (decided?.action === "stop") return "stopped";
  if (code && verdict?.decision === "deny" && observed) return "not run";
  return "";
}
