/** A stop is never lost without a word. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { CaveEvent } from "../src/protocol";
import type { Reply, Request } from "../src/render/control";
import { mount, type TurnView } from "../src/render/turn";
import { reduce } from "../src/trace";
import { event, FINISHED, WAITING } from "./examples";

const WRITING = [event("turn_started"), event("prose")];
const REHEARSING = WAITING.slice(0, -2);
let ending = new AbortController();

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  ending.abort();
  ending = new AbortController();
  document.body.replaceChildren();
});

/** A kernel that answers each verb as it was told, and never where it was told nothing. */
class Kernel {
  readonly asked: string[] = [];
  interrupts = 0;
  constructor(private readonly replies: Partial<Record<Request["verb"], Reply>>) {}
  readonly send = ({ verb }: Request): Promise<Reply> => {
    if (verb !== "foresee") this.asked.push(verb);
    const reply = this.replies[verb];
    return reply ? Promise.resolve(reply) : Promise.reject(new Error("The kernel did not answer."));
  };
  readonly interrupt = (): Promise<void> => {
    this.interrupts += 1;
    return Promise.resolve();
  };
}

function drawn(events: readonly CaveEvent[], kernel: Kernel, ways: object = {}): TurnView {
  const { send, interrupt } = kernel;
  const view = mount(document.body, { send, interrupt, genuine: () => true, signal: ending.signal, ...ways });
  view.update(reduce(events), true);
  return view;
}

function shown(selector: string): readonly (string | null)[] {
  const nodes = [...document.body.querySelectorAll(selector)].filter((node) => !node.closest("[hidden]"));
  return nodes.map((node) => node.textContent).filter(Boolean);
}

async function press(label: string): Promise<void> {
  const buttons = [...document.body.querySelectorAll("button")].filter((node) => !node.closest("[hidden]"));
  buttons.find((node) => node.textContent === label)?.click();
  await vi.advanceTimersByTimeAsync(1);
}

describe("Stop", () => {
  test("is seen to be pressed at once, and pressed once", async () => {
    const kernel = new Kernel({ cancel: { status: "ok" } });
    drawn(WRITING, kernel);

    await press("Stop");
    await press("Stopping…");

    expect([shown("button"), kernel.asked, kernel.interrupts]).toEqual([["Stopping…"], ["cancel"], 0]);
  });

  test("interrupts a kernel that does not answer, and says so", async () => {
    const kernel = new Kernel({});
    drawn(REHEARSING, kernel);

    await press("Stop");

    expect(kernel.interrupts).toBe(1);
    expect(shown(".cave-message")).toEqual(["The kernel did not answer. It was interrupted."]);
  });

  test("says what to do where the page cannot interrupt", async () => {
    drawn(WRITING, new Kernel({}), { interrupt: undefined });

    await press("Stop");

    expect(shown(".cave-message").join("")).toMatch(/did not answer.*notebook's own stop button/);
    expect(shown("button")).toEqual(["Stop"]);
  });

  test("says that the kernel could not be interrupted either", async () => {
    drawn(WRITING, new Kernel({}), { interrupt: () => Promise.reject(new Error("gone")) });

    await press("Stop");

    expect(shown(".cave-message").join("")).toMatch(/could not be interrupted either/);
  });

  test("of a turn that goes on all the same can be pressed again, and interrupts", async () => {
    const kernel = new Kernel({ cancel: { status: "ok" } });
    drawn(REHEARSING, kernel);

    await press("Stop");
    await vi.advanceTimersByTimeAsync(10_000);
    const said = shown(".cave-message");
    await press("Stop");

    expect(said).toEqual(["The turn goes on all the same. Press Stop again to interrupt the kernel."]);
    expect([kernel.asked, kernel.interrupts]).toEqual([["cancel"], 1]);
  });

  test("of a step that was answered elsewhere stops the turn", async () => {
    const kernel = new Kernel({ decide: { status: "stale" }, cancel: { status: "ok" } });
    drawn(WAITING, kernel);

    await press("Stop");

    expect(kernel.asked).toEqual(["decide", "cancel"]);
    expect(shown(".cave-message")).toEqual(["Stopping…"]);
  });

  test("never interrupts when no turn is running", async () => {
    const kernel = new Kernel({ cancel: { status: "stale", message: "No turn is running." } });
    drawn(WRITING, kernel);

    await press("Stop");

    expect([kernel.interrupts, shown(".cave-message")]).toEqual([0, ["No turn is running."]]);
  });

  test("says nothing any more once the turn has ended", async () => {
    const view = drawn(WRITING, new Kernel({}));
    await press("Stop");

    view.update(reduce(FINISHED), true);

    expect(shown(".cave-header .cave-message")).toEqual([]);
  });
});

test("a rehearsal that goes on although it should not be waited for says so", async () => {
  drawn(REHEARSING, new Kernel({}));

  await press("Don't wait");

  expect(shown(".cave-message")).toEqual(["The kernel did not answer, and the rehearsal goes on."]);
});

test("an answer of which nothing comes says so and can be given again", async () => {
  drawn(WAITING, new Kernel({ decide: { status: "ok" } }));

  await press("Run");
  await vi.advanceTimersByTimeAsync(10_000);

  expect(shown(".cave-message")).toEqual([
    "Nothing has come of it yet. Where a question stands below the cell, answer there.",
  ]);
  expect([...document.body.querySelectorAll("button")].some(({ disabled }) => disabled)).toBe(false);
});

test("a verdict on changed code that is not answered says so", async () => {
  drawn(WAITING, new Kernel({}));
  await press("Edit");
  const area = document.body.querySelector("textarea") as HTMLTextAreaElement;

  area.value = "1";
  area.dispatchEvent(new Event("input"));
  await vi.advanceTimersByTimeAsync(1_000);

  expect(shown(".cave-recheck")).toEqual([
    "The kernel did not answer: what your change does is only known when it is checked.",
  ]);
});
