import { isJsonObject, type JsonObject } from "../../util/json.js";
import { checkPreferenceSet } from "../preferences/parse-preference-set.js";
import type { PreferenceSets } from "../recipient/preference-set.js";
import { keyOf, type RecipientKey, type RecipientUpsert, TENANTS } from "../recipient/recipient.js";
import { idFault } from "../recipient/recipient-id.js";
import { checkTenantSettings, checkTypedProperties, withDateTime } from "../recipient/typed-properties.js";
import type { Complain } from "../shape/complain.js";
import { checkChannelData } from "./channel-data.js";

/** Own keys of an inline recipient that are not properties (E-039). */
const ENVELOPE_KEYS = new Set(["id", "collection", "channel_data", "preferences", "$trigger_data"]);

function checkId(value: unknown, path: PropertyKey[], complain: Complain): string | null {
  if (typeof value !== "string") {
    complain(
      path,
      value === undefined
        ? "is required (a string)"
        : `must be a string, found ${Array.isArray(value) ? "a list" : value === null ? "null" : `a ${typeof value}`}`,
    );
    return null;
  }
  const fault = idFault(value);
  if (fault !== null) complain(path, fault);
  return fault === null ? value : null;
}

export interface ParsedRecipient {
  key: RecipientKey;
  upsert: RecipientUpsert | null;
  trigger_data: JsonObject | null;
}

function objectOrNull(value: unknown, path: PropertyKey[], complain: Complain): JsonObject | null {
  if (value === undefined || value === null) return null;
  if (isJsonObject(value)) return value;
  complain(path, "must be an object");
  return null;
}

/** A map whose values are checked one by one: preference sets, channel data. */
function mapOfObjects(
  value: unknown,
  name: string,
  complain: Complain,
  check: (value: JsonObject, path: PropertyKey[], complain: Complain) => void,
): Record<string, JsonObject> | undefined {
  const map = objectOrNull(value, [name], complain);
  if (map === null) return undefined;
  for (const [key, one] of Object.entries(map)) {
    if (isJsonObject(one)) check(one, [name, key], complain);
    else complain([name, key], "must be an object");
  }
  return map as Record<string, JsonObject>;
}

/** Complains about what of an inline recipient has not the type that the API description gives it (A-413 to A-424). */
export function checkRecipientTypes(value: JsonObject, collection: string | null, complain: Complain): void {
  checkTypedProperties(value, complain);
  if (collection === TENANTS) checkTenantSettings(value.settings, complain);
  mapOfObjects(value.channel_data, "channel_data", complain, checkChannelData);
}

/** The default preferences of a tenant; those that are null reset them (A-093). */
function checkTenantPreferences({ settings }: JsonObject, complain: Complain): void {
  const set = isJsonObject(settings) ? settings.preference_set : undefined;
  if (set !== undefined && set !== null) checkPreferenceSet(set, ["settings", "preference_set"], complain);
}

/**
 * A recipient or actor as the API takes it (E-034): a user id, an object reference, or a user or object identified
 * inline. `{ "id": "x" }` identifies a user (E-036); `{ id, collection }` alone is a reference, except to a tenant,
 * which is found or created (E-037, E-047, EQ-09). Null after a complaint.
 */
export function parseRecipient(value: unknown, complain: Complain): ParsedRecipient | null {
  if (typeof value === "string") {
    const id = checkId(value, [], complain);
    return id === null ? null : { key: keyOf(id), upsert: null, trigger_data: null };
  }
  if (!isJsonObject(value)) {
    complain(
      [],
      `must be a user id, an object reference or an inline recipient, found ${value === null ? "null" : Array.isArray(value) ? "a list" : `a ${typeof value}`}`,
    );
    return null;
  }
  const id = checkId(value.id, ["id"], complain);
  const isObject = value.collection !== undefined;
  const collection = isObject ? checkId(value.collection, ["collection"], complain) : null;
  checkRecipientTypes(value, collection, complain);
  if (collection === TENANTS) checkTenantPreferences(value, complain);
  const preferences = mapOfObjects(value.preferences, "preferences", complain, checkPreferenceSet);
  const triggerData = objectOrNull(value.$trigger_data, ["$trigger_data"], complain);
  if (id === null || (isObject && collection === null)) return null;

  const key = keyOf(collection === null ? id : { id, collection });
  const properties: JsonObject = {};
  for (const [name, property] of Object.entries(value)) if (!ENVELOPE_KEYS.has(name)) properties[name] = property;
  const channelData = isJsonObject(value.channel_data) ? value.channel_data : undefined;
  const isReference =
    isObject && collection !== TENANTS && Object.keys(properties).length === 0 && !channelData && !preferences;
  const upsert: RecipientUpsert | null = isReference ? null : { key, properties: withDateTime(properties) };
  if (upsert && preferences) upsert.preferences = preferences as PreferenceSets;
  if (upsert && channelData) upsert.channel_data = channelData as Record<string, JsonObject>;
  return { key, upsert, trigger_data: triggerData };
}

/** A tenant: an id, or an inline tenant (E-047). */
export function parseTenant(value: unknown, complain: Complain): { id: string; upsert: RecipientUpsert | null } | null {
  if (typeof value === "string") {
    const id = checkId(value, [], complain);
    return id === null ? null : { id, upsert: null };
  }
  if (!isJsonObject(value)) {
    complain([], "must be a tenant id or an inline tenant");
    return null;
  }
  const parsed = parseRecipient({ ...value, collection: TENANTS }, complain);
  return parsed === null ? null : { id: String(value.id), upsert: parsed.upsert };
}
