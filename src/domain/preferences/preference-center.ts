import type { PreferenceCenterFile } from "./preference-center-schema.js";

type RowFile = NonNullable<NonNullable<PreferenceCenterFile["config"]>["rows"]>[number];

/**
 * A row of the preference center. Empty fields are absent; without `channel_types`, the row covers all channel types.
 */
export type PreferenceCenterRow = { [K in keyof RowFile]: NonNullable<RowFile[K]> };

export interface PreferenceCenter {
  enabled: boolean;
  title: string;
  body: string;
  rows: PreferenceCenterRow[];
  show_account_name: boolean;
}

/** The preference center of an account that has not set it up. */
export const DISABLED_PREFERENCE_CENTER: PreferenceCenter = {
  enabled: false,
  title: "",
  body: "",
  rows: [],
  show_account_name: false,
};

/** Returns the preference center that a checked file describes. */
export function parsePreferenceCenter({ enabled, config }: PreferenceCenterFile): PreferenceCenter {
  return {
    enabled: enabled ?? true,
    title: config?.title ?? "",
    body: config?.body ?? "",
    rows: (config?.rows ?? []).map(({ type, name, identifier, description, channel_types }) => ({
      type,
      name,
      ...(identifier ? { identifier } : {}),
      ...(description ? { description } : {}),
      ...(channel_types ? { channel_types } : {}),
    })),
    show_account_name: config?.show_account_name ?? false,
  };
}
