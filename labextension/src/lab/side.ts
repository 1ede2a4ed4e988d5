/** The side panel: the turns that are running in open notebooks, with the same buttons as in the cell. */
import type { ISessionContext } from "@jupyterlab/apputils";
import { LabIcon } from "@jupyterlab/ui-components";
import { Widget } from "@lumino/widgets";
import { h, setText, show } from "../render/dom";
import { mount, type TurnView } from "../render/turn";
import { reduce } from "../trace";
import type { Watched } from "./sessions";

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
  readonly view: TurnView;
  readonly turn: string;
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
      const { events } = watched.get(session)?.watch ?? { events: [] };
      if (events[0]?.turn !== entry.turn) this.remove(session, entry);
    }
    for (const [session, { widget, watch }] of watched) {
      if (!watch.events.length) continue;
      const entry = this.entries.get(session) ?? this.add(session, widget, watch);
      setText(entry.title, widget.title.label);
      entry.view.update(reduce(watch.events), true);
    }
    show(this.nothing, this.entries.size === 0);
  }

  private add(session: ISessionContext, widget: Widget, watch: Watched["watch"]): Entry {
    const ending = new AbortController();
    const title = h("button", { type: "button", class: "cave-side-title" });
    title.addEventListener("click", () => this.reveal(widget), { signal: ending.signal });
    const node = h("div", { class: "cave-side-entry" }, title);
    const view = mount(node, { send: watch.send, signal: ending.signal });
    const entry = { node, title, view, ending, turn: watch.events[0]?.turn ?? "" };
    this.entries.set(session, entry);
    this.list.append(node);
    return entry;
  }

  private remove(session: ISessionContext, entry: Entry): void {
    entry.ending.abort();
    entry.node.remove();
    this.entries.delete(session);
  }
}
