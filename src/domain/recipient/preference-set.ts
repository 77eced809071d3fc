import type { Condition } from "../condition/condition.js";

type PreferenceValue = boolean | { conditions: Condition[] };

/**
 * Preferences by channel or channel type. `__strategy__: "replace"` in a tenant's defaults makes the entry override the
 * recipient's (E-144).
 */
export type ChannelPreferences = Record<string, PreferenceValue | string | undefined>;

export type LevelPreference =
  | boolean
  | {
      channel_types?: ChannelPreferences | null;
      channels?: ChannelPreferences | null;
      conditions?: Condition[] | null;
      __strategy__?: string;
    };

/** A preference set. Unset values mean true (E-133, E-134, E-136). */
export interface PreferenceSet {
  channel_types?: ChannelPreferences | null;
  channels?: ChannelPreferences | null;
  categories?: Record<string, LevelPreference> | null;
  workflows?: Record<string, LevelPreference> | null;
  commercial_subscribed?: PreferenceValue | null;
}

/** Preference sets by their ID, which is `default` or the ID of a tenant (E-137). */
export type PreferenceSets = Record<string, PreferenceSet>;

/** The request, file, trigger or command that set a preference, in text, and the time in milliseconds since 1970. */
export interface PreferenceOrigin {
  by: string;
  at: number;
}

/** The origins of preferences by set and path, such as `channel_types.email`. */
export type PreferenceOrigins = Record<string, Record<string, PreferenceOrigin>>;
