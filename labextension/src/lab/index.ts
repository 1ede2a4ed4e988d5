/** The JupyterLab extension: announces itself to kernels, and shows what waits in a side panel. */
import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { IConsoleTracker } from "@jupyterlab/console";
import { INotebookTracker } from "@jupyterlab/notebook";
import { followSessions } from "./sessions";
import { SidePanel } from "./side";

const plugin: JupyterFrontEndPlugin<void> = {
  id: "caveagent-magic:side-panel",
  description: "Shows the %%cave steps that wait for a decision.",
  autoStart: true,
  optional: [INotebookTracker, IConsoleTracker, ILayoutRestorer],
  activate(
    app: JupyterFrontEnd,
    notebooks: INotebookTracker | null,
    consoles: IConsoleTracker | null,
    restorer: ILayoutRestorer | null,
  ): void {
    const panel = new SidePanel((widget) => app.shell.activateById(widget.id));
    const watched = followSessions(notebooks, consoles, () => panel.draw(watched));
    app.shell.add(panel, "right", { rank: 900 });
    restorer?.add(panel, panel.id);
  },
};

export default plugin;
