/** What code reaches for, in words. */
import type { Capability } from "../protocol";
import type { Trans } from "./trans";

export function capabilityWords(capability: Capability, trans: Trans): string {
  const words: Readonly<Record<Capability, string>> = {
    read_file: trans.__("read file"),
    write_file: trans.__("write file"),
    delete_file: trans.__("delete file"),
    network: trans.__("network"),
    process: trans.__("process"),
    dynamic_code: trans.__("dynamic code"),
    introspection: trans.__("introspection"),
    deserialization: trans.__("deserialization"),
    secrets: trans.__("secrets"),
    native: trans.__("native"),
    kernel: trans.__("kernel"),
    shadowing: trans.__("shadowing"),
    markup: trans.__("markup"),
    exhaustion: trans.__("exhaustion"),
    unknown: trans.__("could not be known"),
  };
  return words[capability] ?? capability; // a newer kernel may know more
}
