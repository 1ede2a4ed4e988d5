/** Follows one kernel: says hello, and asks for the state of its turn while one is running. */
import type { Kernel, KernelMessage } from "@jupyterlab/services";
import type { TranslationBundle } from "@jupyterlab/translation";
import { type CaveEvent, MIME_TYPE } from "../protocol";
import { overControl, type Reply, type Send } from "../render/control";
import { gonePhrase } from "../render/lost";
import { NOTHING, type TakeBack, type Undoable } from "../render/undo";
import { sharing } from "../trace";

/** What the kernel tells about the turn that is running. */
interface State extends Reply {
  readonly running?: boolean;
  readonly events?: readonly CaveEvent[];
  readonly undo?: Undoable;
}

interface Taken extends Reply {
  readonly kept?: Readonly<Record<string, string>>;
}

const PAUSE = 1_000; // milliseconds between two questions
const SOON = 100; // milliseconds after the turn has told its panel something
const MOST_GREETINGS = 3; // of those that nobody answers

/**
 * A kernel that knows no `cave_request` logs each one as an error, so it is only spoken to when there is a reason:
 * the notebook has a cell with "cave" in it, or such code was run.
 */
export class KernelWatch {
  /** Requests to this kernel. */
  readonly send: Send;
  /** The kernel's interrupt, which needs no answer of ours. */
  readonly interrupt = (): Promise<void> => this.kernel.interrupt();
  /** Everything that the running turn has told; empty when none is running. */
  events: readonly CaveEvent[] = [];
  /** What can be undone now; nothing while a turn is running. */
  undo = NOTHING;
  /** Settings that the kernel did not take over, and why. */
  kept: Readonly<Record<string, string>> = {};
  /** Why what was shown is of no use any more; empty: it is. */
  ended = "";
  /** That the kernel leaves questions unanswered while a turn runs; empty: it answers. */
  silent = "";
  /** Counts the executions that ended: what was seen of the variables may be old then. */
  age = 0;
  private handedOver: unknown;
  greeted = false;
  private greetings = 0;
  private executing = false;
  private working = false;
  private told = false; // there is more than was answered last
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly kernel: Kernel.IKernelConnection,
    private readonly changed: () => void,
    private readonly trans: TranslationBundle,
  ) {
    this.send = overControl(kernel);
    kernel.iopubMessage.connect(this.heard, this);
    kernel.statusChanged.connect(this.restarted, this);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.kernel.iopubMessage.disconnect(this.heard, this);
    this.kernel.statusChanged.disconnect(this.restarted, this);
  }

  /** Announce that a person is here, then find out whether a turn is running. */
  async greet(): Promise<void> {
    const reply = await this.send({ verb: "hello", client: "lab" }).catch(() => undefined);
    if (this.kernel.isDisposed) return;
    if (reply?.status !== "ok") {
      // A kernel under load may be late; one that is idle has nothing of ours.
      const again = this.kernel.status !== "idle" && this.greetings++ < MOST_GREETINGS;
      if (again) this.timer = setTimeout(() => void this.greet(), PAUSE);
      return;
    }
    this.greeted = true;
    await this.ask();
    this.changed();
  }

  /** Whether the kernel can look at its variables now; its status also tells of our own requests. */
  get idle(): boolean {
    return this.greeted && !this.executing && !this.events.length && !this.working;
  }

  /** Undo or redo in the kernel's own turn; gives what came of it. */
  readonly takeBack: TakeBack = async (what) => {
    let events: readonly CaveEvent[] = [];
    const code = codeFor(what, this.undo);
    const future = this.kernel.requestExecute({ code, store_history: false, allow_stdin: false });
    future.onIOPub = ({ content }) => {
      const data = (content as { data?: Readonly<Record<string, unknown>> }).data;
      const kept = data?.[MIME_TYPE] as { readonly events: readonly CaveEvent[] } | undefined;
      if (kept) events = kept.events;
    };
    const { content } = await future.done;
    await this.ask();
    if (content.status === "error") throw new Error(content.evalue);
    return events;
  };

  private async ask(): Promise<void> {
    clearTimeout(this.timer);
    this.told = false;
    const state: State | undefined = await this.send({ verb: "state" }).catch(() => undefined);
    if (this.kernel.isDisposed || !this.greeted) return;
    this.hear(state !== undefined);
    if (state) this.show(state.running ? (state.events ?? []) : [], state.running ? NOTHING : state.undo);
    const goesOn = this.executing || !state || state.running;
    if (goesOn) this.askAfter(this.told ? SOON : PAUSE);
  }

  private askAfter(pause: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.ask(), pause);
  }

  /** Tell that what is shown may be old as long as the kernel leaves questions unanswered. */
  private hear(answered: boolean): void {
    const words = this.trans.__("The kernel does not answer: what is shown may be old.");
    const silent = answered || !this.events.length ? "" : words;
    if (silent === this.silent) return;
    this.silent = silent;
    this.changed();
  }

  private show(events: readonly CaveEvent[], undo = NOTHING): void {
    const still = JSON.stringify(undo) === JSON.stringify(this.undo);
    if (!events.length && !this.events.length && still) return;
    if (events.length) this.ended = "";
    this.events = sharing(this.events, events);
    this.undo = undo;
    this.changed();
  }

  /** Our own requests change the kernel's status too, so only executions count. */
  private heard(_: unknown, message: KernelMessage.IIOPubMessage): void {
    if ((message.parent_header as { msg_type?: string }).msg_type !== "execute_request") return;
    const { code, execution_state } = message.content as { code?: string; execution_state?: string };
    if (execution_state) this.working = execution_state === "busy";
    if (message.header.msg_type === "execute_input" && mentionsCave(code)) {
      this.executing = true;
      if (/^\s*%%cave/.test(code ?? "")) this.goOn();
    } else if (this.executing && this.greeted && tellsPanel(message)) {
      if (!this.told) this.askAfter(SOON);
      this.told = true;
    } else if (execution_state === "idle") {
      const ours = this.executing;
      this.executing = false;
      this.age += 1;
      if (ours) this.goOn();
      else if (this.greeted) this.changed();
    }
  }

  /** Hand the person's settings over as defaults, once for each kernel, as soon as it can take them. */
  async handOver(settings: Readonly<Record<string, unknown>>): Promise<void> {
    if (!this.idle || this.handedOver === settings) return;
    this.handedOver = settings;
    const reply: Taken | undefined = await this.send({ verb: "defaults", settings }).catch(() => undefined);
    if (!reply || reply.status === "busy") this.handedOver = undefined; // another time
    const none = { [this.trans.__("none of them:")]: reply?.message ?? "" };
    this.kept = reply?.kept ?? (reply?.status === "error" ? none : {});
    if (reply?.status === "ok" || reply?.status === "error") this.changed();
  }

  private goOn(): void {
    void (this.greeted ? this.ask() : this.greet());
  }

  private restarted(_: unknown, status: Kernel.Status): void {
    const what = gonePhrase(status, this.trans);
    if (!what) return;
    clearTimeout(this.timer);
    if (this.events.length || this.ended) {
      this.ended = this.trans.__(
        "%1: the step that was shown here cannot be answered any more. Run its cell again.",
        what,
      );
    }
    this.greeted = this.executing = this.working = false;
    this.silent = "";
    this.handedOver = undefined;
    this.show([]);
    this.changed();
  }
}

/** Whether the panel under the cell is told more; streamed text is not told so. */
function tellsPanel({ header, content }: KernelMessage.IIOPubMessage): boolean {
  const { data } = content as { data?: { method?: string; state?: object } };
  return header.msg_type === "comm_msg" && data?.method === "update" && "events" in (data.state ?? {});
}

/** Whether code may have to do with this extension. */
export function mentionsCave(code: string | undefined): boolean {
  return /cave/i.test(code ?? "");
}

/** Steps that changed nothing are taken back along with the last one that did. */
function codeFor(what: "step" | "turn" | "redo", { idle = 0, of_last_turn }: Undoable): string {
  if (what === "redo") return "%cave redo";
  return `%cave undo ${idle + (what === "step" ? 1 : of_last_turn)}`;
}
