/** Commands for the palette and for keys; a decision is a press of the button that the person sees. */
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { ICommandPalette } from "@jupyterlab/apputils";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { SidePanel } from "./side";

export function addCommands(
  app: JupyterFrontEnd,
  palette: ICommandPalette | null,
  panel: SidePanel,
  open: () => void,
  trans: TranslationBundle,
): void {
  const category = trans.__("Cave");
  const add = (
    name: string,
    label: string,
    execute: () => unknown,
    isEnabled = (): boolean => true,
  ): void => {
    const command = `caveagent-magic:${name}`;
    app.commands.addCommand(command, { label, caption: label, execute, isEnabled });
    palette?.addItem({ command, category });
  };
  add("show", trans.__("Show the Side Panel"), open);
  add(
    "stop",
    trans.__("Stop the Turn"),
    () => panel.stop(),
    () => panel.current !== undefined,
  );
  add(
    "undo",
    trans.__("Undo the Last Step"),
    () => {
      open(); // what came of it is said there
      panel.undo();
    },
    () => Boolean(panel.undoable),
  );
  add(
    "make-cells",
    trans.__("Make Cells of the Approved Steps"),
    () => {
      open();
      panel.makeCells();
    },
    () => Boolean(panel.convertible),
  );
  add("run", trans.__("Go to the Run Button of the Waiting Step"), () => panel.focusOn("run", open));
  add("skip", trans.__("Go to the Skip Button of the Waiting Step"), () => panel.focusOn("skip", open));
}
