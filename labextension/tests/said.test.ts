import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CaveEvent } from "../src/protocol";
import type { Send } from "../src/render/control";
import { mount } from "../src/render/turn";
import { reduce } from "../src/trace";
import { event, FINISHED, WAITING } from "./examples";

const LIVE = ".cave-state[aria-live=polite]";
let turn = 0;
let ending = new AbortController();

beforeEach(() => {
  turn += 1;
  ending = new AbortController();
});

afterEach(() => {
  ending.abort();
  document.body.replaceChildren();
});

/** A panel; what is returned draws the events of the turn and gives what is read out then. */
function panel(live: boolean): (events: readonly CaveEvent[]) => string {
  const root = document.createElement("div");
  document.body.append(root);
  const send: Send = () => Promise.resolve({ status: "stale" });
  const view = mount(root, { signal: ending.signal, ...(live ? { send } : {}) });
  return (events) => {
    const [started, ...others] = events;
    view.update(reduce([{ ...started, turn: `told ${turn}` } as CaveEvent, ...others]), live);
    return root.querySelector(LIVE)?.textContent ?? "";
  };
}

describe("a state of a turn is read out once", () => {
  test("by the panel that shows it first, not by one that comes later", () => {
    const early = panel(true)([event("turn_started")]);
    const draw = panel(true);

    expect([early, draw([event("turn_started")]), draw(WAITING)]).toEqual([
      "Waiting for the model",
      "",
      "Waits for you",
    ]);
  });

  test("also when what is kept takes the place of the panel", () => {
    const draw = panel(true);
    draw(WAITING);

    expect([panel(false)(FINISHED), draw(FINISHED)]).toEqual(["Done", ""]);
  });

  test("and not at all when a notebook is opened", () => {
    expect(panel(false)(FINISHED)).toBe("");
  });
});
