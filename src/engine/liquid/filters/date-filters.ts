import { toIsoTime } from "../../../util/iso-time.js";
import { SizedCache } from "../../../util/sized-cache.js";
import { parseLocaleArgument } from "./parse-arguments.js";
import { describeValue, formatOffset, type Moment, parseMoment } from "./parse-moment.js";
import { type FilterThis, getRenderTime, type RegisterFilter } from "./render-services.js";
import { strftime } from "./strftime.js";

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

const STYLES = ["short", "medium", "long", "full"] as const;
type Style = (typeof STYLES)[number];

function parseStyleArgument(value: unknown, filter: string): Style {
  if (value === null || value === undefined || value === "") return "short";
  const style = STYLES.find((known) => known === value);
  if (style === undefined)
    throw new Error(`${filter}: ${describeValue(value)} is not a style; valid styles are ${STYLES.join(", ")}`);
  return style;
}

/** The memory of a format of Intl. */
const FORMAT_BYTES = 20_000;
const formats = new SizedCache<Intl.DateTimeFormat>(10_000_000);

/** Formats a moment in its own offset. Replaces the narrow spaces of some locales with plain ones (TQ-5). */
function formatInLocale(moment: Moment, locale: string, dateStyle: Style, timeStyle: Style | null): string {
  const key = `${locale} ${dateStyle} ${timeStyle}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale, { dateStyle, ...(timeStyle ? { timeStyle } : {}), timeZone: "UTC" });
    formats.set(key, format, FORMAT_BYTES);
  }
  // Intl of older Node versions does not accept offsets as zones, so the time is shifted and the zone's name is inserted.
  return format
    .formatToParts(moment.at + moment.offsetMinutes * 60_000)
    .map(({ type, value }) => (type === "timeZoneName" && moment.offsetMinutes !== 0 ? moment.zone : value))
    .join("")
    .replaceAll(/[\u202f\u2009]/g, " ");
}

/** Registers `timezone`, `date`, `date_to_…` and the two filters with a locale (T-040 to T-043, T-060 to T-064). */
export function registerDateFilters(register: RegisterFilter): void {
  const moment = (self: FilterThis, value: unknown, filter: string): Moment | null =>
    parseMoment(value, () => getRenderTime(self), filter);

  register("date", function (this: FilterThis, value: unknown, format: unknown, zone: unknown) {
    const read = moment(this, value, "date");
    if (read === null) return value;
    const zoned = zone === undefined || zone === null || zone === "" ? read : toZone(read, zone, "date");
    if (format === undefined || format === null || format === "") return value;
    return strftime(zoned, String(format));
  });

  register("timezone", function (this: FilterThis, value: unknown, zone: unknown) {
    const read = moment(this, value, "timezone");
    if (read === null) return value;
    const { at, offsetMinutes: offset } = toZone(read, zone, "timezone");
    const local = toIsoTime(at + offset * 60_000);
    return `${local.slice(0, local.endsWith(".000Z") ? 19 : 23)}${formatOffset(offset)}`;
  });

  register("format_date_in_locale", function (this: FilterThis, value: unknown, locale: unknown, style: unknown) {
    const filter = "format_date_in_locale";
    const [name, dateStyle] = [parseLocaleArgument(locale, filter), parseStyleArgument(style, filter)];
    const read = moment(this, value, filter);
    return read === null ? value : formatInLocale(read, name, dateStyle, null);
  });

  register(
    "format_datetime_in_locale",
    function (this: FilterThis, value: unknown, locale: unknown, date: unknown, time: unknown) {
      const filter = "format_datetime_in_locale";
      const [name, dateStyle, timeStyle] = [
        parseLocaleArgument(locale, filter),
        parseStyleArgument(date, filter),
        parseStyleArgument(time, filter),
      ];
      const read = moment(this, value, filter);
      return read === null ? value : formatInLocale(read, name, dateStyle, timeStyle);
    },
  );

  for (const [name, format] of [
    ["date_to_xmlschema", "%Y-%m-%dT%H:%M:%S%:z"],
    ["date_to_rfc822", "%a, %d %b %Y %H:%M:%S %z"],
    ["date_to_string", "%d %b %Y"],
    ["date_to_long_string", "%d %B %Y"],
  ] as const) {
    register(name, function (this: FilterThis, value: unknown) {
      const read = moment(this, value, name);
      return read === null ? value : strftime(read, format);
    });
  }
}
