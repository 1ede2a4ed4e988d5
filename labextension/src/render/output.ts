/** nbformat outputs as nodes: text, tables and pictures, never markup. */
import type { Output } from "../protocol";
import { type Child, h } from "./dom";
import { sanitised } from "./sanitise";

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
const ANSI = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g;
const RULE = /^-{20,}\n/; // IPython draws one above a traceback
const BASE64 = /^[A-Za-z0-9+/=\s]+$/;
const PICTURES = ["image/png", "image/jpeg"] as const;

const MOST_TEXT = 100_000; // characters of one output; more keeps the page from answering

type Fields = Readonly<Record<string, unknown>>;

/** One block for each output. */
export function outputs(list: readonly Output[]): readonly HTMLElement[] {
  return list.map((output) => {
    const node = h("div", { class: "cave-output" }, ...blockOf(output));
    if (!node.querySelector("img")) {
      node.tabIndex = 0; // a long output scrolls: the keyboard must reach it
      node.setAttribute("role", "group");
      node.setAttribute("aria-label", "Output");
    }
    return node;
  });
}

function blockOf(output: Output): readonly Child[] {
  switch (output.output_type) {
    case "stream":
      return [stream(output)];
    case "error":
      return [refused(output) ? refusal(output) : h("pre", { class: "cave-error" }, traceback(output))];
    default:
      return display(fields(output.data));
  }
}

/** Whether the guard held the code back: not a fault of the code. */
export function refused(output: Output): boolean {
  return output.output_type === "error" && output.ename === "CapabilityRefused";
}

function refusal(output: Output): HTMLElement {
  return h("p", { class: "cave-warning" }, plain(text(output.evalue)));
}

function stream(output: Output): HTMLElement {
  const kind = output.name === "stderr" ? "cave-stderr" : "cave-stdout";
  return h("pre", { class: kind }, plain(text(output.text)));
}

function traceback(output: Output): string {
  const lines = Array.isArray(output.traceback) ? output.traceback.map(text).join("\n") : "";
  return plain(lines).replace(RULE, "") || plain(`${text(output.ename)}: ${text(output.evalue)}`);
}

function display(data: Fields): readonly Child[] {
  for (const type of PICTURES) {
    const encoded = text(data[type]);
    if (BASE64.test(encoded)) return [picture(type, encoded, plain(text(data["text/plain"])))];
  }
  const markup = text(data["text/html"]);
  const table = markup ? sanitised(markup) : { nodes: [], cut: false };
  if (table.nodes.some((node) => node.textContent?.trim())) {
    const rest = table.cut ? [h("p", { class: "cave-quiet" }, "The rest is too much to draw here.")] : [];
    return [h("div", { class: "cave-html" }, ...table.nodes), ...rest];
  }
  if (data["text/plain"] !== undefined) return [h("pre", {}, plain(text(data["text/plain"])))];
  const types = Object.keys(data).join(", ");
  return [h("p", { class: "cave-quiet" }, types ? `${types}: not drawn here` : "shown in the cell's output")];
}

function picture(type: string, encoded: string, description: string): HTMLElement {
  const source = `data:${type};base64,${encoded.replace(/\s/g, "")}`;
  return h("img", { src: source, alt: description || "a picture" });
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
function plain(value: string): string {
  const over = value.length - MOST_TEXT;
  const rest = over > 0 ? `\n… ${over.toLocaleString("en-US")} more characters are not drawn here` : "";
  const lines = value.slice(0, MOST_TEXT).replace(ANSI, "").replaceAll("\r\n", "\n").split("\n");
  const text = lines.map((line) => line.split("\r").findLast(Boolean) ?? "").join("\n");
  return text.replace(/\n$/, "") + rest;
}
