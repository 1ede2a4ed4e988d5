/** The verdict in honest words: what was found, what could not be known, never "safe". */
import type { Finding, Verdict } from "../protocol";

/** Invisible characters, no Python, top-level await: no policy could allow these. */
const UNRUNNABLE: ReadonlySet<string> = new Set(["CAVE001", "CAVE002", "CAVE903"]);

/** One short phrase. */
export function verdictWords(verdict: Verdict): string {
  if (verdict.decision === "allow") return "nothing found that needs asking";
  const counted = counts(verdict.findings);
  if (verdict.decision === "deny" && verdict.findings.some(({ code }) => UNRUNNABLE.has(code)))
    return "cannot be run as it is";
  if (verdict.decision === "deny")
    return counted ? `forbidden by the policy: ${counted}` : "forbidden by the policy";
  return counted ? `${counted}, please look` : "asks for a look";
}

function counts(findings: readonly Finding[]): string {
  const unknown = findings.filter((finding) => finding.capability === "unknown").length;
  const found = findings.length - unknown;
  return [found && `${found} found`, unknown && `${unknown} could not be known`].filter(Boolean).join(", ");
}
