/** The examples of the protocol, shared with the Python tests, and turns made of them. */
import type { CaveEvent } from "../src/protocol";

const files = import.meta.glob<CaveEvent>("../../tests/examples/events/*.json", {
  eager: true,
  import: "default",
});

/** Every example, by the type of its event. */
export const EXAMPLES: ReadonlyMap<string, CaveEvent> = new Map(
  Object.values(files).map((event) => [event.type, event]),
);

/** An example with some fields changed. */
export function event<Type extends CaveEvent["type"]>(
  type: Type,
  fields: Partial<Extract<CaveEvent, { type: Type }>> = {},
): Extract<CaveEvent, { type: Type }> {
  const example = EXAMPLES.get(type);
  if (!example) throw new Error(`there is no example of ${type}`);
  return { ...(example as Extract<CaveEvent, { type: Type }>), ...fields };
}

/** A turn that waits for a decision. */
export const WAITING: readonly CaveEvent[] = [
  event("turn_started"),
  event("prose"),
  event("code_proposed"),
  event("usage"),
  event("judged"),
  event("rehearsed"),
  event("decision_asked"),
];

/** The same turn, run and answered. */
export const FINISHED: readonly CaveEvent[] = [
  ...WAITING,
  event("decided"),
  event("ran"),
  event("observed"),
  event("prose", { step: 2, text: event("turn_ended").answer }),
  event("usage", { step: 2 }),
  event("turn_ended"),
];
