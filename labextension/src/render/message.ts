/** Requests as a widget's own messages, for pages whose kernel cannot be reached otherwise. */
import type { Reply } from "./control";

/** The part of anywidget's model that is needed. */
export interface Messages {
  send(content: object): void;
  on(name: "msg:custom", callback: (message: Answered) => void): void;
  off(name: "msg:custom", callback: (message: Answered) => void): void;
}

interface Answered {
  readonly kind?: string;
  readonly id?: number;
  readonly reply?: Reply;
}

/** They are answered as soon as no cell runs, which may be never: no answer is no reason to give up. */
export function overMessages<Request>(
  model: Messages,
  signal: AbortSignal,
): (request: Request) => Promise<Reply> {
  const waiting = new Map<number, (reply: Reply) => void>();
  let last = 0;
  const answered = ({ kind, id, reply }: Answered): void => {
    if (kind !== "reply" || id === undefined || !reply) return;
    waiting.get(id)?.(reply);
    waiting.delete(id);
  };
  model.on("msg:custom", answered);
  signal.addEventListener("abort", () => model.off("msg:custom", answered), { once: true });
  return (request) =>
    new Promise((resolve) => {
      last += 1;
      waiting.set(last, resolve);
      model.send({ kind: "request", id: last, request });
    });
}
