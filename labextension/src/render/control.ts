/** How a front end speaks to the kernel while a cell runs: requests on the control channel. */
import type { Action } from "../protocol";

/** What a person changes of what the model may know, as `%cave` calls it. */
export type Setting = "hide" | "show" | "alias" | "privacy";

export type Request =
  | { readonly verb: "hello"; readonly client: "panel" | "lab" }
  | { readonly verb: "state" }
  | { readonly verb: "cancel" }
  | { readonly verb: "look" | "report" | "cells" }
  | { readonly verb: "foresee"; readonly nonce: string }
  | { readonly verb: "judge"; readonly nonce: string; readonly code: string }
  | { readonly verb: "privacy"; readonly setting: Setting; readonly words: readonly string[] }
  | { readonly verb: "defaults"; readonly settings: Readonly<Record<string, unknown>> }
  | { readonly verb: "cut_rehearsal"; readonly turn: string; readonly step: number }
  | { readonly verb: "answer"; readonly nonce: string; readonly answer: string }
  | {
      readonly verb: "decide";
      readonly nonce: string;
      readonly code_hash: string;
      readonly action: Action;
      readonly code?: string;
      readonly note?: string;
      readonly remember?: boolean;
      readonly untold?: boolean;
    };

export interface Reply {
  readonly status: "ok" | "stale" | "error" | "busy";
  readonly message?: string;
}

/** Hands a request to the kernel; rejects when no answer comes. */
export type Send = (request: Request) => Promise<Reply>;

/** The part of a JupyterLab kernel connection that is needed; widgets can reach it too. */
export interface Kernel {
  readonly clientId: string;
  readonly username: string;
  // biome-ignore lint/suspicious/noExplicitAny: JupyterLab's types know no message types of others
  sendControlMessage(message: any, expectReply: boolean, disposeOnDone: boolean): Future;
}

interface Future {
  // biome-ignore lint/suspicious/noExplicitAny: as above
  onReply: (message: any) => void | PromiseLike<void>;
  readonly done: Promise<unknown>;
  dispose(): void;
}

const PATIENCE = 5_000; // milliseconds; a kernel without the extension never answers

/** Requests that go over the control channel of this kernel. */
export function overControl(kernel: Kernel, patience = PATIENCE): Send {
  return (content) =>
    new Promise((resolve, reject) => {
      const future = kernel.sendControlMessage(message(kernel, content), true, true);
      const timer = setTimeout(() => {
        reject(new Error("The kernel did not answer."));
        future.dispose();
      }, patience);
      future.onReply = (reply: { content: Reply }) => {
        clearTimeout(timer);
        resolve(reply.content);
      };
      future.done.catch((error) => {
        clearTimeout(timer);
        reject(error);
      });
    });
}

function message(kernel: Kernel, content: Request): object {
  const header = {
    date: new Date().toISOString(),
    msg_id: newId(),
    msg_type: "cave_request",
    session: kernel.clientId,
    username: kernel.username,
    version: "5.4",
  };
  return { header, parent_header: {}, metadata: {}, content, channel: "control", buffers: [] };
}

/** Random; `crypto.randomUUID` is missing on pages served without TLS. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
