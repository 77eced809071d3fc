import { findNearest } from "../../util/find-nearest.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { describeInvalidTimeZone } from "../../util/time-zones.js";

/** Properties that the API defines. All others are custom. */
const RECIPIENT_KEYS =
  "id collection name email phone_number avatar timezone locale created_at preferences channel_data".split(" ");
const TENANT_KEYS = ["id", "name", "settings"];

/** A property of a recipient that has no effect and is probably a mistake. */
interface RecipientWarning {
  /** The name of the property. */
  key: string;
  message: string;
}

/**
 * Returns the known property that a custom one probably misspells. Custom properties are allowed, so the known property
 * must be absent and differ by one edit that does not form its plural.
 */
function findMisspelledKey(key: string, recipient: JsonObject, known: readonly string[]): string | undefined {
  if (known.includes(key)) return undefined;
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

/** Returns warnings about misspelled properties, unusable addresses and unknown time zones in a user, object or tenant. */
export function collectRecipientWarnings(recipient: JsonObject, isTenant = false): RecipientWarning[] {
  const warnings: RecipientWarning[] = [];
  for (const key of Object.keys(recipient)) {
    const near = findMisspelledKey(key, recipient, isTenant ? TENANT_KEYS : RECIPIENT_KEYS);
    if (near !== undefined)
      warnings.push({ key, message: `is a custom property without an effect; did you mean "${near}"?` });
  }
  const email = describeInvalidAddress(recipient.email, EMAIL, "an email address");
  if (email !== null) warnings.push({ key: "email", message: email });
  const example = "a phone number with its country code, such as +12025550101";
  const phone = describeInvalidAddress(recipient.phone_number, PHONE_NUMBER, example);
  if (phone !== null) warnings.push({ key: "phone_number", message: phone });
  const timeZoneMessage = describeInvalidTimeZone(recipient.timezone);
  if (timeZoneMessage !== null) warnings.push({ key: "timezone", message: timeZoneMessage });
  for (const [channel, data] of Object.entries(isJsonObject(recipient.channel_data) ? recipient.channel_data : {})) {
    const devices = isJsonObject(data) && Array.isArray(data.devices) ? data.devices : [];
    for (const device of devices) {
      const message = isJsonObject(device) ? describeInvalidTimeZone(device.timezone) : null;
      if (message !== null) warnings.push({ key: "channel_data", message: `of ${channel}: ${message}` });
    }
  }
  return warnings;
}
