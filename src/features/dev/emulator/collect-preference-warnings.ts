import { collectUnknownScopeWarnings } from "../../../domain/preferences/collect-unknown-scope-warnings.js";
import { isJsonObject, type Json } from "../../../util/json.js";

/** Routes whose body is a preference set or a part of one. */
const PREFERENCE_ROUTE = /^\/v1\/(?:users|objects)\/.*\/preferences(?:\/|$)/;
/**
 * Fields that contain preferences in other bodies: sets by ID, the set of a bulk operation, and the set of a tenant.
 */
const PREFERENCE_FIELDS = new Set(["preferences", "preference_set"]);

function collectWarningsIn(value: Json, path: PropertyKey[]): string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => collectWarningsIn(item, [...path, index]));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    PREFERENCE_FIELDS.has(key)
      ? collectUnknownScopeWarnings(item, [...path, key])
      : collectWarningsIn(item, [...path, key]),
  );
}

/** Returns null for invalid JSON, which the route did not read as JSON either. */
function parseJsonOrNull(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Returns warnings about the preferences in the body of an accepted request. Trigger data in the body is ignored
 * (A-444).
 */
export function collectPreferenceWarnings(path: string, text: string): string[] {
  if (!path.startsWith("/v1/") || !text.includes('"conditions"')) return [];
  const body = parseJsonOrNull(text);
  if (PREFERENCE_ROUTE.test(path)) return collectUnknownScopeWarnings(body);
  if (!isJsonObject(body)) return [];
  const { data: _data, ...rest } = body;
  return collectWarningsIn(rest, []);
}
