import { isJsonObject, type JsonObject } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import { timeZoneFault } from "../../util/time-zones.js";

/** Properties with a meaning of their own. All others are the user's. */
const KNOWN = "id collection name email phone_number avatar timezone locale created_at preferences channel_data".split(
  " ",
);
const KNOWN_OF_TENANT = ["id", "name", "settings"];

/** Something in a recipient that is probably a mistake and has no effect. */
interface RecipientWarning {
  /** The property. */
  key: string;
  message: string;
}

/** Custom properties are allowed, so only one that replaces a known property counts, by a letter's slip and not as its plural. */
function misspelledKey(key: string, recipient: JsonObject, known: readonly string[]): string | undefined {
  if (known.includes(key)) return undefined;
  const near = nearest(key, known, 1);
  if (near === undefined || near in recipient || key === `${near}s`) return undefined;
  const isShortOther =
    key.length < 5 && key.length === near.length && [...key].sort().join("") !== [...near].sort().join("");
  return isShortOther ? undefined : near;
}

/** Finds misspelled properties and unknown time zones in a user, an object or a tenant as it is written. */
export function recipientWarnings(recipient: JsonObject, isTenant = false): RecipientWarning[] {
  const found: RecipientWarning[] = [];
  for (const key of Object.keys(recipient)) {
    const near = misspelledKey(key, recipient, isTenant ? KNOWN_OF_TENANT : KNOWN);
    if (near !== undefined)
      found.push({ key, message: `is a custom property without an effect; did you mean "${near}"?` });
  }
  const zone = timeZoneFault(recipient.timezone);
  if (zone !== null) found.push({ key: "timezone", message: zone });
  for (const [channel, data] of Object.entries(isJsonObject(recipient.channel_data) ? recipient.channel_data : {})) {
    const devices = isJsonObject(data) && Array.isArray(data.devices) ? data.devices : [];
    for (const device of devices) {
      const fault = isJsonObject(device) ? timeZoneFault(device.timezone) : null;
      if (fault !== null) found.push({ key: "channel_data", message: `of ${channel}: ${fault}` });
    }
  }
  return found;
}
