import { findNearest } from "./find-nearest.js";

/** Common names that the platform's list omits. Checking each of them separately takes 40 ms at first. */
const UNLISTED_ZONES = [
  "UTC",
  "Etc/UTC",
  "GMT",
  "Asia/Kolkata",
  "Europe/Kyiv",
  "US/Eastern",
  "US/Central",
  "US/Pacific",
];

let zoneNames: ReadonlyMap<string, string> | undefined;

/** Returns the canonical names by their lower case, because time zone names ignore case. */
function getZoneNames(): ReadonlyMap<string, string> {
  zoneNames ??= new Map(
    [...Intl.supportedValuesOf("timeZone"), ...UNLISTED_ZONES].map((name) => [name.toLowerCase(), name]),
  );
  return zoneNames;
}

/** Returns whether the platform knows an IANA time zone name or alias. */
function isTimeZone(name: string): boolean {
  if (getZoneNames().has(name.toLowerCase())) return true;
  if (!/^[a-z]/i.test(name)) return false; // newer Node versions also accept offsets such as +05:30
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Describes an invalid time zone, with the nearest name. Returns null for a valid one and for a value that is not a string. */
export function describeInvalidTimeZone(value: unknown): string | null {
  if (typeof value !== "string" || value === "" || isTimeZone(value)) return null;
  const nearest = findNearest(value, getZoneNames().values());
  return `"${value}" is not a known time zone${nearest === undefined ? '; use an IANA name such as "Europe/Paris"' : `; did you mean "${nearest}"?`}`;
}
