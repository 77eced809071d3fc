import { toIsoTime } from "../../../util/iso-time.js";
import { SizedCache } from "../../../util/sized-cache.js";
import { toZone } from "./moment-in-zone.js";
import { parseLocaleArgument } from "./parse-locale-argument.js";
import { describeValue, formatOffset, type Moment, parseMoment } from "./parse-moment.js";
import { type FilterThis, getRenderTime, type RegisterFilter } from "./render-services.js";
import { strftime } from "./strftime.js";

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
