/** Every word of the side panel, the status bar, the running sessions and the commands is translated too. */

import { CommandRegistry } from "@lumino/commands";
import { Signal } from "@lumino/signaling";
import { Widget } from "@lumino/widgets";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { addCommands } from "../src/lab/commands";
import { runningTurns } from "../src/lab/running";
import type { Watched } from "../src/lab/sessions";
import { followSettings } from "../src/lab/settings";
import { SidePanel } from "../src/lab/side";
import { StatusItem } from "../src/lab/status";
import { stopTurn } from "../src/lab/stopping";
import { KernelWatch } from "../src/lab/watch";
import type { CaveEvent } from "../src/protocol";
import { english, setPageTrans } from "../src/render/trans";
import undoWidget from "../src/undo";
import { event, WAITING } from "./examples";
import { MARKED, read, untranslated } from "./marked";

const warned = vi.hoisted((): string[] => {
  Object.assign(globalThis, { DragEvent: MouseEvent, CSS: { escape: String } }); // jsdom has neither
  return [];
});
vi.mock("@jupyterlab/ui-components", () => ({ LabIcon: class {} })); // draws icons, which have no words
vi.mock("@jupyterlab/apputils", () => ({
  Notification: { warning: (text: string) => warned.push(text), emit: (text: string) => warned.push(text) },
}));
vi.mock("../src/render/host", () => ({ fromThePerson: () => true })); // jsdom cannot press as a person does
const page = vi.hoisted(() => ({ extended: true }));
vi.mock("../src/render/trans", async (original) => ({
  ...(await original<object>()),
  hasExtension: () => page.extended,
}));

// biome-ignore lint/suspicious/noExplicitAny: as loose as JupyterLab's own
type Any = any;
const trans = MARKED as Any;
const LEFT = "2026-11-26T05:00:00+00:00";
const UNDO = {
  steps: 2,
  of_last_turn: 2,
  turn: "t",
  redo: 1,
  redo_turn: "t",
  names: ["best"],
  cannot: { "a.csv": "files stay" },
};
const LOOK = {
  status: "ok",
  message: "",
  level: "schema",
  levels: [{ level: "schema", meaning: "columns" }],
  variables: [
    {
      name: "sales",
      summary: "DataFrame 2 × 2",
      hidden: false,
      level: "schema",
      columns: [
        { name: "who", hidden: false, alias: "" },
        { name: "pay", hidden: false, alias: "col_1" },
      ],
      more: 3,
    },
    { name: "secret", summary: "int", hidden: true, level: "schema", columns: [], more: 0 },
  ],
  more: 4,
  text: "sales: DataFrame",
  tokens: 9,
};
const REPORT = {
  status: "ok",
  rules: [
    { capability: "network", judgement: "ask", scope: "everything", source: "the shipped default" },
    { capability: "", judgement: "deny", scope: "a.example", source: "policy.toml" },
  ],
  remarks: ["No step may write the policies."],
  sources: "the shipped default",
  approval: "ask",
  replies: 2,
  tokens: 40,
  cost: null,
  requests: [
    { time: LEFT, kind: "turn", host: "", tokens: 4, characters: 20 },
    { time: LEFT, kind: "turn", host: "h", tokens: 4, characters: 20 },
  ],
  ledger: "/a/ledger",
};
const CELLS = {
  status: "ok",
  cells: [{ source: "x", metadata: { caveagent: { turn: "t", step: 1 } } }],
  left_out: ["Step 2"],
};
const TIMES = [new Date(LEFT).toLocaleTimeString(), new Date(LEFT).toLocaleString()];
const SAID = [WAITING, UNDO, LOOK, REPORT, CELLS, "a.ipynb", event("undone"), "%%cave", ...TIMES];

const STYLES = import.meta.glob<string>("../style/*.css", { eager: true, query: "?raw", import: "default" });

/** A kernel connection as JupyterLab has it, which says what it is told to say; without: nothing. */
class Connection {
  readonly clientId = "page";
  readonly username = "";
  readonly status = "busy";
  readonly isDisposed = false;
  readonly iopubMessage = new Signal<object, object>(this);
  readonly statusChanged = new Signal<object, string>(this);
  replies: Readonly<Record<string, object>> = {};
  sendControlMessage({ content }: Any): Any {
    const reply = this.replies[content.verb];
    const future = { onReply: (_: object) => {}, done: new Promise(() => {}), dispose: () => {} };
    if (reply) queueMicrotask(() => future.onReply({ content: reply }));
    return future;
  }
  requestExecute(): Any {
    return { done: Promise.resolve({ content: { status: "error", evalue: "" } }) };
  }
  interrupt(): Promise<void> {
    return Promise.reject(new Error());
  }
  /** What the kernel publishes of an execution. */
  publish(msg_type: string, content: object): void {
    this.iopubMessage.emit({ header: { msg_type }, parent_header: { msg_type: "execute_request" }, content });
  }
}

let found: Set<string>;
let seen = 0;

beforeEach(() => {
  vi.useFakeTimers();
  [found, seen] = [new Set(), 0];
});
afterEach(() => {
  vi.useRealTimers();
  setPageTrans(english);
  document.body.replaceChildren();
  sessionStorage.clear();
});

function look(): void {
  const pieces = read();
  seen += pieces.filter((piece) => piece.includes("«")).length;
  for (const piece of untranslated(pieces, SAID)) found.add(piece);
}

function state(events: readonly CaveEvent[], undo: object = UNDO): object {
  return { status: "ok", running: events.length > 0, events, undo };
}

/** The notebook that a panel watches. */
function notebook(): Any {
  const widget = new Widget() as Any;
  widget.title.label = "a.ipynb";
  const sharedModel = { cells: [], transact: (change: () => void) => change(), insertCells: () => undefined };
  widget.content = { model: { sharedModel }, activeCellIndex: 0 };
  widget.context = { contentsModel: { writable: true } };
  return widget;
}

/** Press everything that is there; a press is the person's. */
async function pressAll(): Promise<void> {
  for (const node of document.body.querySelectorAll("details")) node.open = true;
  for (const node of document.body.querySelectorAll("button")) {
    node.click();
    await vi.advanceTimersByTimeAsync(50);
    look();
  }
  await vi.advanceTimersByTimeAsync(10_000);
  look();
}

test("in the side panel and the status bar, whatever the kernel says", async () => {
  const connection = new Connection();
  const watched = new Map<Any, Watched>();
  const panel = new SidePanel(
    () => undefined,
    trans,
    () => draw(),
  );
  const status = new StatusItem(trans, () => undefined);
  const draw = (): void => {
    panel.draw(watched);
    status.draw(watched);
    look();
  };
  Widget.attach(panel, document.body);
  Widget.attach(status, document.body);
  draw();
  const watch = new KernelWatch(connection as Any, draw, trans);
  watched.set({}, { widget: notebook(), watch });
  const turns: Record<string, object>[] = [
    { hello: { status: "ok" }, state: state([]) },
    { hello: { status: "ok" }, state: state([]), look: LOOK, report: REPORT, cells: CELLS, privacy: LOOK },
    {
      hello: { status: "ok" },
      state: state([]),
      report: { ...REPORT, replies: 0, ledger: "", requests: [] },
    },
    { hello: { status: "ok" }, state: state([], { ...UNDO, names: [] }), privacy: LOOK },
    { hello: { status: "ok" }, state: state([event("turn_started")]) },
    { hello: { status: "ok" }, state: state(WAITING) },
    { hello: { status: "ok" } }, // it falls silent
  ];
  for (const replies of turns) {
    connection.replies = replies;
    connection.publish("execute_input", { code: "%%cave" });
    await vi.advanceTimersByTimeAsync(2_000);
    if ((replies.state as Any)?.events.length === 0)
      connection.publish("status", { execution_state: "idle" });
    await vi.advanceTimersByTimeAsync(8_000);
    await pressAll();
    draw();
  }
  connection.replies = { defaults: { status: "error" } };
  connection.statusChanged.emit("restarting");
  draw();

  expect([...found]).toEqual([]);
  expect(seen).toBeGreaterThan(300);
});

test("in running sessions, commands and warnings", async () => {
  const [labels, words]: [Any[], string[]] = [[], []];
  const commands = new CommandRegistry();
  const palette = { addItem: ({ category }: Any) => words.push(category) };
  const app = { commands } as Any;
  addCommands(app, palette as Any, {} as Any, () => undefined, trans);
  for (const id of commands.listCommands()) labels.push(commands.label(id), commands.caption(id));
  const { manager } = runningTurns(new Map(), () => undefined, trans);
  labels.push(manager.name, manager.shutdownLabel, manager.shutdownAllLabel);
  followSettings("id", { load: () => Promise.reject(new Error("x")) } as Any, () => undefined, trans);
  await stopTurn({ send: () => Promise.reject(new Error()) } as Any, trans);
  await vi.advanceTimersByTimeAsync(1);

  expect([...labels, ...words, ...warned].filter((text) => !/^«.+»/.test(text))).toEqual([]);
  expect([labels.length, words.length, warned.length]).toEqual([15, 6, 2]);
});

test.each([true, false])("in the panel for undo, where the notebook is in reach: %s", async (inReach) => {
  const listeners = new Map<string, (message: object) => void>();
  const sent: Any[] = [];
  const context = { model: { sharedModel: notebook().content.model.sharedModel } };
  const model = {
    get: (name: string) => (name === "undo" ? UNDO : "t"),
    on: (name: string, listener: (message: object) => void) => listeners.set(name, listener),
    off: () => undefined,
    send: (message: Any) => sent.push(message),
    widget_manager: inReach ? { context } : {},
  };
  const replies: Record<string, object> = {
    cells: CELLS,
    undo_step: { status: "ok", events: [event("undone")] },
    undo_turn: { status: "error" },
  };
  setPageTrans(MARKED);
  page.extended = false;
  undoWidget.render({ model: model as Any, el: document.body });
  look();
  await pressAll();
  for (const { id, request } of sent) {
    const reply = replies[request.verb];
    if (reply) listeners.get("msg:custom")?.({ kind: "reply", id, reply });
    await vi.advanceTimersByTimeAsync(1);
    look();
  }

  expect(sent.map(({ request }) => request.verb)).toEqual(["undo_step", ...(inReach ? ["cells"] : [])]);
  expect([...found]).toEqual([]);
  expect(document.body.textContent).toContain(inReach ? "was made" : "%cave export");
});

test("a page with the extension needs no panel for undo, and says so to the kernel", () => {
  const sent: Any[] = [];
  const model = {
    get: () => UNDO,
    on: () => undefined,
    off: () => undefined,
    send: (it: Any) => sent.push(it),
  };
  page.extended = true;

  undoWidget.render({ model: model as Any, el: document.body })();

  expect([document.body.textContent, sent]).toEqual([
    "",
    [{ kind: "request", id: 1, request: { verb: "leave" } }],
  ]);
});

test("and no style sheet writes words into the page", () => {
  const contents = Object.values(STYLES).flatMap((css) => css.match(/content:[^;]*;/g) ?? []);

  expect(contents.length).toBeGreaterThan(2);
  expect(contents.filter((content) => /["'][^"']*\p{L}/u.test(content))).toEqual([]);
});
