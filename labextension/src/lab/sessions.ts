/** The notebooks and consoles that are open, each with a watch over its Python kernel. */
import type { ISessionContext } from "@jupyterlab/apputils";
import type { IConsoleTracker } from "@jupyterlab/console";
import type { INotebookTracker } from "@jupyterlab/notebook";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { Widget } from "@lumino/widgets";
import { KernelWatch, mentionsCave } from "./watch";

export interface Watched {
  readonly widget: Widget;
  readonly watch: KernelWatch;
}

/** Follow every session of the trackers; `changed` is called when one of them has something new to show. */
export function followSessions(
  notebooks: INotebookTracker | null,
  consoles: IConsoleTracker | null,
  changed: () => void,
  trans: TranslationBundle,
): ReadonlyMap<ISessionContext, Watched> {
  const watched = new Map<ISessionContext, Watched>();
  notebooks?.widgetAdded.connect((_, panel) => {
    const says = (): boolean =>
      panel.content.model?.sharedModel.cells.some((cell) => mentionsCave(cell.source)) ?? false;
    void panel.context.ready.then(() => follow(panel, panel.sessionContext, says, watched, changed, trans));
  });
  consoles?.widgetAdded.connect((_, panel) => {
    follow(panel, panel.sessionContext, () => false, watched, changed, trans);
  });
  return watched;
}

function follow(
  widget: Widget,
  session: ISessionContext,
  saysCave: () => boolean,
  watched: Map<ISessionContext, Watched>,
  changed: () => void,
  trans: TranslationBundle,
): void {
  const forget = (): void => {
    watched.get(session)?.watch.dispose();
    if (watched.delete(session)) changed();
  };
  const renew = (): void => {
    forget();
    const kernel = session.session?.kernel;
    if (!kernel) return;
    const watch = new KernelWatch(kernel, changed, trans);
    watched.set(session, { widget, watch });
    if (saysCave()) void whenPython(session, () => watch.greet());
  };
  session.kernelChanged.connect(renew);
  widget.disposed.connect(forget);
  renew();
}

/** A kernel of another language is never spoken to. */
async function whenPython(session: ISessionContext, then: () => Promise<void>): Promise<void> {
  const name = session.session?.kernel?.name ?? "";
  const spec = session.specsManager.specs?.kernelspecs[name];
  if (!spec || spec.language === "python") await then();
}
