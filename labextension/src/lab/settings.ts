/** The person's settings, which kernels take as defaults. */
import { Notification } from "@jupyterlab/apputils";
import type { ISettingRegistry } from "@jupyterlab/settingregistry";
import type { TranslationBundle } from "@jupyterlab/translation";

export interface Settings {
  /** Another object after each change; only what the person has set. */
  defaults: Readonly<Record<string, unknown>>;
}

export function followSettings(
  id: string,
  registry: ISettingRegistry | null,
  changed: () => void,
  trans: TranslationBundle,
): Settings {
  const settings: Settings = { defaults: {} };
  void registry
    ?.load(id)
    .then((found) => {
      const take = (): void => {
        settings.defaults = { ...found.user };
        changed();
      };
      found.changed.connect(take);
      take();
    })
    .catch((reason) => {
      Notification.warning(trans.__("The settings of Cave cannot be read: %1", String(reason)));
    });
  return settings;
}
