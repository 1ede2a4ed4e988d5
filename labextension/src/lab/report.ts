/** The rules and where each comes from, what was used, and the last requests that left. */
import type { TranslationBundle } from "@jupyterlab/translation";
import type { Capability, Judgement } from "../protocol";
import { capabilityWords } from "../render/capability";
import type { Reply } from "../render/control";
import { h, setText, show } from "../render/dom";
import { cost, joined } from "../render/format";
import { keepFold } from "./fold";
import type { KernelWatch } from "./watch";

interface Sent {
  readonly time: string;
  readonly kind: string;
  readonly host: string;
  readonly tokens: number;
  readonly characters: number;
}

interface Rule {
  /** Empty where it is the one of the rule before. */
  readonly capability: Capability | "";
  readonly judgement: Judgement;
  readonly scope: string;
  readonly source: string;
}

interface Report extends Reply {
  readonly rules: readonly Rule[];
  readonly remarks: readonly string[];
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
  const rules = h("tbody", {});
  const label = { tabindex: "0", role: "group", "aria-label": trans.__("Policy") };
  const policy = h("div", { class: "cave-policy", ...label }, h("table", {}, rules));
  const remarks = h("p", { class: "cave-quiet" });
  const body = h("tbody", {});
  const heads = [trans.__("Time"), trans.__("To"), trans.__("Tokens")];
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
    remarks,
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
    setText(used, reply.replies ? usedWords(reply, trans) : trans.__("No model was asked yet."));
    body.replaceChildren(...reply.requests.map((each) => row(each, trans)));
    show(table, reply.requests.length > 0);
    setText(
      path,
      reply.ledger ? trans.__("Written down in %1.", reply.ledger) : trans.__("Nothing is written down."),
    );
    setText(sources, trans.__("Approval: %1. Policy: %2.", reply.approval, reply.sources));
    rules.replaceChildren(...reply.rules.map((each) => ruleRow(each, trans)));
    setText(remarks, reply.remarks.join(" "));
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

const SHIPPED = "the shipped default"; // said once, above the rules

function ruleRow({ capability, judgement, scope, source }: Rule, trans: TranslationBundle): HTMLElement {
  const words: Readonly<Record<Judgement, string>> = {
    allow: trans.__("allow"),
    ask: trans.__("ask"),
    deny: trans.__("deny"),
  };
  const from = source === SHIPPED ? [] : [h("span", { class: "cave-quiet" }, source)];
  return h(
    "tr",
    {},
    capability ? h("th", { scope: "row" }, capabilityWords(capability, trans)) : h("td"),
    h("td", { class: `cave-policy-${judgement}` }, words[judgement]),
    h("td", {}, scope === "." ? trans.__("this folder") : scope, ...from),
  );
}

function usedWords({ tokens, replies, cost: dollars }: Report, trans: TranslationBundle): string {
  const price = dollars === null ? trans.__("cost unknown") : cost(dollars);
  const all = trans._n("%1 reply", "%1 replies", replies);
  return joined(trans.__("%1 tokens", tokens.toLocaleString()), all, price);
}

/** The time of day for what left today, else the day as well; in the person's own time zone. */
function when(time: string): string {
  const at = new Date(time);
  const today = at.toDateString() === new Date().toDateString();
  return today ? at.toLocaleTimeString() : at.toLocaleString();
}

function row(sent: Sent, trans: TranslationBundle): HTMLElement {
  const host = sent.host || trans.__("this machine");
  const cells = [when(sent.time), host, sent.tokens.toLocaleString()];
  const node = h("tr", {}, ...cells.map((each) => h("td", {}, each)));
  node.title = trans.__("%1 characters", sent.characters.toLocaleString());
  return node;
}
