/** The side panel: the turns that are running in open notebooks, and the steps that can be taken back. */
import type { ISessionContext } from "@jupyterlab/apputils";
import { LabIcon } from "@jupyterlab/ui-components";
import { Widget } from "@lumino/widgets";
import { h, setText, show } from "../render/dom";
import { fromThePerson } from "../render/host";
import { mount, type TurnView } from "../render/turn";
import { reduce } from "../trace";
import type { Watched } from "./sessions";
import { type UndoView, undoView } from "./undo";
import type { KernelWatch } from "./watch";

const ICON = new LabIcon({
  name: "caveagent-magic:icon",
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path class="jp-icon3" fill="#616161" ' +
    'd="M2 20v-7a10 10 0 0 1 20 0v7h-6v-4.5a4 4 0 0 0-8 0V20z"/></svg>',
});
const NOTHING =
  "No turn is running. When a %%cave cell waits for your decision, it appears here, also after the page was reloaded.";

interface Entry {
  readonly node: HTMLElement;
  readonly title: HTMLElement;
  readonly undo: UndoView;
  readonly ending: AbortController;
  turn: Turn | null;
}

interface Turn {
  readonly id: string;
  readonly view: TurnView;
  readonly node: HTMLElement;
  readonly ending: AbortController;
}

export class SidePanel extends Widget {
  private readonly entries = new Map<ISessionContext, Entry>();
  private readonly nothing = h("p", { class: "cave-side-nothing" }, NOTHING);
  private readonly list = h("div", { class: "cave-side-list" });

  /** `reveal` brings the notebook of an entry to the front. */
  constructor(private readonly reveal: (widget: Widget) => void) {
    super();
    this.id = "caveagent-magic";
    this.addClass("cave-side");
    this.title.icon = ICON;
    this.title.caption = "Cave";
    this.node.setAttribute("aria-label", "Cave");
    this.node.append(this.nothing, this.list);
  }

  /** Draw what the sessions tell. */
  draw(watched: ReadonlyMap<ISessionContext, Watched>): void {
    for (const [session, entry] of this.entries) {
      if (!hasToShow(watched.get(session))) this.remove(session, entry);
    }
    for (const [session, shown] of watched) {
      if (!hasToShow(shown)) continue;
      const entry = this.entries.get(session) ?? this.add(session, shown);
      setText(entry.title, shown.widget.title.label);
      entry.undo.update(shown.watch.undo);
      drawTurn(entry, shown.watch);
    }
    show(this.nothing, this.entries.size === 0);
  }

  private add(session: ISessionContext, { widget, watch }: Watched): Entry {
    const ending = new AbortController();
    const title = h("button", { type: "button", class: "cave-side-title" });
    title.addEventListener("click", () => this.reveal(widget), { signal: ending.signal });
    const undo = undoView({ genuine: fromThePerson, signal: ending.signal }, watch);
    const node = h("div", { class: "cave-side-entry" }, title, undo.node);
    const entry: Entry = { node, title, undo, ending, turn: null };
    this.entries.set(session, entry);
    this.list.append(node);
    return entry;
  }

  private remove(session: ISessionContext, entry: Entry): void {
    entry.turn?.ending.abort();
    entry.ending.abort();
    entry.node.remove();
    this.entries.delete(session);
  }
}

function hasToShow(watched: Watched | undefined): boolean {
  const watch = watched?.watch;
  return Boolean(watch && (watch.events.length || watch.undo.steps || watch.undo.redo));
}

/** The turn that is running, in the place of the one before it. */
function drawTurn(entry: Entry, watch: KernelWatch): void {
  const id = watch.events[0]?.turn;
  if (entry.turn && entry.turn.id !== id) {
    entry.turn.ending.abort();
    entry.turn.node.remove();
    entry.turn = null;
  }
  if (id === undefined) return;
  entry.turn ??= newTurn(entry, id, watch);
  entry.turn.view.update(reduce(watch.events), true);
}

function newTurn(entry: Entry, id: string, watch: KernelWatch): Turn {
  const ending = new AbortController();
  const node = h("div", {});
  const view = mount(node, { send: watch.send, signal: ending.signal });
  entry.node.append(node);
  return { id, view, node, ending };
}
