import { describe, expect, test } from "vitest";
import type { Output } from "../src/protocol";
import { cost, seconds, tokens, whole } from "../src/render/format";
import { showMarkdown } from "../src/render/markdown";
import { outputs } from "../src/render/output";
import { highlight } from "../src/render/python";
import { english } from "../src/render/trans";
import { verdictWords } from "../src/render/verdict";
import { event } from "./examples";

function markdown(text: string): string {
  const root = document.createElement("div");
  showMarkdown(root, text);
  return root.innerHTML;
}

describe("markdown", () => {
  test.each([
    ["one\ntwo\n\nthree", "<p>one\ntwo</p><p>three</p>"],
    ["a **b `c`** *d* `e_f`", "<p>a <strong>b <code>c</code></strong> <em>d</em> <code>e_f</code></p>"],
    ["2 * 3 * 4 and a*b*c", "<p>2 * 3 * 4 and a*b*c</p>"],
    ["- x\n- y", "<ul><li>x</li><li>y</li></ul>"],
    ["1. x\n2. y", "<ol><li>x</li><li>y</li></ol>"],
    ["## Title", "<p><strong>Title</strong></p>"],
    ["```sql\nselect 1\n\nfrom t\n```\nend", "<pre>select 1\n\nfrom t</pre><p>end</p>"],
    ["[a](http://b)", "<p>[a](http://b)</p>"],
    ["**open", "<p>**open</p>"],
  ])("%j", (text, expected) => {
    expect(markdown(text)).toBe(expected);
  });

  test("what was said before stays while more is said", () => {
    const root = document.createElement("div");
    showMarkdown(root, "one\n\ntw");
    const first = root.firstChild;

    showMarkdown(root, "one\n\ntwo\n\nthree");

    expect([root.firstChild === first, root.textContent]).toEqual([true, "onetwothree"]);
  });
});

describe("python", () => {
  function kinds(code: string): readonly string[] {
    return highlight(code).flatMap((line) =>
      line.filter(({ kind }) => kind).map(({ kind, text }) => `${kind} ${text}`),
    );
  }

  test.each([
    ["def f(x): return x", ["keyword def", "definition f", "keyword return"]],
    ["print(1_000.5e-3, 0xFF)", ["builtin print", "number 1_000.5e-3", "number 0xFF"]],
    ["df.sum()  # all", ["comment # all"]],
    ["rb'\\'' + f\"{x}\"", ["string rb'\\''", 'string f"{x}"']],
    ['"""a\nb""" + 1', ['string """a', 'string b"""', "number 1"]],
    ['"""never closed\nclass A', ['string """never closed', "string class A"]],
    ["@cache\ndef größe(): ...", ["decorator @cache", "keyword def", "definition größe"]],
    ["a @ b", []],
  ])("%j", (code, expected) => {
    expect(kinds(code)).toEqual(expected);
  });

  test("no character is lost", () => {
    const code = 'x = \'a\n\tif  é😀: \\\n""" \r odd $ ? ~\n\n';

    expect(
      highlight(code)
        .map((line) => line.map(({ text }) => text).join(""))
        .join("\n"),
    ).toBe(code);
  });
});

describe("outputs", () => {
  function shown(output: Output): string {
    return outputs([output], english)
      .map((node) => node.innerHTML)
      .join("");
  }

  test.each<[string, Output, string]>([
    [
      "a stream loses its colours and what was overwritten",
      { output_type: "stream", name: "stderr", text: ["\u001b[31m10%\r", "100%\u001b[0m\n", "done\n"] },
      '<pre class="cave-stderr">100%\ndone</pre>',
    ],
    [
      "an error without traceback shows its name",
      { output_type: "error", ename: "KeyError", evalue: "'x'", traceback: [] },
      "<pre class=\"cave-error\">KeyError: 'x'</pre>",
    ],
    [
      "a traceback loses its rule",
      { output_type: "error", traceback: ["\u001b[31m---------------------------\u001b[39m", "KeyError: 1"] },
      '<pre class="cave-error">KeyError: 1</pre>',
    ],
    [
      "of a long traceback the end is seen at once, and the rest is folded",
      { output_type: "error", ename: "KeyError", evalue: "1", traceback: [..."abcdefghi"] },
      '<pre class="cave-error">KeyError: 1</pre><details class="cave-fold"><summary>Traceback</summary>' +
        '<pre class="cave-error">a\nb\nc\nd\ne\nf\ng\nh\ni</pre></details>',
    ],
    [
      "what the guard held back is one sentence",
      { output_type: "error", ename: "CapabilityRefused", evalue: "It may not write.", traceback: ["…"] },
      '<p class="cave-warning">It may not write.</p>',
    ],
    [
      "a picture comes before text",
      { output_type: "display_data", data: { "text/plain": "<Figure>", "image/png": "iVBO\nRw==" } },
      '<img src="data:image/png;base64,iVBORw==" alt="<Figure>">',
    ],
    [
      "markup without text gives way to plain text",
      { output_type: "execute_result", data: { "text/html": "<script>1</script>", "text/plain": "Chart()" } },
      "<pre>Chart()</pre>",
    ],
    [
      "what cannot be drawn is named",
      { output_type: "display_data", data: { "image/svg+xml": "<svg/>" } },
      '<p class="cave-quiet">image/svg+xml: not drawn here</p>',
    ],
    [
      "what was left to the cell's output says so",
      { output_type: "display_data", data: {} },
      '<p class="cave-quiet">shown in the cell\'s output</p>',
    ],
  ])("%s", (_, output, expected) => {
    expect(shown(output)).toBe(expected);
  });
});

test("text without end is cut and says how much is missing", () => {
  const [node] = outputs([{ output_type: "stream", name: "stdout", text: "x".repeat(31_234) }], english);

  expect(node?.textContent?.slice(30_000)).toBe("\n… 1,234 more characters are not drawn here");
});

test("the verdict never says safe", () => {
  const { findings } = event("judged").verdict;
  const words = (["allow", "ask", "deny"] as const).flatMap((decision) => [
    verdictWords({ decision, findings }, english),
    verdictWords({ decision, findings: [] }, english),
  ]);

  expect(words).toEqual([
    "nothing found that needs asking",
    "nothing found that needs asking",
    "1 found, 1 could not be known, please look",
    "asks for a look",
    "forbidden by the policy: 1 found, 1 could not be known",
    "forbidden by the policy",
  ]);
});

test("numbers are written as people read them", () => {
  expect([
    tokens(english, 1),
    tokens(english, 12345, true),
    cost(null),
    cost(0),
    cost(0.00001),
    cost(0.0042),
    cost(3),
  ]).toEqual([...["1 token", "≈ 12,345 tokens", "", "$0", "< $0.0001", "$0.0042", "$3.00"]]);
  expect([
    seconds(english, 0.214),
    seconds(english, 42.9),
    seconds(english, 125),
    whole(english, 9.9),
  ]).toEqual(["0.21 s", "42 s", "2 min 5 s", "9 s"]);
});
