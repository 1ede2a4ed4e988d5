/** The top of a turn: what was asked of whom, what it is doing, what it costs, what left the machine. */
import type { TurnStarted } from "../protocol";
import { type Phase, phase, type Trace } from "../trace";
import { button } from "./button";
import { type Child, fill, h, setAttribute, setText, show } from "./dom";
import { cost, joined, seconds, tokens, whole } from "./format";
import type { Host } from "./host";

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
};

export function headerView(host: Host): HeaderView {
  const state = h("span", { class: "cave-state", role: "status", "aria-live": "polite" });
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
  const node = h("header", { class: "cave-header" }, top, prompt, sent);
  const tick = ticking(clock, host.signal);
  return {
    node,
    update(trace, live) {
      const now = phase(trace);
      const open = live && now !== "ended";
      setText(state, words(trace, now, live));
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

function words(trace: Trace, now: Phase, live: boolean): string {
  if (now === "ended") return ENDED[trace.end?.reason ?? ""] ?? "Ended";
  return live ? DOING[now] : "Not finished";
}

function spentWords({ totals, started }: Trace): string {
  const all = totals.input + totals.cached + totals.output;
  if (!all)
    return started ? joined(tokens(started.tokens, started.tokens_estimated), cost(started.cost)) : "";
  return joined(tokens(all, totals.estimated), cost(totals.cost));
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
