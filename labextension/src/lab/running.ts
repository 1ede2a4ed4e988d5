/** The turns that are running, among JupyterLab's running sessions, each with a stop button. */
import type { IRunningSessions } from "@jupyterlab/running";
import type { TranslationBundle } from "@jupyterlab/translation";
import { Signal } from "@lumino/signaling";
import type { Widget } from "@lumino/widgets";
import type { Watched } from "./sessions";
import { ICON } from "./side";
import { stopTurn } from "./stopping";

export interface Turns {
  readonly manager: IRunningSessions.IManager;
  changed(): void;
}

export function runningTurns(
  watched: ReadonlyMap<unknown, Watched>,
  reveal: (widget: Widget) => void,
  trans: TranslationBundle,
): Turns {
  const now = (): Watched[] => [...watched.values()].filter(({ watch }) => watch.events.length);
  const stop = ({ watch }: Watched): void => void stopTurn(watch, trans);
  const sender = {};
  const runningChanged = new Signal<unknown, unknown>(sender);
  let count = 0;
  const manager: IRunningSessions.IManager = {
    name: trans.__("Cave turns"),
    running: () =>
      now().map((each) => ({
        open: () => reveal(each.widget),
        shutdown: () => stop(each),
        icon: () => ICON,
        label: () => each.widget.title.label,
      })),
    shutdownAll: () => now().forEach(stop),
    refreshRunning: () => runningChanged.emit(undefined),
    runningChanged,
    shutdownLabel: trans.__("Stop"),
    shutdownAllLabel: trans.__("Stop All"),
  };
  return {
    manager,
    changed() {
      if (count === now().length) return;
      count = now().length;
      runningChanged.emit(undefined);
    },
  };
}
