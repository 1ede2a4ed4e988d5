/** The rules and where each comes from, what was used, and the last requests that left. */
import type { TranslationBundle } from "@jupyterlab/translation";
import type { Reply } from "../render/control";
import { h, setText, show } from "../render/dom";
import { keepFold } from "./fold";
import type { KernelWatch } from "./watch";

interface Sent {
  readonly time: string;
  readonly kind: string;
  readonly host: string;
  readonly tokens: number;
  readonly characters: number;
}

interface Report extends Reply {
  readonly policy: string;
  readonly sources: string;
  readonly approval: string;
  readonly replies: number;
  readonly tokens: number;
  readonly cost: number | null;
  readonly requests: readonly Sent[];
  readonly ledger: string;
}

export interface ReportView {
  readonly node: HTMLElement;
  update(): void;
}

/** Asks only while it is open: the ledger is a file that may be long. */
export function reportView(watch: KernelWatch, trans: TranslationBundle, signal: AbortSignal): ReportView {
  const kept = h("p", { class: "cave-side-kept" });
  const used = h("p", {});
  const sources = h("p", { class: "cave-quiet" });
  const policy = h("pre", { class: "cave-policy", tabindex: "0", "aria-label": trans.__("Policy") });
  const body = h("tbody", {});
  const heads = [trans.__("Time"), trans.__("To"), trans.__("Tokens"), trans.__("Characters")];
  const head = h("thead", {}, h("tr", {}, ...heads.map((each) => h("th", { scope: "col" }, each))));
  const table = h("table", { class: "cave-ledger" }, head, body);
  const path = h("p", { class: "cave-quiet" });
  const node = h(
    "details",
    { class: "cave-side-fold" },
    h("summary", {}, trans.__("Policy, cost and what has left")),
    used,
    table,
    path,
    sources,
    policy,
  );
  const whole = h("div", {}, kept, node);
  let age = -1;

  async function ask(): Promise<void> {
    if (!node.open || !watch.idle || age === watch.age) return;
    age = watch.age;
    const reply = (await watch.send({ verb: "report" }).catch(() => null)) as Report | null;
    if (reply?.status !== "ok") {
      age = -1;
      setText(used, reply?.message ?? trans.__("The kernel did not answer."));
      return;
    }
    const cost = reply.cost === null ? trans.__("cost unknown") : `$${reply.cost.toFixed(4)}`;
    setText(
      used,
      trans.__(
        "%1 tokens in %2 replies, %3. Approval: %4.",
        reply.tokens.toLocaleString(),
        reply.replies,
        cost,
        reply.approval,
      ),
    );
    body.replaceChildren(...reply.requests.map((each) => row(each, trans)));
    show(table, reply.requests.length > 0);
    setText(
      path,
      reply.ledger ? trans.__("Written down in %1.", reply.ledger) : trans.__("Nothing is written down."),
    );
    setText(sources, trans.__("The policy is made of %1.", reply.sources));
    setText(policy, reply.policy);
  }

  node.addEventListener("toggle", () => void ask(), { signal });
  keepFold(node, "report", signal);
  return {
    node: whole,
    update() {
      show(node, watch.greeted);
      const words = Object.entries(watch.kept).map(([name, why]) => `${name} ${why}.`);
      setText(kept, words.length ? trans.__("Your settings do not apply to all: %1", words.join(" ")) : "");
      show(kept, words.length > 0);
      void ask();
    },
  };
}

function row(sent: Sent, trans: TranslationBundle): HTMLElement {
  const cells = [
    sent.time.slice(0, 19).replace("T", " "),
    sent.host || trans.__("this machine"),
    sent.tokens.toLocaleString(),
    sent.characters.toLocaleString(),
  ];
  return h("tr", {}, ...cells.map((each) => h("td", {}, each)));
}
