import { isoTime } from "../../util/iso-time.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { parseTimestamp } from "../condition/timestamp.js";
import type { Complain } from "../shape/complain.js";
import { fault } from "../shape/shape.js";

const TEXTS = ["name", "email", "avatar", "locale", "phone_number", "timezone"];

/** Properties that the API gives a meaning and a type; every other property is custom (E-039). */
export const RESERVED_PROPERTIES: ReadonlySet<string> = new Set([...TEXTS, "created_at"]);

/** What the API description calls a `date-time`. */
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

function checkTexts(holder: JsonObject, names: readonly string[], path: PropertyKey[], complain: Complain): void {
  for (const name of names) {
    const value = holder[name];
    if (value === undefined || value === null || typeof value === "string") continue;
    complain([...path, name], fault("a string or null", value));
  }
}

/**
 * Complains about reserved properties of a wrong type: the API description types them, whatever kind of recipient they
 * belong to. A key that is absent or null is valid.
 */
export function checkTypedProperties(properties: JsonObject, complain: Complain): void {
  checkTexts(properties, TEXTS, [], complain);
  const { created_at } = properties;
  if (created_at === undefined || created_at === null || parseTimestamp(created_at) !== undefined) return;
  complain(
    ["created_at"],
    typeof created_at === "string"
      ? `must be an ISO 8601 time or null, found ${JSON.stringify(created_at)}`
      : fault("an ISO 8601 time or null", created_at),
  );
}

/** Returns the properties with `created_at` as a date-time: a date or a time without an offset is one in UTC. */
export function withDateTime(properties: JsonObject): JsonObject {
  const { created_at } = properties;
  const at = typeof created_at === "string" && !DATE_TIME.test(created_at) ? parseTimestamp(created_at) : undefined;
  return at === undefined ? properties : { ...properties, created_at: isoTime(at) };
}

const BRANDING = ["icon_url", "logo_url", "primary_color", "primary_color_contrast"];
const BRANDING_TEXTS = BRANDING.flatMap((name) => [name, `dark_${name}`]);

/** Complains about a tenant's settings of a wrong type; `preference_set` is checked by its own parser. */
export function checkTenantSettings(settings: unknown, complain: Complain): void {
  if (settings === undefined || settings === null) return;
  if (!isJsonObject(settings)) {
    complain(["settings"], fault("an object or null", settings));
    return;
  }
  const { branding } = settings;
  if (isJsonObject(branding)) checkTexts(branding, BRANDING_TEXTS, ["settings", "branding"], complain);
  else if (branding !== undefined && branding !== null)
    complain(["settings", "branding"], fault("an object or null", branding));
}
