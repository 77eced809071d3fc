import { deepMerge, isJsonObject, type JsonObject } from "../../util/json.js";
import { updatePreferenceOrigins } from "./preference-origins.js";
import {
  buildUnidentifiedRecipient,
  type Recipient,
  type RecipientKey,
  type RecipientParts,
  type RecipientUpsert,
  splitRecipientKey,
  TENANTS,
} from "./recipient.js";

/**
 * Returns a recipient after an upsert. Properties and each preference set are merged deeply (E-038, E-041); a channel's
 * data is replaced (E-040). `before` is null for a new recipient.
 */
export function mergeRecipient(before: RecipientParts | null, upsert: RecipientUpsert): RecipientParts {
  const isTenant = splitRecipientKey(upsert.key).collection === TENANTS;
  const merge = isTenant ? mergeTenant : deepMerge;
  const merged = {
    properties: merge(before?.properties ?? {}, upsert.properties),
    preferences: deepMerge(
      (before?.preferences ?? {}) as JsonObject,
      (upsert.preferences ?? {}) as JsonObject,
    ) as RecipientParts["preferences"],
    channel_data: { ...before?.channel_data, ...upsert.channel_data },
  };
  const changesPreferences = isTenant || upsert.preferences !== undefined;
  const preference_origins = changesPreferences
    ? updatePreferenceOrigins(before, merged, upsert.origin)
    : (before?.preference_origins ?? {});
  return { ...merged, preference_origins };
}

/** Returns recipients after upserts that are not written. One that is not among them is created at `now`. */
export function mergeUpserts(
  recipients: ReadonlyMap<RecipientKey, Recipient>,
  upserts: readonly RecipientUpsert[],
  now: number,
): Map<RecipientKey, Recipient> {
  const merged = new Map(recipients);
  for (const upsert of upserts) {
    const before = merged.get(upsert.key) ?? buildUnidentifiedRecipient(upsert.key, now);
    merged.set(upsert.key, { ...before, ...mergeRecipient(before, upsert) });
  }
  return merged;
}

/**
 * Returns the recipient with this key after upserts that are not written yet, at `now` in milliseconds. `before` is
 * null for an unknown recipient, which the first upsert creates (E-087, E-325).
 */
export function applyUpserts(
  before: Recipient | null,
  key: RecipientKey,
  upserts: readonly RecipientUpsert[],
  now: number,
): Recipient | null {
  let current = before;
  for (const upsert of upserts) {
    if (upsert.key !== key || upsert.audience) continue;
    const merged = mergeRecipient(current, upsert);
    current = Object.assign({ key, inserted_at: now, updated_at: now }, current, merged, { updated_at: now });
  }
  return current;
}

/**
 * Returns the parts of a recipient after another recipient was merged into it. Its own properties take precedence, and
 * it receives only those preference sets and channel data that it lacks.
 */
export function mergeRecipients(into: RecipientParts, from: RecipientParts): RecipientParts {
  return {
    properties: deepMerge(from.properties, into.properties),
    preferences: { ...from.preferences, ...into.preferences },
    preference_origins: { ...from.preference_origins, ...into.preference_origins },
    channel_data: { ...from.channel_data, ...into.channel_data },
  };
}

/** The time before a merge for which the merged user's activities name the other user as the actor, in milliseconds (E-414). */
export const MERGED_HISTORY_MS = 30 * 24 * 3_600_000;

/**
 * Returns a tenant's properties after an upsert. Default preferences are also merged, unless `__persistence_strategy__`
 * is "replace" (A-093, E-138).
 */
function mergeTenant(before: JsonObject, over: JsonObject): JsonObject {
  const merged = deepMerge(before, over);
  const set = isJsonObject(over.settings) ? over.settings.preference_set : undefined;
  if (!isJsonObject(set) || set.__persistence_strategy__ === undefined) return merged;
  const settings = merged.settings as JsonObject;
  const { __persistence_strategy__: _strategy, ...rest } = (
    set.__persistence_strategy__ === "replace" ? set : settings.preference_set
  ) as JsonObject;
  return { ...merged, settings: { ...settings, preference_set: rest } };
}
