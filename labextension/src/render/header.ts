/** The top of a turn: what was asked of whom, what it is doing, what it costs, what left the machine. */
import type { TurnStarted } from "../protocol";
import { type Phase, phase, type Trace } from "../trace";
import { button } from "./button";
import { type Child, fill, h, setAttribute, setText, show } from "./dom";
import { cost, joined, seconds, tokens, whole } from "./format";
import type { Host } from "./host";
import { isNews } from "./said";

export interface HeaderView {
  readonly node: HTMLElement;
  update(trace: Trace, live: boolean): void;
}

const DOING: Readonly<Record<Exclude<Phase, "ended">, string>> = {
  loading: "Getting ready",
  thinking: "Waiting for the model",
  writing: "The model is writing",
  judging: "Reading the code",
  rehearsing: "Rehearsing in a copy of the kernel",
  waiting: "Waits for you",
  running: "Running in your kernel",
};
const ENDED: Readonly<Record<string, string>> = {
  done: "Done",
  plan: "Planned, nothing was run",
  stopped: "Stopped",
  failed: "Failed",
  nobody: "Nobody could answer, so it was not run",
  max_steps: "Ended at the limit of steps",
  budget: "Ended at the token budget",
  broken: "Ended: what must stay true of the data does not hold any more",
};

export function headerView(host: Host): HeaderView {
  const state = h("span", { class: "cave-state", "aria-live": "polite", "aria-atomic": "true" });
  const model = h("span", { class: "cave-model" });
  const spent = h("span", { class: "cave-spent" });
  const clock = h("span", { class: "cave-clock", "aria-hidden": "true" });
  const stop = button(
    host,
    "Stop",
    "stop",
    () => void host.send?.({ verb: "cancel" }).catch(() => undefined),
  );
  let at = { turn: "", step: 0 };
  const hurry = button(
    host,
    "Don't wait",
    "plain",
    () => void host.send?.({ verb: "cut_rehearsal", ...at }).catch(() => undefined),
  );
  hurry.classList.add("cave-late");
  const budget = budgetView();
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
    hurry,
    stop,
  );
  const node = h("header", { class: "cave-header" }, top, budget.node, prompt, sent);
  const tick = ticking(clock, host.signal);
  return {
    node,
    update(trace, live) {
      const now = phase(trace);
      const open = live && now !== "ended";
      tell(state, words(trace, now, live), trace.started?.turn ?? "", host);
      budget.update(trace);
      setAttribute(node, "data-phase", open ? now : (trace.end?.reason ?? "over"));
      setText(model, trace.started?.model ?? "");
      setText(spent, spentWords(trace));
      tick(trace.totals.seconds, open);
      show(stop, open && now !== "waiting" && host.send !== undefined);
      at = { turn: trace.started?.turn ?? "", step: trace.steps.at(-1)?.number ?? 0 };
      show(hurry, open && now === "rehearsing" && host.send !== undefined);
      show(prompt, Boolean(trace.started?.prompt.trim()));
      setText(prompt, trace.started?.prompt.trim() ?? "");
      show(sent, trace.started !== null);
      fill(sent, trace.started, () => sentParts(trace.started));
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

function words(trace: Trace, now: Phase, live: boolean): string {
  if (now === "ended") return ENDED[trace.end?.reason ?? ""] ?? "Ended";
  return live ? DOING[now] : "Not finished";
}

function spentWords({ totals, started }: Trace): string {
  const all = totals.input + totals.cached + totals.output;
  if (!all)
    return started ? joined(tokens(started.tokens, started.tokens_estimated), cost(started.cost)) : "";
  const limit = started?.budget ? `of ${started.budget.toLocaleString("en-US")}` : "";
  return joined(`${tokens(all, totals.estimated)} ${limit}`.trim(), cost(totals.cost));
}

/** How much of the turn's tokens is used up, where there is a limit. */
function budgetView(): { readonly node: HTMLElement; update(trace: Trace): void } {
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
      setAttribute(node, "aria-label", `${used.toLocaleString("en-US")} of ${tokens(limit)} used`);
    },
  };
}

function sentParts(started: TurnStarted | null): readonly Child[] {
  if (!started) return [];
  const price = joined(tokens(started.tokens, started.tokens_estimated), cost(started.cost));
  const title = h("summary", {}, "What the model was sent", h("span", { class: "cave-quiet" }, price));
  return [title, h("pre", {}, started.request_text)];
}

/** Whole seconds that tick from what the events account for, or the seconds that the turn took. */
function ticking(clock: HTMLElement, signal: AbortSignal): (took: number, goesOn: boolean) => void {
  let began = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  const draw = (): void => setText(clock, whole((performance.now() - began) / 1000));
  const halt = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  signal.addEventListener("abort", halt, { once: true });
  return (took, goesOn) => {
    if (!goesOn) {
      halt();
      setText(clock, took ? seconds(took) : "");
    } else if (!timer && !signal.aborted) {
      began = performance.now() - took * 1000;
      timer = setInterval(draw, 1000);
      draw();
    }
  };
}
