/** What a step will give, or gave: outputs, changes of variables, effects, and how it was tried. */
import type { Changes, Effect, Ran, Rehearsed } from "../protocol";
import type { Step } from "../trace";
import { type Child, fill, h, show } from "./dom";
import { joined, seconds, words } from "./format";
import { outputs, refused } from "./output";
import type { ToldView } from "./told";

export interface ResultView {
  readonly node: HTMLElement;
  update(step: Step): void;
}

/** The part of a step below its code: what the person gets beside what the model is told, then what changes. */
export function resultView(told: ToldView): ResultView {
  const got = h("div", { class: "cave-got" });
  const rest = h("div", { class: "cave-rest" });
  const node = h("div", { class: "cave-result" }, h("div", { class: "cave-pair" }, got, told.node), rest);
  return {
    node,
    update(step) {
      const source = step.ran ?? step.rehearsal;
      told.update(step);
      show(node, source !== null || step.observed !== null);
      fill(got, source, () => gotParts(step));
      fill(rest, source, () => restParts(step));
      show(got, got.childNodes.length > 0);
      show(rest, rest.childNodes.length > 0);
    },
  };
}

function rehearsedOf({ rehearsal }: Step): Rehearsed | null {
  return rehearsal?.type === "rehearsed" ? rehearsal : null;
}

function gotParts(step: Step): readonly Child[] {
  if (step.ran) {
    const { outputs: list, changes, differs, adopted, seconds: took } = step.ran;
    const title = heading("You got", adopted ? "taken over from the rehearsal" : `in ${seconds(took)}`);
    return [title, ...differences(differs), ...shown(list, changes)];
  }
  const rehearsed = rehearsedOf(step);
  if (!rehearsed) return [];
  const stopped = rehearsed.stopped ? [h("p", { class: "cave-warning" }, rehearsed.stopped)] : [];
  return [heading(...promise(rehearsed)), ...stopped, ...shown(rehearsed.outputs, rehearsed.changes)];
}

function restParts(step: Step): readonly Child[] {
  const rehearsed = rehearsedOf(step);
  const source = step.ran ?? rehearsed;
  if (!source) return trial(step, "");
  const rows = step.ran
    ? [...step.ran.effects.map(done), ...onlyRehearsed(step.ran, rehearsed).map(tried)]
    : source.effects.map(tried);
  return [
    ...changed(source.changes),
    ...reach(rows),
    ...trial(step, step.ran ? "Rehearsed before" : "Rehearsed"),
  ];
}

function promise({ outputs: list }: Rehearsed): readonly [string, string] {
  if (list.some(refused))
    return ["Rehearsed up to here", "it was held back where it reaches outside; a run may go on"];
  const error = list.some((output) => output.output_type === "error");
  return [error ? "You will get an error" : "You will get", "rehearsed in a copy of the kernel"];
}

function differences(sentences: readonly string[]): readonly Child[] {
  if (!sentences.length) return [];
  const list = h("ul", {}, ...sentences.map((sentence) => h("li", {}, sentence)));
  return [h("div", { class: "cave-warning cave-differs" }, "Not as rehearsed:", list)];
}

function heading(title: string, aside: string): HTMLElement {
  return h("h4", { class: "cave-heading" }, title, h("span", { class: "cave-quiet" }, aside));
}

function shown(list: Rehearsed["outputs"], changes: Changes): readonly Child[] {
  if (list.length) return [h("div", { class: "cave-outputs" }, ...outputs(list))];
  return [
    h("p", { class: "cave-quiet" }, changeRows(changes).length ? "No output." : "No output, no change."),
  ];
}

function changed(changes: Changes): readonly Child[] {
  const rows = changeRows(changes);
  const broken = (changes.broken ?? []).map(({ name, summary }) =>
    h("p", { class: "cave-warning" }, `No longer true: ${joined(name, summary)}`),
  );
  const note = changes.note ? [h("p", { class: "cave-quiet" }, changes.note)] : [];
  const table = rows.length ? [h("ul", { class: "cave-changes", "aria-label": "Variables" }, ...rows)] : [];
  return [...broken, ...table, ...note];
}

const KINDS = [
  ["added", "+", "new"],
  ["changed", "~", "changed"],
  ["removed", "−", "removed"],
] as const;

function changeRows(changes: Changes): readonly HTMLElement[] {
  return KINDS.flatMap(([kind, sign, word]) =>
    changes[kind].map((change) =>
      h(
        "li",
        { class: `cave-change cave-${kind}` },
        h("span", { class: "cave-sign", "aria-hidden": "true" }, sign),
        h("code", {}, change.name),
        h("span", { class: "cave-change-kind" }, word),
        h("span", { class: "cave-change-text" }, joined(change.summary, change.values ?? "")),
      ),
    ),
  );
}

function reach(rows: readonly HTMLElement[]): readonly Child[] {
  if (!rows.length) return [];
  return [
    h("h4", { class: "cave-heading" }, "Reaches outside the kernel"),
    h("ul", { class: "cave-effects" }, ...rows),
  ];
}

/** What the rehearsal saw and the run did not tell of: writers in C raise no event. */
function onlyRehearsed(ran: Ran, rehearsed: Rehearsed | null): readonly Effect[] {
  const told = new Set(ran.effects.map(({ capability, target }) => `${capability} ${target}`));
  return rehearsed?.effects.filter(({ capability, target }) => !told.has(`${capability} ${target}`)) ?? [];
}

function done(effect: Effect): HTMLElement {
  return effectRow(effect, effect.allowed ? "done" : "refused");
}

function tried(effect: Effect): HTMLElement {
  const unforeseen = effect.detail ? "not found by reading the code" : "held back in the rehearsal";
  return effectRow(effect, effect.allowed ? "in the rehearsal" : unforeseen);
}

function effectRow(effect: Effect, fate: string): HTMLElement {
  const preview = effect.preview
    ? [h("details", { class: "cave-fold" }, h("summary", {}, "Preview"), h("pre", {}, effect.preview))]
    : [];
  return h(
    "li",
    { class: effect.allowed ? "cave-effect" : "cave-effect cave-held" },
    h("span", { class: "cave-effect-kind" }, words(effect.capability)),
    h("code", {}, effect.target),
    h("span", { class: "cave-quiet" }, joined(effect.detail, fate)),
    ...preview,
  );
}

/** One quiet line: how long the rehearsal took and what held it, or why there was none. */
function trial(step: Step, verb: string): readonly Child[] {
  const rehearsal = step.rehearsal;
  if (!rehearsal) return [];
  const line =
    rehearsal.type === "rehearsed"
      ? joined(
          `${verb} in ${seconds(rehearsal.seconds)}`,
          rehearsal.sandbox,
          step.ran ? "" : refusal(rehearsal),
        )
      : `Not rehearsed: ${rehearsal.reason}`;
  return [h("p", { class: "cave-quiet cave-sandbox" }, line)];
}

function refusal({ not_adoptable: reason }: Rehearsed): string {
  return reason ? `its results cannot be taken over: ${reason}` : "";
}
