import { findNearest } from "../../util/find-nearest.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { describeInvalidTimeZone } from "../../util/time-zones.js";
import { BRANDING_KEYS } from "./typed-properties.js";

/** Properties that the API defines. All others are custom. */
const RECIPIENT_KEYS =
  "id collection name email phone_number avatar timezone locale created_at preferences channel_data".split(" ");
const TENANT_KEYS = ["id", "name", "settings"];
const SETTINGS_KEYS = ["branding", "preference_set"];
/** Names that other products use, by the name in the API. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  phone: "phone_number",
  mobile_number: "phone_number",
  email_address: "email",
  emailAddress: "email",
  avatar_url: "avatar",
  logo: "logo_url",
  icon: "icon_url",
};

/** A property of a recipient that has no effect and is probably a mistake. */
interface RecipientWarning {
  /** The path of the property. */
  path: string[];
  message: string;
}

/**
 * Returns the known property that a custom one probably misspells. Custom properties are allowed, so the known property
 * must be absent and differ by one edit that does not form its plural.
 */
function findMisspelledKey(key: string, recipient: JsonObject, known: readonly string[]): string | undefined {
  if (known.includes(key)) return undefined;
  const other = Object.hasOwn(OTHER_NAMES, key) ? OTHER_NAMES[key] : undefined;
  if (other !== undefined && known.includes(other)) return other in recipient ? undefined : other;
  const near = findNearest(key, known, 1);
  if (near === undefined || near in recipient || key === `${near}s`) return undefined;
  const isDifferentShortWord =
    key.length < 5 && key.length === near.length && [...key].sort().join("") !== [...near].sort().join("");
  return isDifferentShortWord ? undefined : near;
}

/** Matches a text with one `@` between other characters. Addresses with a name or a quoted part are not checked. */
const EMAIL = /^[^\s@]+@[^\s@]+$|[<>"]/;
/** Matches a number in E.164 format, with the separators that people write. */
const PHONE_NUMBER = /^\+[\d\s().-]{6,}$/;

/** Returns why an address reaches no one, or null. Other types than text are custom properties, such as a list of addresses. */
function describeInvalidAddress(value: unknown, pattern: RegExp, expected: string): string | null {
  if (typeof value !== "string" || value.trim() === "" || pattern.test(value.trim())) return null;
  return `is not ${expected}: ${JSON.stringify(value)}`;
}

/** Returns warnings about the misspelled keys of an object in which the API ignores unknown ones. */
function collectMisspelledKeys(object: unknown, known: readonly string[], path: string[]): RecipientWarning[] {
  if (!isJsonObject(object)) return [];
  return Object.keys(object).flatMap((key) => {
    const near = findMisspelledKey(key, object, known);
    return near === undefined ? [] : [{ path: [...path, key], message: `has no effect; did you mean "${near}"?` }];
  });
}

/** Returns warnings about the misspelled keys of the branding of a tenant or an account. */
export const collectBrandingWarnings = (branding: unknown, path: string[]): RecipientWarning[] =>
  collectMisspelledKeys(branding, BRANDING_KEYS, path);

/** Returns warnings about the settings of a tenant, and about settings that are outside of them. */
function collectTenantWarnings(tenant: JsonObject): RecipientWarning[] {
  const settings = isJsonObject(tenant.settings) ? tenant.settings : {};
  const outside = SETTINGS_KEYS.filter((key) => isJsonObject(tenant[key]) && !Object.hasOwn(settings, key));
  return [
    ...outside.map((key) => ({
      path: [key],
      message: `is a custom property without an effect; did you mean "settings.${key}"?`,
    })),
    ...collectMisspelledKeys(settings, SETTINGS_KEYS, ["settings"]),
    ...collectBrandingWarnings(settings.branding, ["settings", "branding"]),
  ];
}

/** Formats a warning as a sentence. */
export const formatRecipientWarning = ({ path, message }: RecipientWarning): string => `${path.join(".")} ${message}`;

/** Returns warnings about misspelled properties, unusable addresses and unknown time zones in a user, object or tenant. */
export function collectRecipientWarnings(recipient: JsonObject, isTenant = false): RecipientWarning[] {
  const warnings: RecipientWarning[] = [];
  for (const key of Object.keys(recipient)) {
    const near = findMisspelledKey(key, recipient, isTenant ? TENANT_KEYS : RECIPIENT_KEYS);
    if (near !== undefined)
      warnings.push({ path: [key], message: `is a custom property without an effect; did you mean "${near}"?` });
  }
  if (isTenant) warnings.push(...collectTenantWarnings(recipient));
  const email = describeInvalidAddress(recipient.email, EMAIL, "an email address");
  if (email !== null) warnings.push({ path: ["email"], message: email });
  const example = "a phone number with its country code, such as +12025550101";
  const phone = describeInvalidAddress(recipient.phone_number, PHONE_NUMBER, example);
  if (phone !== null) warnings.push({ path: ["phone_number"], message: phone });
  const timeZoneMessage = describeInvalidTimeZone(recipient.timezone);
  if (timeZoneMessage !== null) warnings.push({ path: ["timezone"], message: timeZoneMessage });
  for (const [channel, data] of Object.entries(isJsonObject(recipient.channel_data) ? recipient.channel_data : {})) {
    const devices = isJsonObject(data) && Array.isArray(data.devices) ? data.devices : [];
    for (const device of devices) {
      const message = isJsonObject(device) ? describeInvalidTimeZone(device.timezone) : null;
      if (message !== null) warnings.push({ path: ["channel_data"], message: `of ${channel}: ${message}` });
    }
  }
  return warnings;
}
