/** What an undo, or a redo, gave back and what it could not. */
import type { Undone } from "../protocol";

export function undoneWords({ names, not_undone, redo }: Undone): string {
  const back = names.length ? [`${redo ? "Done again" : "Undone"}: ${names.join(", ")}.`] : [];
  const kept = not_undone.map(
    ({ name, summary }) => `Not ${redo ? "done again" : "undone"}: ${name}: ${summary}.`,
  );
  return [...back, ...kept].join("\n");
}
