/** What an undo, or a redo, gave back and what it could not. */
import type { Undone } from "../protocol";
import type { Trans } from "./trans";

export function undoneWords({ names, not_undone, redo }: Undone, trans: Trans): string {
  const list = names.join(", ");
  const back = redo ? trans.__("Done again: %1.", list) : trans.__("Undone: %1.", list);
  const kept = not_undone.map(({ name, summary }) =>
    redo
      ? trans.__("Not done again: %1: %2.", name, summary)
      : trans.__("Not undone: %1: %2.", name, summary),
  );
  return [...(names.length ? [back] : []), ...kept].join("\n");
}
