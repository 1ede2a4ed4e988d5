/** The side panel: the turns that are running in open notebooks, and the steps that can be taken back. */
import type { ISessionContext } from "@jupyterlab/apputils";
import type { TranslationBundle } from "@jupyterlab/translation";
import { LabIcon } from "@jupyterlab/ui-components";
import { Widget } from "@lumino/widgets";
import type { Action } from "../protocol";
import { h, setText, show } from "../render/dom";
import { fromThePerson, type Host } from "../render/host";
import { mount, type TurnView } from "../render/turn";
import { hasRun, type UndoView, undoView } from "../render/undo";
import { reduce } from "../trace";
import { type LabCells, labCells } from "./cells";
import { type LookView, lookView } from "./look";
import { type ReportView, reportView } from "./report";
import type { Watched } from "./sessions";
import { stopTurn } from "./stopping";
import type { KernelWatch } from "./watch";

export const ICON = new LabIcon({
  name: "caveagent-magic:icon",
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path class="jp-icon3" fill="#616161" ' +
    'd="M2 20v-7a10 10 0 0 1 20 0v7h-6v-4.5a4 4 0 0 0-8 0V20z"/></svg>',
});
const nothing = (trans: TranslationBundle): string =>
  trans.__(
    "No turn is running. When a %1 cell waits for your decision, it appears here, also after the page was reloaded.",
    "%%cave",
  );

export interface Entry {
  readonly node: HTMLElement;
  readonly title: HTMLElement;
  readonly ended: HTMLElement;
  readonly undo: UndoView;
  readonly cells: LabCells;
  readonly look: LookView;
  readonly report: ReportView;
  readonly turns: HTMLElement;
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
  private readonly nothing: HTMLElement;
  private watches: readonly KernelWatch[] = [];
  private wanted: Action | "" = "";
  private readonly list = h("div", { class: "cave-side-list" });

  /** `reveal` brings the notebook of an entry to the front. */
  constructor(
    private readonly reveal: (widget: Widget) => void,
    private readonly trans: TranslationBundle,
    private readonly opened: () => void,
  ) {
    super();
    this.nothing = h("p", { class: "cave-side-nothing" }, nothing(trans));
    this.id = "caveagent-magic";
    this.addClass("cave-side");
    this.title.icon = ICON;
    this.title.caption = trans.__("Cave");
    this.node.setAttribute("aria-label", trans.__("Cave"));
    this.node.setAttribute("role", "region");
    this.node.tabIndex = -1;
    this.node.append(this.nothing, this.list);
  }

  /** Draw what the sessions tell. */
  draw(watched: ReadonlyMap<ISessionContext, Watched>): void {
    this.watches = [...watched.values()].map(({ watch }) => watch);
    for (const [session, entry] of this.entries) {
      if (!hasToShow(watched.get(session))) this.remove(session, entry);
    }
    for (const [session, shown] of watched) {
      if (!hasToShow(shown)) continue;
      const entry = this.entries.get(session) ?? this.add(session, shown);
      setText(entry.title, shown.widget.title.label);
      const notice = shown.watch.ended || shown.watch.silent;
      setText(entry.ended, notice);
      show(entry.ended, notice !== "");
      entry.undo.update(shown.watch.undo);
      entry.cells.update();
      if (this.isVisible) {
        entry.look.update();
        entry.report.update();
      }
      drawTurn(entry, shown.watch, this.trans);
    }
    show(this.nothing, this.entries.size === 0);
  }

  /** The first turn that is running. */
  get current(): KernelWatch | undefined {
    return this.watches.find((watch) => watch.events.length > 0);
  }

  /** The first notebook with a step to undo. */
  get undoable(): Entry | undefined {
    return [...this.entries.values()].find(({ undo }) => undo.possible());
  }

  /** Stop the turn that is running. */
  stop(): void {
    if (this.current) void stopTurn(this.current, this.trans);
  }

  /** Take the last step back. */
  undo(): void {
    this.undoable?.undo.step();
  }

  /** The notebook in front of the others with steps that can become cells. */
  get convertible(): Entry | undefined {
    return [...this.entries.values()].find(({ cells }) => cells.possible());
  }

  /** Put the approved steps below their cell. */
  makeCells(): void {
    this.convertible?.cells.make();
  }

  /** Bring the panel to the front with the focus on a button of the step that waits. */
  focusOn(action: Action, open: () => void): void {
    this.wanted = action;
    open();
  }

  protected override onAfterShow(): void {
    this.opened();
  }

  /** Comes some time after the panel was opened, so the focus is given here. */
  protected override onActivateRequest(): void {
    const ways = this.wanted ? `[data-action="${this.wanted}"], .cave-question :is(button, input)` : "";
    const found = ways ? [...this.list.querySelectorAll<HTMLElement>(ways)] : [];
    this.wanted = "";
    (found.find((each) => each.offsetParent !== null) ?? this.node).focus();
  }

  private add(session: ISessionContext, { widget, watch }: Watched): Entry {
    const ending = new AbortController();
    const title = h("button", { type: "button", class: "cave-side-title" });
    title.addEventListener("click", () => this.reveal(widget), { signal: ending.signal });
    const host: Host = { genuine: fromThePerson, signal: ending.signal, trans: this.trans };
    const undo = undoView(host, watch.takeBack);
    const cells = labCells(host, widget, watch);
    undo.buttons.append(cells.button);
    undo.node.append(cells.said);
    const ended = h("p", { class: "cave-side-ended", role: "alert" });
    const look = lookView(watch, this.trans, ending.signal);
    const report = reportView(watch, this.trans, ending.signal);
    const turns = h("div", {});
    const node = h(
      "div",
      { class: "cave-side-entry" },
      title,
      ended,
      turns,
      undo.node,
      look.node,
      report.node,
    );
    const entry: Entry = { node, title, ended, undo, cells, look, report, turns, ending, turn: null };
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
  return Boolean(
    watch && (watch.events.length || hasRun(watch.undo) || watch.undo.redo || watch.greeted || watch.ended),
  );
}

/** The turn that is running, in the place of the one before it. */
function drawTurn(entry: Entry, watch: KernelWatch, trans: TranslationBundle): void {
  const id = watch.events[0]?.turn;
  if (entry.turn && entry.turn.id !== id) {
    entry.turn.ending.abort();
    entry.turn.node.remove();
    entry.turn = null;
  }
  if (id === undefined) return;
  entry.turn ??= newTurn(entry, id, watch, trans);
  entry.turn.view.update(reduce(watch.events), true);
}

function newTurn(entry: Entry, id: string, watch: KernelWatch, trans: TranslationBundle): Turn {
  const ending = new AbortController();
  const node = h("div", {});
  const announces = (): boolean =>
    !document.querySelector(`.jp-Notebook section.cave[data-turn="${CSS.escape(id)}"]`);
  const view = mount(node, {
    send: watch.send,
    interrupt: watch.interrupt,
    trans,
    signal: ending.signal,
    announces,
  });
  entry.turns.append(node);
  return { id, view, node, ending };
}
