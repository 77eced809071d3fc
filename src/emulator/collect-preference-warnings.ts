import { collectUnknownScopeWarnings } from "../domain/preferences/collect-unknown-scope-warnings.js";
import { isJsonObject, type Json } from "../util/json.js";

/** Routes whose body is a preference set, or a part of one. */
const PREFERENCE_ROUTE = /^\/v1\/(?:users|objects)\/.*\/preferences(?:\/|$)/;
/** Where other bodies have theirs: by set id, of a bulk operation, of a tenant. */
const PREFERENCE_FIELDS = new Set(["preferences", "preference_set"]);

function collectWarningsIn(value: Json, path: PropertyKey[]): string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => collectWarningsIn(item, [...path, index]));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    PREFERENCE_FIELDS.has(key)
      ? collectUnknownScopeWarnings(item, [...path, key])
      : collectWarningsIn(item as Json, [...path, key]),
  );
}

/** Null for what is not JSON: then it was not read as such either. */
function parseJsonOrNull(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}

/** Returns what to warn of in the preferences that an accepted request's body sets; its data is not looked at. */
export function collectPreferenceWarnings(path: string, text: string): string[] {
  if (!path.startsWith("/v1/") || !text.includes('"conditions"')) return [];
  const body = parseJsonOrNull(text);
  if (PREFERENCE_ROUTE.test(path)) return collectUnknownScopeWarnings(body);
  if (!isJsonObject(body)) return [];
  const { data: _data, ...rest } = body;
  return collectWarningsIn(rest, []);
}
