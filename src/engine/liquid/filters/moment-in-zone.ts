import { SizedCache } from "../../../util/sized-cache.js";
import { describeValue, formatOffset, type Moment } from "./parse-moment.js";

/** Short names from the zone database, for zones that have no short name in any English locale. */
const FALLBACK_NAMES: Record<string, string> = {
  "Asia/Tokyo": "JST",
  "Asia/Seoul": "KST",
  "Asia/Shanghai": "CST",
  "Asia/Taipei": "CST",
  "Asia/Hong_Kong": "HKT",
  "Asia/Manila": "PST",
  "Asia/Karachi": "PKT",
  "Asia/Jakarta": "WIB",
  "Asia/Jerusalem": "IST",
  "Europe/Moscow": "MSK",
  "Africa/Nairobi": "EAT",
  "Africa/Lagos": "WAT",
  "Africa/Johannesburg": "SAST",
};
/** English locales that are asked for a zone's short name, because each has only the names of its own region. */
const ENGLISH_LOCALES = ["en-US", "en-GB", "en-AU", "en-NZ", "en-IN", "en-CA"];

interface Zone {
  offset: Intl.DateTimeFormat;
  names: Intl.DateTimeFormat[];
}

/** The memory of a zone with its formats of Intl. An unknown name has none. */
const ZONE_BYTES = 50_000;
const zones = new SizedCache<Zone | null>(10_000_000);

/** Returns the formats of an IANA zone, null for an unknown name. They are cached because Intl objects are slow to create. */
function findZone(name: string): Zone | null {
  const known = zones.get(name);
  if (known !== undefined) return known;
  let zone: Zone | null = null;
  try {
    zone = {
      offset: new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" }),
      names: [],
    };
  } catch {
    // Intl throws for an unknown zone, which is cached as null
  }
  zones.set(name, zone, zone === null ? 0 : ZONE_BYTES);
  return zone;
}

const getZoneName = (format: Intl.DateTimeFormat, at: number): string =>
  format.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? "";

function getShortName(name: string, zone: Zone, at: number, offset: number): string {
  for (const [index, locale] of ENGLISH_LOCALES.entries()) {
    zone.names[index] ??= new Intl.DateTimeFormat(locale, { timeZone: name, timeZoneName: "short" });
    const found = getZoneName(zone.names[index], at);
    if (found !== "" && !/^(GMT|UTC)[+-]/.test(found))
      return found === "GMT" && name.startsWith("Etc/") ? "UTC" : found;
  }
  const fallbackName = FALLBACK_NAMES[name];
  if (fallbackName !== undefined) return fallbackName;
  // The zone database uses the offset as the name of such zones: `-03`, `+0545`.
  return offset % 60 === 0 ? formatOffset(offset).slice(0, 3) : formatOffset(offset, "");
}

/** Returns the same moment with the offset and short name of an IANA zone. Throws if `zone` is not an IANA zone (T-040). */
export function toZone(moment: Moment, zone: unknown, filter: string): Moment {
  const name = typeof zone === "string" ? zone.trim() : "";
  const found = name === "" ? null : findZone(name);
  if (found === null)
    throw new Error(`${filter}: ${describeValue(zone ?? null)} is not a time zone; use a name such as "Europe/Paris"`);
  const [, sign, hours, minutes = "0"] = /([+-])(\d{2})(?::(\d{2}))?/.exec(getZoneName(found.offset, moment.at)) ?? [];
  const offset = (sign === "-" ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes)) || 0;
  return {
    at: moment.at,
    offsetMinutes: offset,
    // Computed when it is read, because Intl takes several microseconds and few formats contain the name.
    get zone() {
      return getShortName(name, found, moment.at, offset);
    },
  };
}
