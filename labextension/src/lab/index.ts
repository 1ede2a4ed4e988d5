/** The JupyterLab extension: announces itself to kernels, and shows what waits in a side panel. */
import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { IConsoleTracker } from "@jupyterlab/console";
import { INotebookTracker } from "@jupyterlab/notebook";
import { IRunningSessionManagers } from "@jupyterlab/running";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { IStatusBar } from "@jupyterlab/statusbar";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { setPageTrans } from "../render/trans";
import { offerUndoBelow } from "./below";
import { addCommands } from "./commands";
import { followKept } from "./kept";
import { runningTurns } from "./running";
import { followSessions } from "./sessions";
import { followSettings } from "./settings";
import { SidePanel } from "./side";
import { StatusItem } from "./status";

const ID = "caveagent-magic:side-panel";

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: "Shows the %%cave steps that wait for a decision.",
  autoStart: true,
  optional: [
    INotebookTracker,
    IConsoleTracker,
    ILayoutRestorer,
    ITranslator,
    ICommandPalette,
    IStatusBar,
    IRunningSessionManagers,
    ISettingRegistry,
  ],
  activate(
    app: JupyterFrontEnd,
    notebooks: INotebookTracker | null,
    consoles: IConsoleTracker | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    statusBar: IStatusBar | null,
    running: IRunningSessionManagers | null,
    registry: ISettingRegistry | null,
  ): void {
    const trans = (translator ?? nullTranslator).load("caveagent_magic");
    setPageTrans(trans);
    const panel = new SidePanel(
      (widget) => app.shell.activateById(widget.id),
      trans,
      () => draw(),
    );
    const open = (): void => app.shell.activateById(panel.id);
    const status = new StatusItem(trans, open);
    const watched = followSessions(notebooks, consoles, () => draw(), trans);
    const settings = followSettings(ID, registry, () => draw(), trans);
    const turns = runningTurns(watched, (widget) => app.shell.activateById(widget.id), trans);
    const draw = (): void => {
      for (const { watch } of watched.values()) void watch.handOver(settings.defaults);
      panel.draw(watched);
      offerUndoBelow(watched, trans);
      status.draw(watched);
      turns.changed();
    };
    followKept(draw);
    app.shell.add(panel, "right", { rank: 900 });
    restorer?.add(panel, panel.id);
    addCommands(app, palette, panel, open, trans);
    statusBar?.registerStatusItem(panel.id, { item: status, align: "left", rank: 900 });
    running?.add(turns.manager);
  },
};

export default plugin;
