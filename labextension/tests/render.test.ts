import { afterEach, describe, expect, test, vi } from "vitest";
import type { CaveEvent, Verdict } from "../src/protocol";
import type { Reply, Request } from "../src/render/control";
import { mount, type TurnView } from "../src/render/turn";
import { reduce } from "../src/trace";
import { event, FINISHED, WAITING } from "./examples";

let ending = new AbortController();

afterEach(() => {
  ending.abort();
  ending = new AbortController();
  document.body.replaceChildren();
});

/** A kernel that keeps what it was asked and answers as it was told. */
class Kernel {
  readonly requests: Request[] = [];
  constructor(private readonly reply: Reply = { status: "ok" }) {}
  readonly questions: Request[] = [];
  /** What it says to questions about the step that waits. */
  readonly said: Partial<Record<Request["verb"], Reply>> = {};
  readonly send = (request: Request): Promise<Reply> => {
    if (request.verb === "foresee" || request.verb === "judge") {
      this.questions.push(request);
      return Promise.resolve(this.said[request.verb] ?? { status: "stale" });
    }
    this.requests.push(request);
    return Promise.resolve(this.reply);
  };
}

function drawn(events: readonly CaveEvent[], kernel?: Kernel, genuine = () => true): TurnView {
  const options = { genuine, signal: ending.signal, ...(kernel ? { send: kernel.send } : {}) };
  const view = mount(document.body, options);
  view.update(reduce(events), kernel !== undefined);
  return view;
}

function all<Node extends Element = HTMLElement>(selector: string): readonly Node[] {
  const nodes = [...document.body.querySelectorAll<Node>(selector)];
  return nodes.filter((node) => !node.closest("[hidden]"));
}

function one<Node extends Element = HTMLElement>(selector: string): Node {
  const [node] = all<Node>(selector);
  if (!node) throw new Error(`nothing shown matches ${selector}`);
  return node;
}

function texts(selector: string): readonly (string | null)[] {
  return all(selector).map((node) => node.textContent);
}

function press(label: string): void {
  const found = all<HTMLButtonElement>("button").find((button) => button.textContent === label);
  if (!found) throw new Error(`there is no button ${label}`);
  found.click();
}

const { nonce, code_hash } = event("decision_asked");

describe("a waiting turn", () => {
  test("shows what will happen, and the buttons", () => {
    drawn(WAITING, new Kernel());

    expect(texts("button")).toEqual(["Run", "Take these results", "Edit", "Skip", "Stop"]);
    expect(texts(".cave-state")).toEqual(["Waits for you"]);
    expect(texts(".cave-verdict")).toEqual(["1 found, 1 could not be known, please look"]);
    expect(texts(".cave-change")).toEqual([
      "+by_regionnewSeries of 5 int64",
      "~saleschanged10,000 → 9,912 rows, +margin",
      "−tmpremovedwas a DataFrame",
    ]);
    expect(texts(".cave-effect")).toEqual([
      "write fileout/lost.csvnew, 48 bytes · in the rehearsalPreviewregion,customers\nnorth,1204\neast,998\n",
    ]);
    expect(texts(".cave-sandbox")).toEqual([
      "Rehearsed in 0.31 s · fork, no network, files read-only · its results cannot be taken over: sales was changed in place",
    ]);
    expect(all("td").map((cell) => cell.textContent)).toEqual(["1204", "-18.2 %", "998", "-3.1 %"]);
  });

  test("puts each finding below its line", () => {
    drawn(WAITING, new Kernel());

    const order = [...one(".cave-code").children].map(
      (node) => node.getAttribute("data-line") ?? node.textContent,
    );

    expect(order).toEqual([
      ...["1", "2", "3", "4", "5", "6"],
      "write filewrites a file with pandas.Series.to_csvCAVE201",
      "7",
      "could not be knownwhat by_region is hereCAVE901",
    ]);
    expect(texts(".cave-found").join("")).toBe(event("code_proposed").code.split("\n").slice(5).join(""));
  });

  test.each(["run", "skip", "stop"] as const)(
    "%s is sent once, with nonce, hash and note",
    async (action) => {
      const kernel = new Kernel();
      drawn(WAITING, kernel);
      one<HTMLInputElement>(".cave-note").value = "use the median";
      const label = action.replace(/^./, (letter) => letter.toUpperCase());

      press(label);
      press(label);
      await Promise.resolve();

      expect(kernel.requests).toEqual([{ verb: "decide", nonce, code_hash, action, note: "use the median" }]);
    },
  );

  test("what is ticked is remembered, and said before", () => {
    const kernel = new Kernel();
    drawn(WAITING, kernel);

    const said = texts(".cave-remember");
    one<HTMLInputElement>(".cave-remember input").click();
    press("Run");

    expect(said).toEqual(["Always allow in this notebook: write_file in out/"]);
    expect(kernel.requests).toEqual([{ verb: "decide", nonce, code_hash, action: "run", remember: true }]);
  });

  test("a script cannot tick what is remembered", () => {
    const kernel = new Kernel();
    let genuine = false;
    drawn(WAITING, kernel, () => genuine);

    const box = one<HTMLInputElement>(".cave-remember input");
    box.click();
    genuine = true;
    press("Run");

    expect(box.checked).toBe(false);
    expect(kernel.requests).toEqual([{ verb: "decide", nonce, code_hash, action: "run" }]);
  });

  test("the rehearsed results can be taken", () => {
    const kernel = new Kernel();
    drawn(WAITING, kernel);

    press("Take these results");

    expect(kernel.requests).toEqual([{ verb: "decide", nonce, code_hash, action: "adopt" }]);
  });

  test("an effect that nobody foresaw says so", () => {
    const effect = { capability: "network", target: "h:1", allowed: false, detail: "", preview: "" } as const;
    const written = { ...effect, capability: "write_file", target: "b", detail: "new, 1 byte" } as const;

    drawn([...WAITING.slice(0, -2), event("rehearsed", { effects: [effect, written] })], new Kernel());

    expect(texts(".cave-effect")).toEqual([
      "networkh:1held back in the rehearsal",
      "write filebnew, 1 byte · not found by reading the code",
    ]);
  });

  test("a mark is under its word, whatever stands before it", () => {
    const finding = {
      ...event("judged").verdict.findings[0],
      line: 1,
      column: 6,
      end_line: 1,
      end_column: 8,
    };
    const verdict = { decision: "ask", findings: [finding] } as Verdict;

    drawn([event("code_proposed", { code: "'🎉🎉', f()" }), event("judged", { verdict })], new Kernel());

    expect(texts(".cave-found").join("")).toBe("f(");
  });

  test("a rehearsal need not be waited for", () => {
    const kernel = new Kernel();
    drawn(WAITING.slice(0, -2), kernel);

    press("Don't wait");

    expect(kernel.requests).toEqual([{ verb: "cut_rehearsal", turn: "7f3a", step: 1 }]);
  });

  test("edited code is sent to be checked again", () => {
    const kernel = new Kernel();
    drawn(WAITING, kernel);

    press("Edit");
    const area = one<HTMLTextAreaElement>("textarea");
    const [before, focused] = [area.value, document.activeElement];
    area.value = "by_region.max()";
    press("Check again");

    expect([before, focused]).toEqual([event("code_proposed").code, area]);
    expect(kernel.requests).toEqual([
      { verb: "decide", nonce, code_hash, action: "edit", code: "by_region.max()" },
    ]);
  });

  test("the focus is on Run when the edited code has been rehearsed", async () => {
    const view = drawn(WAITING, new Kernel());
    press("Edit");
    press("Check again");

    const asked = event("decision_asked", { nonce: "second" });
    const again = [event("code_proposed", { by: "user" }), event("judged"), event("rehearsed"), asked];
    view.update(reduce([...WAITING, event("decided", { action: "edit" })]), true);
    view.update(reduce([...WAITING, event("decided", { action: "edit" }), ...again]), true);
    await Promise.resolve();

    expect(document.activeElement?.textContent).toBe("Run");
    expect(texts("textarea")).toEqual([]);
  });

  test("Escape leaves the editor and changes nothing", () => {
    const kernel = new Kernel();
    drawn(WAITING, kernel);
    press("Edit");

    one("textarea").dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));

    expect(texts("textarea")).toEqual([]);
    expect(document.activeElement?.textContent).toBe("Edit");
    expect(kernel.requests).toEqual([]);
  });

  test("an answer that came too late says so", async () => {
    drawn(WAITING, new Kernel({ status: "stale" }));

    press("Run");
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();

    expect(texts(".cave-actions .cave-message")).toEqual(["This step was already answered."]);
  });

  test("what the model will see stands beside what the person gets, and can be kept from it", async () => {
    const kernel = new Kernel();
    kernel.said.foresee = { status: "ok", text: "total 6", left_out: 0, tokens: 4 } as Reply;
    drawn(WAITING, kernel);
    await Promise.resolve();
    await Promise.resolve();

    const told = texts(".cave-told .cave-heading, .cave-told pre");
    one<HTMLInputElement>(".cave-hide input").click();
    press("Run");

    expect(kernel.questions).toEqual([{ verb: "foresee", nonce }]);
    expect(told).toEqual(["The model will see≈ 4 tokens", "total 6"]);
    expect(kernel.requests).toEqual([{ verb: "decide", nonce, code_hash, action: "run", untold: true }]);
  });

  test("a script cannot keep anything from the model, nor let it be told", async () => {
    const kernel = new Kernel();
    kernel.said.foresee = { status: "ok", text: "total 6", left_out: 0, tokens: 4 } as Reply;
    let genuine = false;
    drawn(WAITING, kernel, () => genuine);
    await Promise.resolve();
    await Promise.resolve();

    one<HTMLInputElement>(".cave-hide input").click();
    genuine = true;
    press("Run");

    expect(kernel.requests).toEqual([{ verb: "decide", nonce, code_hash, action: "run" }]);
  });

  test("code is judged again when the person pauses", async () => {
    vi.useFakeTimers();
    const kernel = new Kernel();
    const { verdict } = event("judged");
    kernel.said.judge = { status: "ok", verdict } as Reply;
    drawn(WAITING, kernel);
    press("Edit");
    const area = one<HTMLTextAreaElement>("textarea");

    for (const code of ["o", "os.system('ls')"]) {
      area.value = code;
      area.dispatchEvent(new Event("input"));
    }
    await vi.advanceTimersByTimeAsync(1_000);
    vi.useRealTimers();

    expect(kernel.questions.slice(1)).toEqual([{ verb: "judge", nonce, code: "os.system('ls')" }]);
    expect(texts(".cave-recheck-list li")).toHaveLength(verdict.findings.length);
    expect(kernel.requests).toEqual([]);
  });

  test("what a script presses is not sent", () => {
    const kernel = new Kernel();
    const view = mount(document.body, { send: kernel.send, signal: ending.signal });
    view.update(reduce(WAITING), true);

    press("Run");

    expect(kernel.requests).toEqual([]);
  });

  test("a denied edit cannot be run", () => {
    const asked = event("decision_asked", { actions: ["edit", "skip", "stop"] });
    drawn([...WAITING.slice(0, -1), asked], new Kernel());

    expect(texts("button")).toEqual(["Edit", "Skip", "Stop"]);
  });
});

describe("a turn that goes on", () => {
  test.each([
    [0, "≈ 1,214 tokens · $0.0036"],
    [50_000, "≈ 1,214 tokens · $0.0036"],
  ])("tells before the first reply what it will cost, with a budget of %i", (budget, words) => {
    drawn([event("turn_started", { budget })], new Kernel());

    expect(texts(".cave-spent")).toEqual([words]);
  });

  test.each([
    [0, /^[^a-z]+ tokens · /],
    [50_000, /^[^a-z]+ tokens of 50,000 · /],
  ])("tells what it has used of a budget of %i", (budget, words) => {
    drawn([event("turn_started", { budget }), event("usage")], new Kernel());

    expect(texts(".cave-spent")[0]).toMatch(words);
  });

  test("can be cancelled while nothing waits", () => {
    const kernel = new Kernel();
    drawn([event("turn_started"), event("prose")], kernel);

    press("Stop");

    expect([texts("button"), kernel.requests]).toEqual([["Stopping…"], [{ verb: "cancel" }]]);
  });

  test("keeps lines, tables, focus and an open editor while more arrives", () => {
    const view = drawn(WAITING, new Kernel());
    press("Edit");
    const kept = [...document.body.querySelectorAll(".cave-line, table, textarea")];

    view.update(reduce([...WAITING, event("undone")]), true);

    expect([...document.body.querySelectorAll(".cave-line, table, textarea")]).toEqual(kept);
    expect(document.activeElement).toBe(one("textarea"));
  });

  test("adds streamed lines without touching those above", () => {
    const piece = (code: string): CaveEvent => event("code_proposed", { code, complete: false });
    const view = drawn([piece("a = 1\nb =")], new Kernel());
    const first = one(".cave-line");

    view.update(reduce([piece("a = 1\nb = 2\nc")]), true);

    expect(texts(".cave-line")).toEqual(["a = 1", "b = 2", "c"]);
    expect(one(".cave-line")).toBe(first);
  });

  test("shows how far it has come", () => {
    drawn([event("turn_started"), event("progress")], new Kernel());

    expect(one<HTMLProgressElement>(".cave-loading progress").value).toBe(0.42);
    expect(texts(".cave-loading")).toEqual(["Loading the embedded model (1.1 GB)"]);
  });
});

describe("a question of the model", () => {
  const ASKED = [event("turn_started"), event("prose", { text: "I see two.\nASK: Which? [a | b]" })];

  test("is answered by a press on one of its choices", () => {
    const kernel = new Kernel();
    drawn([...ASKED, event("question_asked")], kernel);

    const buttons = texts("button");
    press("price paid");

    expect(buttons).toEqual(["Stop", "list price", "price paid", "You decide"]);
    expect(texts(".cave-question-text")).toEqual(["Which price do you mean?"]);
    expect(texts(".cave-prose")).toEqual(["I see two."]);
    expect(kernel.requests).toEqual([{ verb: "answer", nonce: "kX2vQ9s1", answer: "price paid" }]);
  });

  test("keeps its answer and has nothing to press when the turn is over", () => {
    drawn([...ASKED, event("question_asked"), event("question_answered")], new Kernel());

    expect(texts(".cave-question p")).toContain("You answered: price paid");
    expect(texts(".cave-question button")).toEqual([]);
  });
});

describe("a kept turn", () => {
  test("has no button and nothing to write in, whatever state it is in", () => {
    for (const events of [[], WAITING, FINISHED]) drawn(events);

    expect(all("button, input, textarea, a, form")).toEqual([]);
  });

  test("says of each figure of the answer where it was found", () => {
    drawn(FINISHED);

    expect(texts(".cave-figures li")).toEqual(["18.2 % found in step 2"]);
  });

  test("folds its steps and ends with the answer, said once", () => {
    drawn(FINISHED);

    expect(all<HTMLDetailsElement>(".cave-step").map((step) => step.open)).toEqual([false]);
    expect(texts(".cave-answer")).toEqual([
      "North lost most: 18.2 % fewer customers than before March. The regions are in lost.",
    ]);
    expect(texts(".cave-outcome")).toEqual(["ran into an error · ≈ 96 tokens"]);
    expect(texts(".cave-fold > summary")).toEqual(["What the model was sent≈ 1,214 tokens · $0.0036"]);
  });

  test("tells what came out otherwise than rehearsed, and what the run reached", () => {
    drawn(FINISHED);

    expect(texts(".cave-differs li")).toEqual(["by_region has other values than in the rehearsal"]);
    expect(texts(".cave-effect")).toEqual(["write fileout/lost.csvdone", "networkexample.org:443refused"]);
  });

  test.each([
    ["run", "You will get", "rehearsed in a copy of the kernel"],
    ["skip", "The rehearsal gave", "it was not run in your kernel"],
    ["stop", "The rehearsal gave", "it was not run in your kernel"],
  ] as const)("promises nothing that will not come: %s", (action, title, aside) => {
    drawn([...WAITING, event("decided", { action })], new Kernel());

    expect(texts(".cave-got .cave-heading")).toEqual([`${title}${aside}`]);
  });

  test("that ended without a decision promises nothing either", () => {
    drawn([...WAITING, event("turn_ended", { reason: "stopped", answer: "" })], new Kernel());

    expect(texts(".cave-heading").slice(0, 2)).toEqual([
      "The rehearsal gaveit was not run in your kernel",
      "Reaches outside the kernel",
    ]);
  });

  test("of an earlier version reads without the lists that came later", () => {
    const { effects: _, differs: __, ...ran } = event("ran");
    const { rules: ___, ...decided } = event("decided");

    drawn([...WAITING, decided as CaveEvent, ran as CaveEvent]);

    expect(texts(".cave-differs")).toEqual([]);
    expect(texts(".cave-heading")[0]).toBe("You gotin 0.08 s");
  });

  test("says what was undone, and what could not be", () => {
    drawn([event("undone")]);

    expect(texts(".cave-undone")).toEqual([
      "Undone: by_region.\nNot undone: out/lost.csv: a file was written.",
    ]);
  });

  test("says why it failed", () => {
    drawn([event("turn_started"), event("failed"), event("turn_ended", { reason: "failed", answer: "" })]);

    expect([texts(".cave-state"), texts(".cave-failed")]).toEqual([["Failed"], [event("failed").message]]);
  });
});
