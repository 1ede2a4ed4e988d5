/** nbformat outputs as nodes: text, tables and pictures, never markup. */
import type { Output } from "../protocol";
import { type Child, h } from "./dom";
import { sanitised } from "./sanitise";
import type { Trans } from "./trans";

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
const ANSI = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g;
const RULE = /^-{20,}\n/; // IPython draws one above a traceback
const BASE64 = /^[A-Za-z0-9+/=\s]+$/;
const PICTURES = ["image/png", "image/jpeg"] as const;

const SHORT = 8; // lines of a traceback that is shown as it is
const MOST_TEXT = 30_000; // characters of one output; laying out a longer line keeps the page from answering

type Fields = Readonly<Record<string, unknown>>;

/** One block for each output. */
export function outputs(list: readonly Output[], trans: Trans): readonly HTMLElement[] {
  return list.map((output) => {
    const node = h("div", { class: "cave-output" }, ...blockOf(output, trans));
    if (!node.querySelector("img")) {
      node.tabIndex = 0; // a long output scrolls: the keyboard must reach it
      node.setAttribute("role", "group");
      node.setAttribute("aria-label", trans.__("Output"));
    }
    return node;
  });
}

function blockOf(output: Output, trans: Trans): readonly Child[] {
  switch (output.output_type) {
    case "stream":
      return [stream(output, trans)];
    case "error":
      return refused(output) ? [refusal(output, trans)] : failure(output, trans);
    default:
      return display(fields(output.data), trans);
  }
}

/** Whether the guard held the code back: not a fault of the code. */
export function refused(output: Output): boolean {
  return output.output_type === "error" && output.ename === "CapabilityRefused";
}

function refusal(output: Output, trans: Trans): HTMLElement {
  return h("p", { class: "cave-warning" }, plain(text(output.evalue), trans));
}

/** What went wrong at one glance; a long way to it is folded. */
function failure(output: Output, trans: Trans): readonly Child[] {
  const lines = traceback(output, trans);
  if (lines.split("\n").length <= SHORT) return [h("pre", { class: "cave-error" }, lines)];
  const fold = h(
    "details",
    { class: "cave-fold" },
    h("summary", {}, trans.__("Traceback")),
    h("pre", { class: "cave-error" }, lines),
  );
  return [h("pre", { class: "cave-error" }, named(output, trans)), fold];
}

function named(output: Output, trans: Trans): string {
  return plain(`${text(output.ename)}: ${text(output.evalue)}`, trans);
}

function stream(output: Output, trans: Trans): HTMLElement {
  const kind = output.name === "stderr" ? "cave-stderr" : "cave-stdout";
  return h("pre", { class: kind }, plain(text(output.text), trans));
}

function traceback(output: Output, trans: Trans): string {
  const lines = Array.isArray(output.traceback) ? output.traceback.map(text).join("\n") : "";
  return plain(lines, trans).replace(RULE, "") || named(output, trans);
}

function display(data: Fields, trans: Trans): readonly Child[] {
  for (const type of PICTURES) {
    const encoded = text(data[type]);
    if (BASE64.test(encoded))
      return [picture(type, encoded, plain(text(data["text/plain"]), trans) || trans.__("a picture"))];
  }
  const markup = text(data["text/html"]);
  const table = markup ? sanitised(markup) : { nodes: [], cut: false };
  if (table.nodes.some((node) => node.textContent?.trim())) {
    const rest = table.cut
      ? [h("p", { class: "cave-quiet" }, trans.__("The rest is too much to draw here."))]
      : [];
    return [h("div", { class: "cave-html" }, ...table.nodes), ...rest];
  }
  if (data["text/plain"] !== undefined) return [h("pre", {}, plain(text(data["text/plain"]), trans))];
  const types = Object.keys(data).join(", ");
  const words = types ? trans.__("%1: not drawn here", types) : trans.__("shown in the cell's output");
  return [h("p", { class: "cave-quiet" }, words)];
}

function picture(type: string, encoded: string, description: string): HTMLElement {
  const source = `data:${type};base64,${encoded.replace(/\s/g, "")}`;
  return h("img", { src: source, alt: description });
}

/** nbformat allows a list of lines in place of text. */
function text(value: unknown): string {
  if (Array.isArray(value)) return value.map(text).join("");
  return typeof value === "string" ? value : "";
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

/** Without colours, without what a progress bar overwrote, and not without end. */
function plain(value: string, trans: Trans): string {
  const over = value.length - MOST_TEXT;
  const more = trans.__("… %1 more characters are not drawn here", over.toLocaleString("en-US"));
  const rest = over > 0 ? `\n${more}` : "";
  const lines = value.slice(0, MOST_TEXT).replace(ANSI, "").replaceAll("\r\n", "\n").split("\n");
  const text = lines.map((line) => line.split("\r").findLast(Boolean) ?? "").join("\n");
  return text.replace(/\n$/, "") + rest;
}
