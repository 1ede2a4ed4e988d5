/** A whole turn, drawn into an element and kept up to date. */
import type { Progress } from "../protocol";
import { phase, type Step, type Trace } from "../trace";
import type { Send } from "./control";
import { h, setAttribute, setText, show } from "./dom";
import { showFigures } from "./figures";
import { headerView } from "./header";
import { fromThePerson, type Host } from "./host";
import { showMarkdown } from "./markdown";
import { type StepView, stepView } from "./step";
import { english, type Trans } from "./trans";
import { undoneWords } from "./undone";

export interface TurnView {
  /** `open`: whether the turn can still go on; `lost` says why it cannot although it has not ended. */
  update(trace: Trace, open: boolean, lost?: string): void;
}

export interface Options {
  readonly send?: Send;
  readonly interrupt?: () => Promise<void>;
  readonly genuine?: (event: Event) => boolean;
  readonly trans?: Trans;
  readonly signal: AbortSignal;
  readonly announces?: () => boolean;
  /** JupyterLab's shortcuts must not fire while keys are meant for a panel inside a notebook. */
  readonly inNotebook?: boolean;
}

/** Draw into `root`; without `send` nothing can be pressed. */
export function mount(root: HTMLElement, options: Options): TurnView {
  const host: Host = { genuine: fromThePerson, trans: english, ...options };
  const { trans } = host;
  const readOnly: Host = { genuine: host.genuine, trans, signal: host.signal };
  const may = host.send ? host : readOnly;
  const header = headerView(may, options.inNotebook ?? false);
  const progress = progressView(trans);
  const steps = h("div", { class: "cave-steps" });
  const answer = h("div", { class: "cave-answer" });
  const figures = h("ul", {
    class: "cave-figures cave-quiet",
    "aria-label": trans.__("Figures in the answer"),
  });
  const failed = h("p", { class: "cave-failed", role: "alert" });
  const undone = h("p", { class: "cave-quiet cave-undone" });
  const views: StepView[] = [];
  const node = h("section", { class: "cave", role: "group", "aria-label": trans.__("Cave"), tabindex: "-1" });
  if (options.inNotebook) node.setAttribute("data-lm-suppress-shortcuts", "true");
  node.append(header.node, progress.node, steps, answer, figures, failed, undone);
  root.append(node);
  return {
    update(trace, open, lost = "") {
      setAttribute(node, "data-turn", trace.started?.turn ?? "");
      header.update(trace, open);
      progress.update(open ? trace.progress : null);
      const shown = withoutAnswer(trace);
      shown.forEach((step, index) => {
        const view = views[index] ?? added(stepView(may, step.number), views, steps);
        const asked = open ? step : { ...step, pending: null };
        view.update(asked, folded(trace, index), open && !trace.end);
      });
      for (const gone of views.splice(shown.length)) gone.node.remove();
      show(answer, Boolean(trace.end?.answer.trim()));
      if (trace.end) showMarkdown(answer, trace.end.answer);
      showFigures(figures, trace.end?.figures ?? []);
      show(failed, trace.failed !== null || lost !== "");
      setText(failed, trace.failed ?? lost);
      show(undone, trace.undone.length > 0);
      setText(undone, trace.undone.map((undone) => undoneWords(undone, trans)).join("\n"));
      setAttribute(node, "data-phase", open ? phase(trace) : "ended");
    },
  };
}

function added(view: StepView, views: StepView[], parent: Element): StepView {
  views.push(view);
  parent.append(view.node);
  return view;
}

/** The steps; the last one gives way to the answer when it says nothing else. */
function withoutAnswer({ steps, end }: Trace): readonly Step[] {
  const last = steps.at(-1);
  const repeated =
    last && !last.code && end && (!last.prose.trim() || last.prose.trim() === end.answer.trim());
  return repeated ? steps.slice(0, -1) : steps;
}

/** A step folds when it is done and the turn has gone on, or ended well. */
function folded(trace: Trace, index: number): boolean {
  const step = trace.steps[index];
  const done = Boolean(step?.observed ?? step?.ran);
  return done && (index < trace.steps.length - 1 || trace.end?.reason === "done");
}

function progressView(trans: Trans): { readonly node: HTMLElement; update(progress: Progress | null): void } {
  const label = h("span", { class: "cave-quiet" });
  const bar = h("progress", { class: "cave-progress", "aria-label": trans.__("Progress") });
  const node = h("div", { class: "cave-loading" }, label, bar);
  return {
    node,
    update(progress) {
      show(node, progress !== null);
      if (!progress) return;
      setText(label, progress.text);
      if (progress.fraction === null) bar.removeAttribute("value");
      else bar.value = progress.fraction;
    },
  };
}
