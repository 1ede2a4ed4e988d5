/** A stop from outside of any panel: what came of it is told in JupyterLab's notifications. */
import { Notification } from "@jupyterlab/apputils";
import type { TranslationBundle } from "@jupyterlab/translation";
import { stopping } from "../render/stop";
import type { KernelWatch } from "./watch";

export async function stopTurn({ send, interrupt }: KernelWatch, trans: TranslationBundle): Promise<void> {
  const { status, message } = await stopping({ send, interrupt, trans });
  if (message) Notification.emit(message, status === "error" ? "error" : "info");
}
