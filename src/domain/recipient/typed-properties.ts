import * as z from "zod/mini";
import { toIsoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import { parseTimestamp } from "../condition/parse-timestamp.js";
import { describeInvalidType } from "../schema/describe-issue.js";
import { described, optional } from "../schema/fields.js";

const TEXT_PROPERTIES: Readonly<Record<string, string>> = {
  name: 'The name of the recipient, such as "Ada Lovelace".',
  email: "The email address.",
  avatar: 'The URL of the avatar, such as "https://example.com/ada.png".',
  locale: 'The locale, such as "en-US".',
  phone_number: "The phone number in E.164 format.",
  timezone: 'The time zone, such as "Europe/Paris".',
};

/** Properties with a meaning and a type in the API. All others are custom (E-039). */
export const RESERVED_PROPERTIES: ReadonlySet<string> = new Set([...Object.keys(TEXT_PROPERTIES), "created_at"]);

const text = (description: string, example?: string) =>
  described(
    optional(z.string({ error: ({ input }) => describeInvalidType("a string or null", input) })),
    description,
    example,
  );

/** The fields of the reserved properties, the same for all kinds of recipients. */
export const typedPropertyFields = once(() => {
  const expected = "an ISO 8601 time or null";
  const time = z.string({ error: ({ input }) => describeInvalidType(expected, input) }).check(
    z.refine((value) => parseTimestamp(value) !== undefined, {
      error: ({ input }) => `must be ${expected}, found ${JSON.stringify(input)}`,
    }),
  );
  return {
    ...Object.fromEntries(Object.entries(TEXT_PROPERTIES).map(([name, description]) => [name, text(description)])),
    created_at: described(
      optional(time),
      "Time at which the recipient was created, in ISO 8601.",
      "2025-01-01T00:00:00Z",
    ),
  };
});

/** Matches a `date-time` of the API description. */
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** Returns the properties with `created_at` as a date-time. A date, or a time without an offset, is in UTC. */
export function normalizeCreatedAt(properties: JsonObject): JsonObject {
  const { created_at } = properties;
  const at = typeof created_at === "string" && !DATE_TIME.test(created_at) ? parseTimestamp(created_at) : undefined;
  return at === undefined ? properties : { ...properties, created_at: toIsoTime(at) };
}

/** The name, description and example of each part of a tenant's branding, which a part of the same name with `dark_` replaces in dark mode. */
const BRANDING_FIELDS = [
  ["icon_url", "The URL of the tenant's icon", "https://acme.example.com/icon.png"],
  ["logo_url", "The URL of the tenant's logo", "https://acme.example.com/logo.png"],
  ["primary_color", "The tenant's primary color", "#b3261e"],
  ["primary_color_contrast", "The color of text on the tenant's primary color", "#ffffff"],
] as const;

/** The names of all parts of a branding. */
export const BRANDING_KEYS: readonly string[] = BRANDING_FIELDS.flatMap(([name]) => [name, `dark_${name}`]);

/** The schema of a tenant's `settings`, except `preference_set`, which has its own schema. */
export const tenantSettingsSchema = once(() => {
  const error = ({ input }: { input?: unknown }) => describeInvalidType("an object or null", input);
  const fields = BRANDING_FIELDS.flatMap(([name, description, example]): [string, z.ZodMiniType][] => [
    [name, text(`${description}.`, example)],
    [`dark_${name}`, text(`${description} in dark mode.`, example)],
  ]);
  const branding = z.looseObject(Object.fromEntries(fields), { error });
  return z.looseObject({ branding: described(optional(branding), "The tenant's branding.") }, { error });
});
