/** The verdict in honest words: what was found, what could not be known, never "safe". */
import type { Finding, Verdict } from "../protocol";
import type { Trans } from "./trans";

/** Invisible characters, no Python, top-level await: no policy could allow these. */
const UNRUNNABLE: ReadonlySet<string> = new Set(["CAVE001", "CAVE002", "CAVE903"]);

/** One short phrase. */
export function verdictWords(verdict: Verdict, trans: Trans): string {
  if (verdict.decision === "allow") return trans.__("nothing found that needs asking");
  const counted = counts(verdict.findings, trans);
  if (verdict.decision === "deny" && verdict.findings.some(({ code }) => UNRUNNABLE.has(code)))
    return trans.__("cannot be run as it is");
  if (verdict.decision === "deny")
    return counted ? trans.__("forbidden by the policy: %1", counted) : trans.__("forbidden by the policy");
  return counted ? trans.__("%1, please look", counted) : trans.__("asks for a look");
}

function counts(findings: readonly Finding[], trans: Trans): string {
  const unknown = findings.filter((finding) => finding.capability === "unknown").length;
  const found = findings.length - unknown;
  return [found && trans.__("%1 found", found), unknown && trans.__("%1 could not be known", unknown)]
    .filter(Boolean)
    .join(", ");
}
