/** Draws a turn that was kept in a notebook: no kernel, no buttons. */
import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import { Widget } from "@lumino/widgets";
import { type CaveEvent, MIME_TYPE, VERSION } from "../protocol";
import { h } from "../render/dom";
import { mount } from "../render/turn";
import { reduce } from "../trace";

interface Kept {
  readonly version: number;
  readonly events: readonly CaveEvent[];
}

class KeptTurn extends Widget implements IRenderMime.IRenderer {
  private ending = new AbortController();

  /** Draw what is kept, in place of what was drawn before. */
  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.ending.abort();
    this.ending = new AbortController();
    this.node.replaceChildren();
    const kept = model.data[MIME_TYPE] as Partial<Kept> | undefined;
    const { version, events } = { version: VERSION, events: [], ...kept };
    if (version > VERSION) this.node.append(h("p", { class: "cave-newer" }, newer(version)));
    mount(this.node, { signal: this.ending.signal, inNotebook: true }).update(reduce(events), false);
    return Promise.resolve();
  }

  override dispose(): void {
    this.ending.abort();
    super.dispose();
  }
}

/** In English: JupyterLab hands a renderer no translator. */
function newer(version: number): string {
  return (
    `This was kept by a newer caveagent_magic (format ${version}, this one reads ${VERSION}): ` +
    "some of it may be missing below. Update caveagent_magic to see all."
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
