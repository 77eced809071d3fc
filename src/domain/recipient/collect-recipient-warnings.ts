import { findNearest } from "../../util/find-nearest.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { describeInvalidTimeZone } from "../../util/time-zones.js";

/** Properties with a meaning of their own. All others are the user's. */
const RECIPIENT_KEYS =
  "id collection name email phone_number avatar timezone locale created_at preferences channel_data".split(" ");
const TENANT_KEYS = ["id", "name", "settings"];

/** Something in a recipient that is probably a mistake and has no effect. */
interface RecipientWarning {
  /** The property. */
  key: string;
  message: string;
}

/** Custom properties are allowed, so only one that replaces a known property counts, by a letter's slip and not as its plural. */
function findMisspelledKey(key: string, recipient: JsonObject, known: readonly string[]): string | undefined {
  if (known.includes(key)) return undefined;
  const near = findNearest(key, known, 1);
  if (near === undefined || near in recipient || key === `${near}s`) return undefined;
  const isDifferentShortWord =
    key.length < 5 && key.length === near.length && [...key].sort().join("") !== [...near].sort().join("");
  return isDifferentShortWord ? undefined : near;
}

/** Finds misspelled properties and unknown time zones in a user, an object or a tenant as it is written. */
export function collectRecipientWarnings(recipient: JsonObject, isTenant = false): RecipientWarning[] {
  const warnings: RecipientWarning[] = [];
  for (const key of Object.keys(recipient)) {
    const near = findMisspelledKey(key, recipient, isTenant ? TENANT_KEYS : RECIPIENT_KEYS);
    if (near !== undefined)
      warnings.push({ key, message: `is a custom property without an effect; did you mean "${near}"?` });
  }
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
