import { deepMerge, type JsonObject } from "../../util/json.js";
import { updatePreferenceOrigins } from "./preference-origins.js";
import type { PreferenceOrigin, PreferenceSet } from "./preference-set.js";
import type { RecipientParts } from "./recipient.js";

const EMPTY_PARTS: RecipientParts = { properties: {}, preferences: {}, preference_origins: {}, channel_data: {} };

/** Returns the entries with one set, or removed if the value is null. `__proto__` is an ordinary key. */
function setEntry<T>(entries: Record<string, T>, key: string, value: T | null): Record<string, T> {
  const next = new Map(Object.entries(entries));
  if (value === null) next.delete(key);
  else next.set(key, value);
  return Object.fromEntries(next);
}

/**
 * Returns a recipient with a preference set that is replaced, merged into the previous one, or removed if `set` is null
 * (E-138). `before` is null for a new recipient.
 */
export function writePreferenceSet(
  before: RecipientParts | null,
  { id, set, merge, origin }: { id: string; set: PreferenceSet | null; merge: boolean; origin?: PreferenceOrigin },
): RecipientParts {
  const parts = before ?? EMPTY_PARTS;
  const own = Object.hasOwn(parts.preferences, id) ? parts.preferences[id] : undefined;
  const next = set !== null && merge ? deepMerge((own ?? {}) as JsonObject, set as JsonObject) : set;
  const preferences = setEntry<PreferenceSet>(parts.preferences, id, next);
  const preference_origins = updatePreferenceOrigins(before, { ...parts, preferences }, origin);
  return { ...parts, preferences, preference_origins };
}

/**
 * Returns a recipient with a channel's data replaced, or removed if `data` is null (E-040). `before` is null for a new
 * recipient.
 */
export function writeChannelData(
  before: RecipientParts | null,
  { channel_id, data }: { channel_id: string; data: JsonObject | null },
): RecipientParts {
  const parts = before ?? EMPTY_PARTS;
  return { ...parts, channel_data: setEntry(parts.channel_data, channel_id, data) };
}
