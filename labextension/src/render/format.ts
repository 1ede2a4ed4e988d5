/** Numbers as people read them. */
import type { Trans } from "./trans";

/** `1,214 tokens`, `≈ 1,214 tokens` for an estimate. */
export function tokens(trans: Trans, count: number, estimated = false): string {
  const shown = `${estimated ? "≈ " : ""}${count.toLocaleString("en-US")}`;
  return trans._n("%2 token", "%2 tokens", count, shown);
}

/** `$0.0042`; empty where the price is not known. */
export function cost(dollars: number | null): string {
  if (dollars === null) return "";
  if (dollars === 0) return "$0";
  return dollars < 0.0001 ? "< $0.0001" : `$${dollars.toFixed(dollars < 1 ? 4 : 2)}`;
}

/** `0.21 s`, `12 s`, `2 min 5 s`. */
export function seconds(trans: Trans, value: number): string {
  return value < 10 ? trans.__("%1 s", value.toFixed(2)) : whole(trans, value);
}

/** Whole seconds, for a clock that ticks. */
export function whole(trans: Trans, value: number): string {
  const all = Math.floor(value);
  return all < 60 ? trans.__("%1 s", all) : trans.__("%1 min %2 s", Math.floor(all / 60), all % 60);
}

/** The parts that say something, with dots between. */
export function joined(...parts: readonly string[]): string {
  return parts.filter(Boolean).join(" · ");
}
