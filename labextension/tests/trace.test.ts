import { describe, expect, test } from "vitest";
import type { CaveEvent } from "../src/protocol";
import { phase, reduce, sharing, withEvent } from "../src/trace";
import { EXAMPLES, event, FINISHED, WAITING } from "./examples";

describe("reduce", () => {
  test("nothing yet is an empty trace", () => {
    expect(reduce([])).toEqual({
      started: null,
      progress: null,
      steps: [],
      undone: [],
      failed: null,
      end: null,
      totals: { input: 0, cached: 0, output: 0, cost: 0, estimated: false, seconds: 0 },
    });
  });

  test("a waiting turn holds everything that the decision needs", () => {
    expect(reduce(WAITING).steps).toEqual([
      {
        number: 1,
        prose: event("prose").text,
        code: event("code_proposed"),
        verdict: event("judged").verdict,
        rehearsal: event("rehearsed"),
        pending: event("decision_asked"),
        decided: null,
        asked: null,
        answered: null,
        ran: null,
        observed: null,
        usage: event("usage"),
      },
    ]);
  });

  test("pieces of prose are put together", () => {
    const pieces = ["North ", "lost ", "most."].map((text) => event("prose", { text }));

    expect(reduce(pieces).steps[0]?.prose).toBe("North lost most.");
  });

  test("code that the person edited begins anew", () => {
    const edited = event("code_proposed", { by: "user", code: "1 + 1" });

    const step = reduce([...WAITING, event("decided", { action: "edit" }), edited]).steps[0];

    expect(step).toMatchObject({
      code: edited,
      verdict: null,
      rehearsal: null,
      pending: null,
      decided: null,
    });
  });

  test("an answered step waits no longer", () => {
    expect(reduce([...WAITING, event("decided")]).steps[0]).toMatchObject({
      pending: null,
      decided: event("decided"),
    });
  });

  test("a turn that ended waits for nothing", () => {
    expect(reduce([...WAITING, event("turn_ended")]).steps[0]?.pending).toBeNull();
  });

  test("tokens, cost and seconds are added up", () => {
    expect(reduce(FINISHED).totals).toEqual({
      input: 428,
      cached: 2000,
      output: 192,
      cost: 2 * 0.002382,
      estimated: true,
      seconds: 2.31 + 0.31 + 0.08 + 2.31,
    });
  });

  test("one unknown price makes the sum unknown", () => {
    const events = [event("usage", { cost: null }), event("usage", { step: 2 })];

    expect(reduce(events).totals.cost).toBeNull();
  });

  test("progress is over as soon as anything else happens", () => {
    expect(reduce([event("progress")]).progress).toEqual(event("progress"));
    expect(reduce([event("progress"), event("prose")]).progress).toBeNull();
  });

  test("events that a newer kernel invented change nothing", () => {
    const dreamt = { type: "dreamt", turn: "7f3a", step: 9 } as unknown as CaveEvent;

    expect(reduce([dreamt, ...WAITING, dreamt])).toEqual(reduce(WAITING));
  });

  test.each([...EXAMPLES])("the example of %s leaves its mark", (_, example) => {
    expect(reduce([example])).not.toEqual(reduce([]));
  });

  test("the same events give the same trace and are left as they were", () => {
    const before = structuredClone(FINISHED);

    expect(reduce(FINISHED)).toEqual(reduce(FINISHED));
    expect(FINISHED).toEqual(before);
  });
});

describe("phase", () => {
  const steps: readonly (readonly [string, readonly CaveEvent[]])[] = [
    ["thinking", [event("turn_started")]],
    ["loading", [event("turn_started"), event("progress")]],
    ["writing", [event("prose")]],
    ["writing", [event("code_proposed", { complete: false })]],
    ["judging", [event("code_proposed")]],
    ["rehearsing", [event("code_proposed"), event("judged")]],
    ["rehearsing", [event("code_proposed"), event("judged"), event("rehearsed")]],
    ["waiting", WAITING],
    ["running", [...WAITING, event("decided")]],
    ["judging", [...WAITING, event("decided", { action: "edit" })]],
    ["thinking", [...WAITING, event("decided", { action: "skip" })]],
    ["thinking", [...WAITING, event("decided"), event("ran"), event("observed")]],
    ["ended", FINISHED],
  ];

  test.each(steps)("%s", (expected, events) => {
    expect(phase(reduce(events))).toBe(expected);
  });
});

describe("a list that is streamed", () => {
  test("a streamed event takes its place, also where others were lost", () => {
    const [first, second] = [event("turn_started"), event("prose")];

    expect(withEvent([first], 3, second)).toEqual([first, second]);
    expect(withEvent([first, event("progress")], 1, second)).toEqual([first, second]);
  });

  test("a newer snapshot keeps the objects that did not change", () => {
    const newer = structuredClone([...WAITING, event("decided")]);

    const shared = sharing(WAITING, newer);

    expect(shared).toEqual(newer);
    expect(shared.slice(0, -1).every((item, index) => item === WAITING[index])).toBe(true);
  });
});
