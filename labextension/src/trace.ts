/** One turn as it stands: what a list of events adds up to. */
import type {
  Action,
  CaveEvent,
  CodeProposed,
  Decided,
  DecisionAsked,
  EndReason,
  Figure,
  Observed,
  Progress,
  QuestionAnswered,
  QuestionAsked,
  Ran,
  RehearsalSkipped,
  Rehearsed,
  TurnStarted,
  Undone,
  Usage,
  Verdict,
} from "./protocol";

/** One reply of the model; each `null` means that it did not happen (yet). */
export interface Step {
  readonly number: number;
  readonly prose: string;
  readonly code: CodeProposed | null;
  readonly verdict: Verdict | null;
  readonly rehearsal: Rehearsed | RehearsalSkipped | null;
  /** What an answer has to carry, as long as the step waits for one. */
  readonly pending: DecisionAsked | null;
  readonly decided: Decided | null;
  /** What the model asks back, and the answer. */
  readonly asked: QuestionAsked | null;
  readonly answered: QuestionAnswered | null;
  readonly ran: Ran | null;
  readonly observed: Observed | null;
  readonly usage: Usage | null;
}

/** Sums over all replies; a cost of `null` means that a price is not known. */
export interface Totals {
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  readonly cost: number | null;
  readonly estimated: boolean;
  /** spent by the model, the rehearsals and the runs */
  readonly seconds: number;
}

export interface Ended {
  readonly reason: EndReason;
  readonly answer: string;
  readonly figures: readonly Figure[];
}

export interface Trace {
  readonly started: TurnStarted | null;
  readonly progress: Progress | null;
  readonly steps: readonly Step[];
  readonly undone: readonly Undone[];
  readonly failed: string | null;
  readonly end: Ended | null;
  readonly totals: Totals;
}

/** What the turn is doing at the moment. */
export type Phase =
  | "loading"
  | "thinking"
  | "writing"
  | "judging"
  | "rehearsing"
  | "waiting"
  | "running"
  | "ended";

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
type OpenStep = Writable<Step>;
type OpenTrace = Writable<Omit<Trace, "steps" | "undone" | "totals">> & {
  steps: OpenStep[];
  undone: Undone[];
  totals: Writable<Totals>;
};

/** What the events add up to; types of event that a newer kernel invented change nothing. */
export function reduce(events: readonly CaveEvent[]): Trace {
  const totals = { input: 0, cached: 0, output: 0, cost: 0, estimated: false, seconds: 0 };
  const trace: OpenTrace = {
    started: null,
    progress: null,
    steps: [],
    undone: [],
    failed: null,
    end: null,
    totals,
  };
  for (const event of events) if (KNOWN.has(event.type)) apply(trace, complete(event));
  return trace;
}

const KNOWN: ReadonlySet<string> = new Set<CaveEvent["type"]>([
  "turn_started",
  "progress",
  "prose",
  "code_proposed",
  "usage",
  "judged",
  "rehearsed",
  "rehearsal_skipped",
  "decision_asked",
  "decided",
  "question_asked",
  "question_answered",
  "ran",
  "observed",
  "undone",
  "failed",
  "turn_ended",
]);

/** The event with the lists that notebooks of an earlier version do not have. */
function complete(event: CaveEvent): CaveEvent {
  const lists: Readonly<Record<string, readonly string[]>> = {
    ran: ["effects", "differs"],
    decided: ["rules"],
    decision_asked: ["rules"],
    turn_ended: ["figures"],
  };
  const missing = lists[event.type]?.filter((name) => !(name in event)) ?? [];
  return missing.length ? { ...event, ...Object.fromEntries(missing.map((name) => [name, []])) } : event;
}

function apply(trace: OpenTrace, event: CaveEvent): void {
  if (event.type !== "progress") trace.progress = null;
  switch (event.type) {
    case "turn_started":
      trace.started = event;
      return;
    case "progress":
      trace.progress = event;
      return;
    case "undone":
      trace.undone.push(event);
      return;
    case "failed":
      trace.failed = event.message;
      return;
    case "turn_ended":
      trace.end = { reason: event.reason, answer: event.answer, figures: event.figures };
      for (const step of trace.steps) close(step);
      return;
    default:
      applyToStep(stepOf(trace, event.step), trace.totals, event);
  }
}

/** Nothing of a turn that has ended can be answered any more. */
function close(step: OpenStep): void {
  step.pending = null;
  if (step.asked && !step.answered) step.asked = { ...step.asked, nonce: "" };
}

/** Whether the model's question still waits for somebody. */
export function waitsForAnswer({ asked, answered }: Step): boolean {
  return Boolean(asked?.nonce) && answered === null;
}

type StepEvent = Exclude<
  CaveEvent,
  { type: "turn_started" | "progress" | "undone" | "failed" | "turn_ended" }
>;

function applyToStep(step: OpenStep, totals: Writable<Totals>, event: StepEvent): void {
  switch (event.type) {
    case "prose":
      step.prose += event.text;
      return;
    case "code_proposed":
      Object.assign(step, { code: event, verdict: null, rehearsal: null, pending: null, decided: null });
      return;
    case "usage":
      step.usage = event;
      spend(totals, event);
      return;
    case "judged":
      step.verdict = event.verdict;
      return;
    case "rehearsed":
      step.rehearsal = event;
      totals.seconds += event.seconds;
      return;
    case "rehearsal_skipped":
      step.rehearsal = event;
      return;
    case "decision_asked":
      step.pending = event;
      return;
    case "decided":
      step.pending = null;
      step.decided = event;
      return;
    case "question_asked":
      step.asked = event;
      return;
    case "question_answered":
      step.answered = event;
      return;
    case "ran":
      step.pending = null;
      step.ran = event;
      totals.seconds += event.seconds;
      return;
    case "observed":
      step.observed = event;
      return;
    default:
      assertNever(event);
  }
}

function stepOf(trace: OpenTrace, number: number): OpenStep {
  const last = trace.steps.at(-1);
  if (last?.number === number) return last;
  const step: OpenStep = {
    number,
    prose: "",
    code: null,
    verdict: null,
    rehearsal: null,
    pending: null,
    decided: null,
    asked: null,
    answered: null,
    ran: null,
    observed: null,
    usage: null,
  };
  trace.steps.push(step);
  return step;
}

function spend(totals: Writable<Totals>, usage: Usage): void {
  totals.input += usage.input;
  totals.cached += usage.cached;
  totals.output += usage.output;
  totals.seconds += usage.seconds;
  totals.estimated ||= usage.estimated;
  totals.cost = totals.cost === null || usage.cost === null ? null : totals.cost + usage.cost;
}

function assertNever(event: never): never {
  throw new Error(`an event was forgotten: ${JSON.stringify(event)}`);
}

const AFTER: Readonly<Record<Action, Phase>> = {
  run: "running",
  adopt: "running",
  edit: "judging",
  skip: "thinking",
  stop: "waiting", // nothing else begins
};

/** What the turn is doing, seen from its last step. */
export function phase(trace: Trace): Phase {
  if (trace.end) return "ended";
  const step = trace.steps.at(-1);
  if (trace.progress && !step?.verdict) return "loading";
  if (!step || step.observed) return "thinking";
  if (step.pending || waitsForAnswer(step)) return "waiting";
  if (!step.code?.complete) return step.usage && !step.code ? "thinking" : "writing";
  if (!step.verdict) return "judging";
  if (step.decided) return AFTER[step.decided.action];
  return step.verdict.decision === "deny" ? "judging" : "rehearsing";
}

/** The list with one streamed event put in its place, which may be behind events that were lost. */
export function withEvent(events: readonly CaveEvent[], seq: number, event: CaveEvent): readonly CaveEvent[] {
  const next = events.slice();
  next[seq] = event;
  return next.filter((item) => item !== undefined);
}

/** The newer list, with the older one's objects wherever they are equal: what is the same stays the same. */
export function sharing(older: readonly CaveEvent[], newer: readonly CaveEvent[]): readonly CaveEvent[] {
  return newer.map((event, index) => (same(older[index], event) ? (older[index] as CaveEvent) : event));
}

function same(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || !one || !other) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every((key) => same((one as Fields)[key], (other as Fields)[key]));
}

type Fields = Readonly<Record<string, unknown>>;
