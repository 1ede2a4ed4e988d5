/** What is said when the kernel gives no answer, or is gone. */
import type { Trans } from "./trans";

export function lost(trans: Trans): string {
  return trans.__("The kernel did not answer. It may have been restarted; run the cell again.");
}

/** What happened to a kernel with this status; empty: it is still the one that it was. */
export function gonePhrase(status: string, trans: Trans): string {
  if (status === "dead") return trans.__("The kernel died");
  if (status === "autorestarting") return trans.__("The kernel died and was restarted");
  return status === "restarting" ? trans.__("The kernel was restarted") : "";
}
