/** Draws a turn that was kept in a notebook: no kernel, no buttons. */
import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import { Widget } from "@lumino/widgets";
import { type CaveEvent, MIME_TYPE, VERSION } from "../protocol";
import { h } from "../render/dom";
import { pageTrans, type Trans } from "../render/trans";
import { mount } from "../render/turn";
import { reduce } from "../trace";
import { forget, type Kept, keep } from "./kept";

interface Bundle {
  readonly version: number;
  readonly events: readonly CaveEvent[];
}

class KeptTurn extends Widget implements IRenderMime.IRenderer, Kept {
  turn = "";
  private ending = new AbortController();

  /** Draw what is kept, in place of what was drawn before. */
  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.ending.abort();
    this.ending = new AbortController();
    this.node.replaceChildren();
    const kept = model.data[MIME_TYPE] as Partial<Bundle> | undefined;
    const { version, events } = { version: VERSION, events: [], ...kept };
    this.turn = events[0]?.turn ?? "";
    const trans = pageTrans(); // JupyterLab hands a renderer no translator
    if (version > VERSION) this.node.append(h("p", { class: "cave-newer" }, newer(version, trans)));
    mount(this.node, { signal: this.ending.signal, inNotebook: true, trans }).update(reduce(events), false);
    return Promise.resolve();
  }

  protected override onAfterAttach(): void {
    keep(this);
  }

  protected override onBeforeDetach(): void {
    forget(this);
  }

  override dispose(): void {
    this.ending.abort();
    super.dispose();
  }
}

function newer(version: number, trans: Trans): string {
  return trans.__(
    "This was kept by a newer caveagent_magic (format %1, this one reads %2): some of it may be missing below. Update caveagent_magic to see all.",
    version,
    VERSION,
  );
}

const extension: IRenderMime.IExtension = {
  id: "caveagent-magic:mime",
  description: "Draws the turns of %%cave that are kept in a notebook.",
  rendererFactory: {
    safe: true,
    mimeTypes: [MIME_TYPE],
    defaultRank: 10, // before text/html
    createRenderer: () => new KeptTurn(),
  },
  rank: 10,
  dataType: "json",
};

export default extension;
