/** A rehearsal that the person does not want to wait for. */
import type { Trace } from "../trace";
import { button, rest } from "./button";
import type { Reply } from "./control";
import { setText, show } from "./dom";
import type { Host } from "./host";

export interface HurryView {
  readonly node: HTMLButtonElement;
  update(trace: Trace, rehearsing: boolean): void;
}

/** The button; that a press came to nothing is told in `said`. */
export function hurryView(host: Host, said: HTMLElement): HurryView {
  const { trans } = host;
  const node = button(host, trans.__("Don't wait"), "plain", () => void press());
  node.classList.add("cave-late");
  let at = { turn: "", step: 0 };

  async function press(): Promise<void> {
    const asked = at;
    rest(node);
    setText(said, "");
    const reply = await host.send?.({ verb: "cut_rehearsal", ...asked }).catch(() => undefined);
    if (asked === at) heard(reply);
  }

  function heard(reply: Reply | undefined): void {
    if (reply?.status === "ok" || reply?.status === "stale") return;
    setText(said, reply?.message ?? trans.__("The kernel did not answer, and the rehearsal goes on."));
    node.disabled = false;
  }

  return {
    node,
    update({ started, steps }, rehearsing) {
      show(node, rehearsing);
      const [turn, step] = [started?.turn ?? "", steps.at(-1)?.number ?? 0];
      if (rehearsing && turn === at.turn && step === at.step) return;
      at = { turn, step };
      node.disabled = false;
    },
  };
}
