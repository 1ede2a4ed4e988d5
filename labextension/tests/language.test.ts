/** Every word that the person reads is either translated or comes from the kernel. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import panel from "../src/panel";
import type { CaveEvent } from "../src/protocol";
import type { Reply, Send } from "../src/render/control";
import { english, setPageTrans } from "../src/render/trans";
import { mount } from "../src/render/turn";
import { reduce } from "../src/trace";
import { event, FINISHED, WAITING } from "./examples";
import { MARKED, read, untranslated } from "./marked";

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
