/** What a step will give, or gave: outputs, changes of variables, effects, and how it was tried. */
import type { Changes, Effect, Ran, Rehearsed } from "../protocol";
import type { Step } from "../trace";
import { capabilityWords } from "./capability";
import { type Child, fill, h, setText, show } from "./dom";
import { joined, seconds } from "./format";
import { outputs, refused } from "./output";
import type { ToldView } from "./told";
import type { Trans } from "./trans";

export interface ResultView {
  readonly node: HTMLElement;
  /** `goesOn`: whether the turn does, so that what was rehearsed may still be run. */
  update(step: Step, goesOn: boolean): void;
}

/** The part of a step below its code: what the person gets beside what the model is told, then what reaches outside. */
export function resultView(told: ToldView, trans: Trans): ResultView {
  const title = h("span", {});
  const aside = h("span", { class: "cave-quiet" });
  const parts = h("div", { class: "cave-parts" });
  const got = h("div", { class: "cave-got" }, h("h4", { class: "cave-heading" }, title, aside), parts);
  const rest = h("div", { class: "cave-rest" });
  const before = h("p", { class: "cave-before" }, trans.__("Of the code before your change"));
  const pair = h("div", { class: "cave-pair" }, got, told.node);
  const node = h("div", { class: "cave-result" }, before, pair, rest);
  return {
    node,
    update(step, goesOn) {
      const source = step.ran ?? step.rehearsal;
      told.update(step, goesOn);
      show(node, source !== null || step.observed !== null);
      const [what, how] = heading(step, goesOn, trans);
      setText(title, what);
      setText(aside, how);
      fill(parts, source, () => gotParts(step, trans));
      fill(rest, source, () => restParts(step, trans));
      show(got, parts.childNodes.length > 0);
      show(rest, rest.childNodes.length > 0);
    },
  };
}

function rehearsedOf({ rehearsal }: Step): Rehearsed | null {
  return rehearsal?.type === "rehearsed" ? rehearsal : null;
}

function gotParts(step: Step, trans: Trans): readonly Child[] {
  if (step.ran) {
    const { outputs: list, changes, differs } = step.ran;
    return [...differences(differs, trans), ...shown(list, changes, trans), ...changed(changes, trans)];
  }
  const rehearsed = rehearsedOf(step);
  if (!rehearsed) return [];
  const stopped = rehearsed.stopped ? [h("p", { class: "cave-warning" }, rehearsed.stopped)] : [];
  return [
    ...stopped,
    ...shown(rehearsed.outputs, rehearsed.changes, trans),
    ...changed(rehearsed.changes, trans),
  ];
}

function restParts(step: Step, trans: Trans): readonly Child[] {
  const rehearsed = rehearsedOf(step);
  const source = step.ran ?? rehearsed;
  if (!source) return trial(step, trans);
  const held = step.ran ? onlyRehearsed(step.ran, rehearsed) : source.effects;
  const rows = [
    ...(step.ran?.effects.map((effect) => done(effect, trans)) ?? []),
    ...held.map((effect) => tried(effect, trans)),
  ];
  return [...reach(rows, trans), ...trial(step, trans)];
}

/** What stands below it, and where that comes from. */
function heading(
  { ran, rehearsal, decided }: Step,
  goesOn: boolean,
  trans: Trans,
): readonly [string, string] {
  if (ran) {
    const took = trans.__("in %1", seconds(trans, ran.seconds));
    return [trans.__("You got"), ran.adopted ? trans.__("taken over from the rehearsal") : took];
  }
  const list = rehearsal?.type === "rehearsed" ? rehearsal.outputs : [];
  const error = list.some((output) => output.output_type === "error");
  if (!goesOn || decided?.action === "skip" || decided?.action === "stop")
    return [
      error ? trans.__("The rehearsal gave an error") : trans.__("The rehearsal gave"),
      trans.__("it was not run in your kernel"),
    ];
  if (list.some(refused))
    return [
      trans.__("Rehearsed up to here"),
      trans.__("it was held back where it reaches outside; a run may go on"),
    ];
  return [
    error ? trans.__("You will get an error") : trans.__("You will get"),
    trans.__("rehearsed in a copy of the kernel"),
  ];
}

function differences(sentences: readonly string[], trans: Trans): readonly Child[] {
  if (!sentences.length) return [];
  const list = h("ul", {}, ...sentences.map((sentence) => h("li", {}, sentence)));
  return [h("div", { class: "cave-warning cave-differs" }, trans.__("Not as rehearsed:"), list)];
}

function shown(list: Rehearsed["outputs"], changes: Changes, trans: Trans): readonly Child[] {
  if (list.length) return [h("div", { class: "cave-outputs" }, ...outputs(list, trans))];
  const some = KINDS.some((kind) => changes[kind].length);
  return [h("p", { class: "cave-quiet" }, some ? trans.__("No output.") : trans.__("No output, no change."))];
}

function changed(changes: Changes, trans: Trans): readonly Child[] {
  const rows = changeRows(changes, trans);
  const broken = (changes.broken ?? []).map(({ name, summary }) =>
    h("p", { class: "cave-warning" }, trans.__("No longer true: %1", joined(name, summary))),
  );
  const note = changes.note ? [h("p", { class: "cave-quiet" }, changes.note)] : [];
  const table = rows.length
    ? [h("ul", { class: "cave-changes", "aria-label": trans.__("Variables") }, ...rows)]
    : [];
  return [...broken, ...table, ...note];
}

const KINDS = ["added", "changed", "removed"] as const;

function changeRows(changes: Changes, trans: Trans): readonly HTMLElement[] {
  const marks = {
    added: ["+", trans.__("new")],
    changed: ["~", trans.__("changed")],
    removed: ["−", trans.__("removed")],
  } as const;
  return KINDS.flatMap((kind) => {
    const [sign, word] = marks[kind];
    return changes[kind].map((change) =>
      h(
        "li",
        { class: `cave-change cave-${kind}` },
        h("span", { class: "cave-sign", "aria-hidden": "true" }, sign),
        h("code", {}, change.name),
        h("span", { class: "cave-change-kind" }, word),
        h("span", { class: "cave-change-text" }, joined(change.summary, change.values ?? "")),
      ),
    );
  });
}

function reach(rows: readonly HTMLElement[], trans: Trans): readonly Child[] {
  if (!rows.length) return [];
  return [
    h("h4", { class: "cave-heading" }, trans.__("Reaches outside the kernel")),
    h("ul", { class: "cave-effects" }, ...rows),
  ];
}

/** What the rehearsal saw and the run did not tell of: writers in C raise no event. */
function onlyRehearsed(ran: Ran, rehearsed: Rehearsed | null): readonly Effect[] {
  const told = new Set(ran.effects.map(({ capability, target }) => `${capability} ${target}`));
  return rehearsed?.effects.filter(({ capability, target }) => !told.has(`${capability} ${target}`)) ?? [];
}

function done(effect: Effect, trans: Trans): HTMLElement {
  return effectRow(effect, effect.allowed ? trans.__("done") : trans.__("refused"), trans);
}

function tried(effect: Effect, trans: Trans): HTMLElement {
  const unforeseen = effect.detail
    ? trans.__("not found by reading the code")
    : trans.__("held back in the rehearsal");
  return effectRow(effect, effect.allowed ? trans.__("in the rehearsal") : unforeseen, trans);
}

function effectRow(effect: Effect, fate: string, trans: Trans): HTMLElement {
  const preview = effect.preview
    ? [
        h(
          "details",
          { class: "cave-fold" },
          h("summary", {}, trans.__("Preview")),
          h("pre", {}, effect.preview),
        ),
      ]
    : [];
  return h(
    "li",
    { class: effect.allowed ? "cave-effect" : "cave-effect cave-held" },
    h("span", { class: "cave-effect-kind" }, capabilityWords(effect.capability, trans)),
    h("code", {}, effect.target),
    h("span", { class: "cave-quiet" }, joined(effect.detail, fate)),
    ...preview,
  );
}

/** One quiet line: how long the rehearsal took and what held it, or why there was none. */
function trial({ ran, rehearsal, decided }: Step, trans: Trans): readonly Child[] {
  if (!rehearsal && decided?.by === "record")
    return [h("p", { class: "cave-quiet cave-sandbox" }, trans.__("Ran again: %1", decided.note))];
  if (!rehearsal) return [];
  const line =
    rehearsal.type === "rehearsed"
      ? joined(rehearsedIn(rehearsal, ran, trans), rehearsal.sandbox, ran ? "" : refusal(rehearsal, trans))
      : trans.__("Not rehearsed: %1", rehearsal.reason);
  return [h("p", { class: "cave-quiet cave-sandbox" }, line)];
}

function rehearsedIn(rehearsed: Rehearsed, ran: Ran | null, trans: Trans): string {
  const took = seconds(trans, rehearsed.seconds);
  return ran ? trans.__("Rehearsed before in %1", took) : trans.__("Rehearsed in %1", took);
}

function refusal({ not_adoptable: reason }: Rehearsed, trans: Trans): string {
  return reason ? trans.__("its results cannot be taken over: %1", reason) : "";
}
