/** The verdict on code while it is being changed, asked for when the person pauses. */
import type { Finding, Verdict } from "../protocol";
import { capabilityWords } from "./capability";
import type { Reply } from "./control";
import { h, type Item, patch, setAttribute, setText } from "./dom";
import type { Host } from "./host";
import type { Trans } from "./trans";
import { verdictWords } from "./verdict";

export interface RecheckView {
  readonly node: HTMLElement;
  /** Ask after a pause. */
  soon(code: string): void;
  clear(): void;
}

const PAUSE = 600; // milliseconds without a key

/** `nonce` is that of the step that waits; the answer is only for the eye, what runs is judged again. */
export function recheckView(host: Host, nonce: () => string): RecheckView {
  const { trans } = host;
  const said = h("p", { class: "cave-verdict", role: "status" });
  const list = h("ul", { class: "cave-recheck-list" });
  const node = h("div", { class: "cave-recheck" }, said, list);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let latest = "";
  host.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });

  function clear(): void {
    clearTimeout(timer);
    latest = "";
    draw(null);
  }

  function ask(): void {
    const code = latest;
    if (!host.send || !code.trim()) return;
    host
      .send({ verb: "judge", nonce: nonce(), code })
      .then((reply) => heard(code, reply))
      .catch(() => heard(code, { status: "error" }));
  }

  function heard(code: string, reply: Reply & { readonly verdict?: Verdict }): void {
    if (code !== latest) return;
    if (reply.status === "busy") timer = setTimeout(ask, PAUSE);
    else draw(reply.verdict ?? null);
    if (reply.status === "error") setText(said, reply.message ?? unknown());
  }

  function unknown(): string {
    return trans.__("The kernel did not answer: what your change does is only known when it is checked.");
  }

  function draw(verdict: Verdict | null): void {
    setAttribute(said, "data-decision", verdict?.decision ?? "");
    setText(said, verdict ? trans.__("As it stands now: %1", verdictWords(verdict, trans)) : "");
    patch(list, verdict?.findings.map((finding) => item(finding, trans)) ?? []);
  }

  return {
    node,
    soon(code) {
      clearTimeout(timer);
      latest = code;
      timer = setTimeout(ask, PAUSE);
    },
    clear,
  };
}

function item({ line, capability, message, code }: Finding, trans: Trans): Item {
  return {
    key: JSON.stringify([line, code, message]),
    build: () =>
      h(
        "li",
        {},
        h("span", { class: "cave-quiet" }, trans.__("line %1", line)),
        " ",
        h("span", { class: "cave-finding-kind" }, capabilityWords(capability, trans)),
        ` ${message}`,
      ),
  };
}
