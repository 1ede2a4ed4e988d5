/** What a view is given by the page it lives in. */
import type { Send } from "./control";
import type { Trans } from "./trans";

export interface Host {
  /** Takes requests to the kernel; without it nothing can be pressed. */
  readonly send?: Send;
  /** Interrupts the kernel as the notebook's own stop button does, where the page can. */
  readonly interrupt?: () => Promise<void>;
  /** Whether an event comes from the person and not from a script in the page. */
  readonly genuine: (event: Event) => boolean;
  /** Whether changes of state are told to screen readers here; another panel of the same turn may do it. */
  readonly announces?: () => boolean;
  /** What the person reads. */
  readonly trans: Trans;
  /** Ends every listener and clock. */
  readonly signal: AbortSignal;
}

export const fromThePerson = (event: Event): boolean => event.isTrusted;
