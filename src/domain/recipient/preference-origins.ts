import { isJsonObject, type Json } from "../../util/json.js";
import type { PreferenceOrigin, PreferenceOrigins } from "./preference-set.js";
import type { RecipientParts, RecipientUpsert } from "./recipient.js";

/** The origin of a preference that a caller did not name. */
export const ANY_REQUEST = "a request";

/** The key of a tenant's defaults, which are in its properties. The ID of a set never starts with `$`. */
export const TENANT_DEFAULTS = "$settings";

type Sets = Pick<RecipientParts, "properties" | "preferences">;

function getSet({ properties, preferences }: Sets, id: string): Json | undefined {
  if (id !== TENANT_DEFAULTS) return Object.hasOwn(preferences, id) ? (preferences[id] as Json) : undefined;
  return isJsonObject(properties.settings) ? properties.settings.preference_set : undefined;
}

/** Returns the values of a set by path: switches, and the conditions of a preference as a whole. */
function flatten(set: Json | undefined, path: readonly string[] = []): [path: string, value: string][] {
  if (!isJsonObject(set)) return path.length === 0 ? [] : [[path.join("."), JSON.stringify(set)]];
  return Object.entries(set).flatMap(([key, value]) => flatten(value, [...path, key]));
}

/** Returns the origins after a change: `origin` for the preferences that differ. Without it, theirs is unknown. */
export function updatePreferenceOrigins(
  before: RecipientParts | null,
  after: Sets,
  origin: PreferenceOrigin | undefined,
): PreferenceOrigins {
  const known = before?.preference_origins ?? {};
  const updated: [id: string, origins: Record<string, PreferenceOrigin>][] = [];
  for (const id of [...Object.keys(after.preferences), TENANT_DEFAULTS]) {
    const own = Object.hasOwn(known, id) ? known[id] : undefined;
    const valuesBefore = new Map(before === null ? [] : flatten(getSet(before, id)));
    const origins = flatten(getSet(after, id)).flatMap(([path, value]): [string, PreferenceOrigin][] => {
      const found = valuesBefore.get(path) === value ? own?.[path] : origin;
      return found === undefined ? [] : [[path, found]];
    });
    if (origins.length > 0) updated.push([id, Object.fromEntries(origins)]);
  }
  return Object.fromEntries(updated);
}

/** Returns the origin of the preference at a path, or of the conditions that decide about it. Null if it is unknown. */
export function findPreferenceOrigin(
  { preference_origins: origins = {} }: Pick<RecipientParts, "preference_origins">,
  id: string,
  path: string,
): PreferenceOrigin | null {
  const own = (Object.hasOwn(origins, id) ? origins[id] : undefined) ?? {};
  return own[path] ?? own[`${path}.conditions`] ?? null;
}

/** Returns upserts that set preferences from one origin. */
export const withOrigin = (upserts: readonly RecipientUpsert[], origin: PreferenceOrigin): RecipientUpsert[] =>
  upserts.map((upsert) => ({ origin, ...upsert }));
