/** Numbers and words as people read them. */

/** `1,214 tokens`, `≈ 1,214 tokens` for an estimate. */
export function tokens(count: number, estimated = false): string {
  return `${estimated ? "≈ " : ""}${count.toLocaleString("en-US")} ${count === 1 ? "token" : "tokens"}`;
}

/** `$0.0042`; empty where the price is not known. */
export function cost(dollars: number | null): string {
  if (dollars === null) return "";
  if (dollars === 0) return "$0";
  return dollars < 0.0001 ? "< $0.0001" : `$${dollars.toFixed(dollars < 1 ? 4 : 2)}`;
}

/** `0.21 s`, `12 s`, `2 min 5 s`. */
export function seconds(value: number): string {
  if (value < 10) return `${value.toFixed(2)} s`;
  return whole(value);
}

/** Whole seconds, for a clock that ticks. */
export function whole(value: number): string {
  const all = Math.floor(value);
  return all < 60 ? `${all} s` : `${Math.floor(all / 60)} min ${all % 60} s`;
}

/** The parts that say something, with dots between. */
export function joined(...parts: readonly string[]): string {
  return parts.filter(Boolean).join(" · ");
}

/** `write_file` → `write file`. */
export function words(name: string): string {
  return name.replaceAll("_", " ");
}
