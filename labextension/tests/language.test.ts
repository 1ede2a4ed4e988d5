/** Every word that the person reads is either translated or comes from the kernel. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import panel from "../src/panel";
import type { CaveEvent } from "../src/protocol";
import type { Reply, Send } from "../src/render/control";
import { english, setPageTrans, type Trans } from "../src/render/trans";
import { mount } from "../src/render/turn";
import { reduce } from "../src/trace";
import { event, FINISHED, WAITING } from "./examples";

const MARKED: Trans = {
  __: (text, ...values) => `«${english.__(text, ...values)}»`,
  _n: (one, many, count, ...values) => `«${english._n(one, many, count, ...values)}»`,
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
const COLOURS = /\x1b\[[\d;]*m/g;
const SPOKEN = ["aria-label", "title", "placeholder", "alt"];
const ASKED = [event("turn_started"), event("prose"), event("question_asked")];
const EFFECT = { capability: "network", target: "h:1", allowed: false, detail: "", preview: "p" } as const;
const HELD = { output_type: "error", ename: "CapabilityRefused", evalue: "held", traceback: [] };
const SKIPPED = event("rehearsal_skipped");
const NOTHING = { added: [], changed: [], removed: [], note: "", broken: [] };

/** Turns in all states, and what the kernel says to questions. */
const TURNS: readonly (readonly CaveEvent[])[] = [
  [],
  ASKED,
  [...ASKED, event("question_answered")],
  [...ASKED, event("question_answered", { answer: "" })],
  [event("turn_started", { budget: 2_000 }), event("progress")],
  ...WAITING.map((_, index) => WAITING.slice(0, index + 1)),
  [...WAITING.slice(0, -2), SKIPPED, event("decision_asked")],
  [
    ...WAITING.slice(0, -2),
    event("rehearsed", { outputs: [HELD], effects: [EFFECT] }),
    event("decision_asked"),
  ],
  [...WAITING.slice(0, -2), event("rehearsed", { outputs: [], changes: NOTHING }), event("decision_asked")],
  ...(["edit", "skip", "stop"] as const).map((action) => [...WAITING, event("decided", { action })]),
  ...(["allow", "deny"] as const).map((decision) => [
    ...WAITING.slice(0, 4),
    event("judged", { verdict: { ...event("judged").verdict, decision } }),
    event("observed"),
  ]),
  ...FINISHED.slice(WAITING.length).map((_, index) => FINISHED.slice(0, WAITING.length + index + 1)),
  [
    ...WAITING,
    event("decided"),
    event("ran", { adopted: true, outputs: [] }),
    event("observed"),
    event("undone"),
  ],
  [...FINISHED, event("undone", { redo: true })],
  ...(["plan", "stopped", "nobody", "max_steps", "budget", "broken"] as const).map((reason) => [
    ...FINISHED.slice(0, -1),
    event("turn_ended", { reason }),
  ]),
];
const SILENT: Send = () => Promise.reject(new Error());
const SENDS: readonly (Send | undefined)[] = [
  undefined,
  SILENT,
  ({ verb }) => {
    const { verdict } = event("judged");
    return Promise.resolve({
      status: "ok",
      text: "",
      tokens: 4,
      left_out: 7,
      ...(verb === "judge" ? { verdict } : {}),
    } as Reply);
  },
];
const PRESSED = [["«Edit»"], ["«Check again»", "«Stop»", "«Don't wait»", "«You decide»"]];

beforeEach(() => {
  vi.useFakeTimers();
  setPageTrans(MARKED);
});
afterEach(() => {
  vi.useRealTimers();
  setPageTrans(english);
  document.body.replaceChildren();
});

/** What can be read in the page, piece by piece. */
function read(): readonly string[] {
  const nodes = [...document.body.querySelectorAll("*")];
  const texts = nodes.flatMap((node) => [...node.childNodes].filter((child) => child instanceof Text));
  const attributes = nodes.flatMap((node) => SPOKEN.map((name) => node.getAttribute(name) ?? ""));
  return [...texts.map((text) => text.data), ...attributes];
}

/** The pieces with words that are neither marked nor said by the kernel. */
function untranslated(pieces: readonly string[], events: readonly CaveEvent[]): readonly string[] {
  const data = strings(events).join("\n").replace(COLOURS, "");
  return pieces.filter((piece) => {
    let rest = piece;
    while (/«[^«»]*»/.test(rest)) rest = rest.replace(/«[^«»]*»/g, " · ");
    return rest.split(/ · |\n/).some((part) => /\p{L}/u.test(part) && !data.includes(part.trim()));
  });
}

function strings(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(strings) : [];
}

function press(label: string): void {
  const buttons = [...document.body.querySelectorAll("button")].filter((node) => !node.closest("[hidden]"));
  buttons.find((node) => node.textContent === label)?.click();
  document.body.querySelector("textarea")?.dispatchEvent(new Event("input"));
  document.body.querySelector<HTMLInputElement>(".cave-hide:not([hidden]) input")?.click();
}

test("in every state of a turn, whatever is pressed", async () => {
  const found = new Set<string>();
  let seen = 0;
  for (const send of SENDS) {
    for (const events of TURNS) {
      const state = new AbortController();
      const ways = { ...(send ? { send } : {}), genuine: () => true, trans: MARKED, signal: state.signal };
      mount(document.body, ways).update(reduce(events), send !== undefined);
      const look = (): void => {
        const pieces = read();
        seen += pieces.filter((piece) => piece.includes("«")).length;
        for (const piece of untranslated(pieces, events)) found.add(piece);
      };
      look();
      for (const labels of send ? PRESSED : []) {
        for (const label of labels) press(label);
        await vi.advanceTimersByTimeAsync(1_000);
        look();
        await vi.advanceTimersByTimeAsync(9_000);
        look();
      }
      state.abort();
      document.body.replaceChildren();
    }
  }

  expect([...found]).toEqual([]);
  expect(seen).toBeGreaterThan(1_000);
}, 30_000);

test.each(["restarting", "autorestarting", "dead", "busy"])("when the kernel is %s", async (status) => {
  let tell: (kernel: unknown, status: string) => void = () => undefined;
  const never = { done: new Promise(() => {}), onReply: () => undefined, dispose: () => undefined };
  const kernel = {
    statusChanged: { connect: (listener: typeof tell) => (tell = listener), disconnect: () => undefined },
    sendControlMessage: () => never,
  };
  const model = {
    get: (name: string) => (name === "events" ? WAITING : true),
    on: () => undefined,
    off: () => undefined,
    send: () => undefined,
    widget_manager: { kernel },
  };
  // biome-ignore lint/suspicious/noExplicitAny: as loose as the real ones
  const leave = panel.render({ model: model as any, el: document.body });
  tell(kernel, status);
  await vi.advanceTimersByTimeAsync(10_000);
  const said = document.body.querySelector(".cave-failed:not([hidden])")?.textContent;
  const found = untranslated(read(), WAITING);
  leave();

  expect(said).toMatch(/^«.*»$/);
  expect(found).toEqual([]);
});
