/** The top of a turn: what was asked of whom, what it is doing, what it costs, what left the machine. */
import type { EndReason, TurnStarted } from "../protocol";
import { type Phase, phase, type Trace } from "../trace";
import { type Child, fill, h, setAttribute, setText, show } from "./dom";
import { cost, joined, seconds, tokens, whole } from "./format";
import type { Host } from "./host";
import { hurryView } from "./hurry";
import { isNews } from "./said";
import { stopView } from "./stop";
import type { Trans } from "./trans";

export interface HeaderView {
  readonly node: HTMLElement;
  update(trace: Trace, live: boolean): void;
}

function doing(now: Exclude<Phase, "ended">, trans: Trans): string {
  const words: Readonly<Record<typeof now, string>> = {
    loading: trans.__("Getting ready"),
    thinking: trans.__("Waiting for the model"),
    writing: trans.__("The model is writing"),
    judging: trans.__("Reading the code"),
    rehearsing: trans.__("Rehearsing in a copy of the kernel"),
    waiting: trans.__("Waits for you"),
    running: trans.__("Running in your kernel"),
  };
  return words[now];
}

function endedWords(reason: EndReason | undefined, trans: Trans): string {
  const words: Readonly<Record<EndReason, string>> = {
    done: trans.__("Done"),
    plan: trans.__("Planned, nothing was run"),
    stopped: trans.__("Stopped"),
    failed: trans.__("Failed"),
    nobody: trans.__("Nobody could answer, so it was not run"),
    max_steps: trans.__("Ended at the limit of steps"),
    budget: trans.__("Ended at the token budget"),
    broken: trans.__("Ended: what must stay true of the data does not hold any more"),
  };
  return (reason && words[reason]) || trans.__("Ended");
}

/** `inCell`: the cell above a live panel shows the prompt already. */
export function headerView(host: Host, inCell: boolean): HeaderView {
  const { trans } = host;
  const state = h("span", { class: "cave-state", "aria-live": "polite", "aria-atomic": "true" });
  const model = h("span", { class: "cave-model" });
  const spent = h("span", { class: "cave-spent" });
  const clock = h("span", { class: "cave-clock", "aria-hidden": "true" });
  const message = h("p", { class: "cave-message", role: "status" });
  const stop = stopView(host, message);
  const hurry = hurryView(host, message);
  const budget = budgetView(trans);
  const prompt = h("p", { class: "cave-prompt" });
  const sent = h("details", { class: "cave-fold cave-sent" });
  const top = h(
    "div",
    { class: "cave-top" },
    h("span", { class: "cave-dot", "aria-hidden": "true" }),
    state,
    model,
    spent,
    clock,
    hurry.node,
    stop.node,
  );
  const node = h("header", { class: "cave-header" }, top, message, budget.node, prompt, sent);
  const tick = ticking(clock, host);
  return {
    node,
    update(trace, live) {
      const now = phase(trace);
      const open = live && now !== "ended";
      tell(state, words(trace, now, live, trans), trace.started?.turn ?? "", host);
      budget.update(trace);
      setAttribute(node, "data-phase", open ? now : (trace.end?.reason ?? "over"));
      setText(model, trace.started?.model ?? "");
      setText(spent, spentWords(trace, trans));
      tick(trace.totals.seconds, open);
      const asked = trace.steps.at(-1)?.pending != null; // the step has a Stop of its own
      stop.update(open && !asked && host.send !== undefined, open);
      hurry.update(trace, open && now === "rehearsing" && host.send !== undefined);
      show(prompt, Boolean(trace.started?.prompt.trim()) && !(inCell && live));
      setText(prompt, trace.started?.prompt.trim() ?? "");
      show(sent, trace.started !== null);
      fill(sent, trace.started, () => sentParts(trace.started, trans));
    },
  };
}

/** Show in what state the turn is, and have it read out where no other panel did. */
function tell(state: HTMLElement, text: string, turn: string, host: Host): void {
  if (state.textContent === text) return;
  const aloud = host.announces?.() !== false && isNews(turn, text, host.send !== undefined);
  setAttribute(state, "aria-live", aloud ? "polite" : "off");
  setText(state, text);
}

function words(trace: Trace, now: Phase, live: boolean, trans: Trans): string {
  if (now === "ended") return endedWords(trace.end?.reason, trans);
  return live ? doing(now, trans) : trans.__("Not finished");
}

function spentWords({ totals, started }: Trace, trans: Trans): string {
  const all = totals.input + totals.cached + totals.output;
  if (!all) return started ? priced(started, trans) : "";
  const used = tokens(trans, all, totals.estimated);
  const limit = started?.budget ? started.budget.toLocaleString("en-US") : "";
  return joined(limit ? trans.__("%1 of %2", used, limit) : used, cost(totals.cost));
}

function priced(started: TurnStarted, trans: Trans): string {
  return joined(tokens(trans, started.tokens, started.tokens_estimated), cost(started.cost));
}

/** How much of the turn's tokens is used up, where there is a limit. */
function budgetView(trans: Trans): { readonly node: HTMLElement; update(trace: Trace): void } {
  const node = h("progress", { class: "cave-progress cave-budget" });
  return {
    node,
    update({ totals, started }) {
      const limit = started?.budget ?? 0;
      const used = totals.input + totals.cached + totals.output;
      show(node, limit > 0);
      if (!limit) return;
      node.max = limit;
      node.value = Math.min(used, limit);
      node.classList.toggle("cave-budget-low", used >= 0.8 * limit);
      setAttribute(
        node,
        "aria-label",
        trans.__("%1 of %2 used", used.toLocaleString("en-US"), tokens(trans, limit)),
      );
    },
  };
}

function sentParts(started: TurnStarted | null, trans: Trans): readonly Child[] {
  if (!started) return [];
  const price = h("span", { class: "cave-quiet" }, priced(started, trans));
  const title = h("summary", {}, trans.__("What the model was sent"), price);
  return [title, h("pre", {}, started.request_text)];
}

/** Whole seconds that tick from what the events account for, or the seconds that the turn took. */
function ticking(clock: HTMLElement, { signal, trans }: Host): (took: number, goesOn: boolean) => void {
  let began = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  const draw = (): void => setText(clock, whole(trans, (performance.now() - began) / 1000));
  const halt = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  signal.addEventListener("abort", halt, { once: true });
  return (took, goesOn) => {
    if (!goesOn) {
      halt();
      setText(clock, took ? seconds(trans, took) : "");
    } else if (!timer && !signal.aborted) {
      began = performance.now() - took * 1000;
      timer = setInterval(draw, 1000);
      draw();
    }
  };
}
