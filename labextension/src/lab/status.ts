/** The item in the status bar: idle, thinking, or waiting for the person. */
import type { TranslationBundle } from "@jupyterlab/translation";
import { Widget } from "@lumino/widgets";
import { h, setText, show } from "../render/dom";
import { phase, reduce } from "../trace";
import type { Watched } from "./sessions";

export class StatusItem extends Widget {
  private readonly button: HTMLButtonElement;

  constructor(
    private readonly trans: TranslationBundle,
    open: () => void,
  ) {
    super();
    this.addClass("cave-status");
    this.button = h("button", { type: "button", title: trans.__("Open the side panel") });
    this.button.addEventListener("click", open);
    this.node.append(this.button);
    show(this.button, false);
  }

  draw(watched: ReadonlyMap<unknown, Watched>): void {
    const all = [...watched.values()].map(({ watch }) => watch);
    const turns = all.filter((watch) => watch.events.length);
    const waiting = turns.filter((watch) => phase(reduce(watch.events)) === "waiting").length;
    const { trans } = this;
    const words = waiting
      ? trans._n("waits for you", "%1 wait for you", waiting)
      : turns.length
        ? trans.__("thinking")
        : trans.__("idle");
    setText(this.button, trans.__("Cave: %1", words));
    this.button.classList.toggle("cave-status-waits", waiting > 0);
    show(
      this.button,
      all.some((watch) => watch.greeted),
    );
  }
}
