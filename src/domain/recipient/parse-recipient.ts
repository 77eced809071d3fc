import { isJsonObject, type JsonObject } from "../../util/json.js";
import type { Complain } from "../shape/complain.js";
import type { PreferenceSets } from "./preference-set.js";
import { keyOf, type RecipientKey, type RecipientUpsert, TENANTS } from "./recipient.js";

/** Own keys of an inline recipient that are not properties (E-039). */
const ENVELOPE_KEYS = new Set(["id", "collection", "channel_data", "preferences", "$trigger_data"]);

export const UNSTORABLE = "must not contain NUL or half a surrogate pair";

/** Whether a name would not come back from a store as it is: SQLite ends a text at a NUL, so that `ada\0x` would be `ada`. */
export function isUnstorable(name: string): boolean {
  return name.includes("\0") || !name.isWellFormed();
}

/** What is wrong with an id, or null (E-051; collections follow the same rule). */
export function idFault(id: string): string | null {
  if (id.trim() === "") return "must not be empty";
  if (id.length > 256) return "must be at most 256 characters";
  if (/[/#]/.test(id)) return 'must not contain "/" or "#"';
  if (isUnstorable(id)) return UNSTORABLE;
  return null;
}

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

/** Every value of a map must itself be an object: preference sets, channel data. */
function mapOfObjects(
  map: JsonObject | null,
  path: PropertyKey[],
  complain: Complain,
): Record<string, JsonObject> | undefined {
  if (map === null) return undefined;
  for (const [key, value] of Object.entries(map))
    if (!isJsonObject(value)) complain([...path, key], "must be an object");
  return map as Record<string, JsonObject>;
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
  const channelData = mapOfObjects(
    objectOrNull(value.channel_data, ["channel_data"], complain),
    ["channel_data"],
    complain,
  );
  const preferences = mapOfObjects(
    objectOrNull(value.preferences, ["preferences"], complain),
    ["preferences"],
    complain,
  );
  const triggerData = objectOrNull(value.$trigger_data, ["$trigger_data"], complain);
  if (id === null || (isObject && collection === null)) return null;

  const key = keyOf(collection === null ? id : { id, collection });
  const properties: JsonObject = {};
  for (const [name, property] of Object.entries(value)) if (!ENVELOPE_KEYS.has(name)) properties[name] = property;
  const isReference =
    isObject && collection !== TENANTS && Object.keys(properties).length === 0 && !channelData && !preferences;
  const upsert: RecipientUpsert | null = isReference ? null : { key, properties };
  if (upsert && preferences) upsert.preferences = preferences as PreferenceSets;
  if (upsert && channelData) upsert.channel_data = channelData;
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
