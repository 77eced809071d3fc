import type { Condition } from "../condition/condition.js";

type PreferenceValue = boolean | { conditions: Condition[] };

/** `__strategy__: "replace"` in a tenant's default makes the entry override the recipient's (E-144). */
export type ChannelPreferences = Record<string, PreferenceValue | string | undefined>;

export type LevelPreference =
  | boolean
  | {
      channel_types?: ChannelPreferences | null;
      channels?: ChannelPreferences | null;
      conditions?: Condition[] | null;
      __strategy__?: string;
    };

/** E-133, E-134. Unset means true (E-136). */
export interface PreferenceSet {
  channel_types?: ChannelPreferences | null;
  channels?: ChannelPreferences | null;
  categories?: Record<string, LevelPreference> | null;
  workflows?: Record<string, LevelPreference> | null;
  commercial_subscribed?: PreferenceValue | null;
}

/** Preference set id (`default` or a tenant id, E-137) → set. */
export type PreferenceSets = Record<string, PreferenceSet>;
