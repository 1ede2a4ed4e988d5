import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import panel from "../src/panel";
import type { CaveEvent } from "../src/protocol";
import { type Kernel, overControl } from "../src/render/control";
import { event, WAITING } from "./examples";

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

interface Sent {
  readonly header: { readonly msg_type: string; readonly session: string; readonly msg_id: string };
  readonly channel: string;
  readonly content: object;
}

/** A kernel connection as JupyterLab has it; answers when it is told to. */
class Connection implements Kernel {
  readonly clientId = "page";
  readonly username = "";
  readonly sent: Sent[] = [];
  disposed = 0;
  constructor(private readonly reply?: object) {}

  sendControlMessage(message: Sent): ReturnType<Kernel["sendControlMessage"]> {
    this.sent.push(message);
    const future = {
      onReply: (_: object) => {},
      done: new Promise(() => {}),
      dispose: () => this.disposed++,
    };
    if (this.reply) queueMicrotask(() => future.onReply({ content: this.reply }));
    return future;
  }
}

/** A widget model as anywidget hands it over. */
class Model {
  readonly sent: object[] = [];
  private readonly listeners = new Map<string, (message: object) => void>();
  constructor(
    private readonly state: { events: readonly CaveEvent[]; running: boolean },
    readonly widget_manager: { kernel: Connection | null },
  ) {}
  // biome-ignore lint/suspicious/noExplicitAny: as loose as the real one
  get(name: string): any {
    return (this.state as Record<string, unknown>)[name];
  }
  on(name: string, listener: (message: object) => void): void {
    this.listeners.set(name, listener);
  }
  off(name: string): void {
    this.listeners.delete(name);
  }
  send(content: object): void {
    this.sent.push(content);
  }
  set(events: readonly CaveEvent[], running = true): void {
    Object.assign(this.state, { events, running });
    this.tell("change:events");
    this.tell("change:running");
  }
  tell(name: string, message: object = {}): void {
    this.listeners.get(name)?.(message);
    vi.advanceTimersByTime(50); // to the next frame
  }
  get listening(): number {
    return this.listeners.size;
  }
}

function rendered(
  events: readonly CaveEvent[],
  kernel: Connection | null,
): { model: Model; leave: () => void } {
  const model = new Model({ events, running: true }, { kernel });
  return { model, leave: panel.render({ model, el: document.body }) };
}

function shownButtons(): readonly (string | null)[] {
  const buttons = [...document.body.querySelectorAll("button")].filter(
    (button) => !button.closest("[hidden]"),
  );
  return buttons.map((button) => button.textContent);
}

describe("the panel", () => {
  test("announces itself on the control channel", () => {
    const kernel = new Connection({ status: "ok" });

    rendered(WAITING, kernel);

    expect(
      kernel.sent.map(({ header, channel, content }) => [header.msg_type, header.session, channel, content]),
    ).toEqual([
      ["cave_request", "page", "control", { verb: "hello", client: "panel" }],
      ["cave_request", "page", "control", { verb: "foresee", nonce: event("decision_asked").nonce }],
    ]);
  });

  test("draws streamed events, and lets a later snapshot win", () => {
    const { model } = rendered([event("turn_started")], null);

    model.tell("msg:custom", { kind: "event", seq: 1, event: event("prose", { text: "One" }) });
    const streamed = document.body.querySelector(".cave-prose")?.textContent;
    model.set([event("turn_started"), event("prose", { text: "Two" })]);

    expect([streamed, document.body.querySelector(".cave-prose")?.textContent]).toEqual(["One", "Two"]);
  });

  test("has no button once the turn is over", () => {
    const { model } = rendered(WAITING, null);
    const before = shownButtons();

    model.set(WAITING, false);

    expect([before, shownButtons()]).toEqual([["Run", "Take these results", "Edit", "Skip", "Stop"], []]);
  });

  test("leaves nothing behind", () => {
    const { model, leave } = rendered([event("turn_started")], null);

    leave();

    expect([model.listening, vi.getTimerCount()]).toEqual([0, 0]);
  });
});

describe("a request on the control channel", () => {
  test("gives the reply of the kernel", async () => {
    expect(await overControl(new Connection({ status: "stale" }))({ verb: "state" })).toEqual({
      status: "stale",
    });
  });

  test("is given up when nothing answers", async () => {
    const kernel = new Connection();
    const answer = expect(overControl(kernel)({ verb: "state" })).rejects.toThrow(
      "The kernel did not answer.",
    );

    await vi.advanceTimersByTimeAsync(5_000);

    await answer;
    expect(kernel.disposed).toBe(1);
  });

  test("has an id of its own", async () => {
    const kernel = new Connection({ status: "ok" });
    const send = overControl(kernel);

    await Promise.all([send({ verb: "state" }), send({ verb: "state" })]);

    expect(new Set(kernel.sent.map(({ header }) => header.msg_id)).size).toBe(2);
  });
});
