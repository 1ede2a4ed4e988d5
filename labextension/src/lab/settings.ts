/** The person's settings, which kernels take as defaults. */
import type { ISettingRegistry } from "@jupyterlab/settingregistry";

export interface Settings {
  /** Another object after each change; only what the person has set. */
  defaults: Readonly<Record<string, unknown>>;
}

export function followSettings(id: string, registry: ISettingRegistry | null, changed: () => void): Settings {
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
    .catch((reason) => console.warn("The settings of Cave cannot be read.", reason));
  return settings;
}
