/** Stopping a turn: a press that can be seen, and what came of it in words. */
import { button, rest } from "./button";
import type { Reply, Request } from "./control";
import { setText, show } from "./dom";
import type { Host } from "./host";
import type { Trans } from "./trans";

const LATE = 8_000; // milliseconds from a stop that was taken to saying that the turn goes on all the same

/**
 * Ask the kernel to stop; where it does not answer, interrupt it.
 *
 * A reply with status "ok" and a message: it was interrupted. A stale one: there is nothing to stop.
 */
export async function stopping(
  host: Pick<Host, "send" | "interrupt" | "trans">,
  request: Request = { verb: "cancel" },
): Promise<Reply> {
  const reply = await host.send?.(request).catch(() => undefined);
  if (reply?.status === "stale" && request.verb !== "cancel") return stopping(host); // the turn has gone on
  if (reply?.status === "ok" || reply?.status === "stale") return reply;
  return interrupting(host, reply?.message ?? host.trans.__("The kernel did not answer."));
}

async function interrupting(
  { interrupt, trans }: Pick<Host, "interrupt" | "trans">,
  why: string,
): Promise<Reply> {
  if (!interrupt) return { status: "error", message: `${why} ${byHand(trans)}` };
  try {
    await interrupt();
    return { status: "ok", message: `${why} ${trans.__("It was interrupted.")}` };
  } catch {
    const words = trans.__("It could not be interrupted either: restart it in the Kernel menu.");
    return { status: "error", message: `${why} ${words}` };
  }
}

function byHand(trans: Trans): string {
  return trans.__("Stop the cell with the notebook's own stop button, or interrupt the kernel in its menu.");
}

export interface StopView {
  readonly node: HTMLButtonElement;
  /** `open`: whether there is something to stop. */
  update(offered: boolean, open: boolean): void;
}

/** The button; what came of a press is told in `said`. */
export function stopView(host: Host, said: HTMLElement): StopView {
  const { trans } = host;
  const node = button(host, trans.__("Stop"), "stop", () => void press());
  let timer: ReturnType<typeof setTimeout> | undefined;
  let again = false;
  host.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });

  function ready(on: boolean): void {
    if (on) node.disabled = false;
    else rest(node);
    setText(node, on ? trans.__("Stop") : trans.__("Stopping…"));
  }

  async function press(): Promise<void> {
    ready(false);
    setText(said, "");
    const why = trans.__("The kernel took the stop, and the turn went on.");
    const reply = await (again ? interrupting(host, why) : stopping(host));
    setText(said, reply.message ?? "");
    if (reply.status === "ok") timer = setTimeout(late, LATE);
    else ready(true);
  }

  function late(): void {
    again = host.interrupt !== undefined;
    const press = trans.__("Press Stop again to interrupt the kernel.");
    setText(said, `${trans.__("The turn goes on all the same.")} ${again ? press : byHand(trans)}`);
    ready(true);
  }

  return {
    node,
    update(offered, open) {
      show(node, offered);
      if (open) return;
      clearTimeout(timer);
      again = false;
      setText(said, "");
      ready(true);
    },
  };
}
