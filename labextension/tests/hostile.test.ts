/** Whatever data, models and outputs say, they cannot become markup. */
import { afterEach, expect, test } from "vitest";
import type { CaveEvent } from "../src/protocol";
import { sanitised } from "../src/render/sanitise";
import { mount } from "../src/render/turn";
import { reduce } from "../src/trace";
import { EXAMPLES, FINISHED, WAITING } from "./examples";

const HOSTILE = [
  "<script>window.hacked = 1</script>",
  '<img src=x onerror="window.hacked = 1">',
  "<svg><script>window.hacked = 1</script></svg>",
  '"><button>Run</button>',
  "[run](javascript:window.hacked=1) ![x](http://127.0.0.1:9/x.png)",
  "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=window.hacked=1&gt;'>",
  '<table onclick="window.hacked=1" style="background:url(http://127.0.0.1:9)"><td colspan="9999">x</table>',
  "<iframe srcdoc='<script>parent.hacked=1</script>'></iframe><form action=/x><input name=y></form>",
  "```\n<script>window.hacked = 1</script>\n```",
  "**<b onclick=window.hacked=1>x</b>** `<i>`",
] as const;

const OURS = new Set(
  (
    "section header div span p pre code strong em ul ol li h4 details summary progress button input label textarea " +
    "table thead tbody tr th td caption b i br hr img"
  ).split(" "),
);
const ATTRIBUTES = new Set(
  (
    "class hidden role aria-label aria-live aria-hidden data-action data-line data-decision data-kind data-outcome data-phase " +
    "data-lm-suppress-shortcuts data-turn aria-atomic max type placeholder spellcheck autocapitalize autocomplete wrap rows open tabindex " +
    "colspan rowspan value src alt disabled"
  ).split(" "),
);

/** The same data with every text replaced, except the words that the protocol itself gives a meaning. */
function poisoned(value: unknown, poison: string, key = ""): unknown {
  if (["type", "action", "reason", "decision", "output_type"].includes(key)) return value;
  if (typeof value === "string") return poison;
  if (Array.isArray(value)) return key === "actions" ? value : value.map((item) => poisoned(item, poison));
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).map(([name, item]) => [name, poisoned(item, poison, name)]);
  return Object.fromEntries(fields);
}

function markupOutput(poison: string): CaveEvent {
  const data = { "text/html": poison, "image/png": poison, "image/svg+xml": poison, "text/plain": poison };
  const outputs = [{ output_type: "display_data", data, metadata: {} }];
  return { ...(EXAMPLES.get("rehearsed") as Extract<CaveEvent, { type: "rehearsed" }>), outputs };
}

afterEach(() => {
  document.body.replaceChildren();
});

test.each(HOSTILE)("%s", async (poison) => {
  const turns = [WAITING, FINISHED, [...WAITING, markupOutput(poison)], [...EXAMPLES.values()]];
  for (const turn of turns) {
    const events = turn.map((event) => poisoned(event, poison) as CaveEvent);
    mount(document.body, { signal: AbortSignal.abort() }).update(reduce(events), false);
    mount(document.body, { signal: AbortSignal.abort() }).update(reduce(turn), false);
  }
  await new Promise((resolve) => setTimeout(resolve, 10));

  const nodes = [...document.body.querySelectorAll("*")];
  expect(nodes.map((node) => node.localName).filter((name) => !OURS.has(name))).toEqual([]);
  expect(nodes.flatMap((node) => node.getAttributeNames()).filter((name) => !ATTRIBUTES.has(name))).toEqual(
    [],
  );
  expect(
    nodes.filter((node) => !/^(data:image\/(png|jpeg);base64,|$)/.test(node.getAttribute("src") ?? "")),
  ).toEqual([]);
  expect(
    nodes.filter((node) => node.matches(":is(button, input, textarea)") && !node.closest("[hidden]")),
  ).toEqual([]);
  expect((window as { hacked?: number }).hacked).toBeUndefined();
});

test("a table keeps its shape and loses everything else", () => {
  const root = document.createElement("div");
  const markup =
    '<table class="x" style="color:red"><tr><th colspan="2" onclick="y()">a</th></tr><tr><td rowspan="0">1<a href="/">2</a></td></tr></table>';

  root.append(...sanitised(markup).nodes);

  expect(root.innerHTML).toBe(
    '<table><tbody><tr><th colspan="2">a</th></tr><tr><td>12</td></tr></tbody></table>',
  );
});

test("too much markup is cut and says so", () => {
  const { nodes, cut } = sanitised("<b>x</b>".repeat(20_000));

  expect([nodes.length < 10_001, cut]).toEqual([true, true]);
});

test("markup that is nested without end is cut and says so", () => {
  expect(sanitised("<div>".repeat(500)).cut).toBe(true);
});
