import { formatDuration } from "../util/duration.js";
import { toIsoTime } from "../util/iso-time.js";

/**
 * The time zone of printed times: the local zone on a terminal, and UTC in pipes and files, so that logs can be
 * compared.
 */
export type Zone = "local" | "utc";

const twoDigits = (value: number): string => String(value).padStart(2, "0");

/** Formats an offset in minutes as `Z` or `+01:00`. */
function formatOffset(minutes: number): string {
  if (minutes === 0) return "Z";
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${twoDigits(Math.floor(size / 60))}:${twoDigits(size % 60)}`;
}

/** Returns the day, time of day and offset of a time in milliseconds. */
function splitTime(at: number, zone: Zone): { day: string; clock: string; offset: string } {
  const minutes = zone === "utc" ? 0 : -new Date(at).getTimezoneOffset();
  const text = toIsoTime(at + minutes * 60_000);
  const [day = "", clock = ""] = text.replace(/\.\d+Z$/, "").split("T");
  return { day, clock, offset: formatOffset(minutes) };
}

/**
 * Formats an ISO 8601 time for display: `2030-01-01 10:05:00Z` or `2030-01-01 11:05:00+01:00`. Commands accept this
 * format for times. Text that is not a time is returned unchanged; other values return "".
 */
export function formatTime(value: unknown, zone: Zone): string {
  if (typeof value !== "string") return "";
  const at = Date.parse(value);
  if (Number.isNaN(at)) return value;
  const { day, clock, offset } = splitTime(at, zone);
  return `${day} ${clock}${offset}`;
}

/** Returns ` until 10:35Z (in 30m)`, with the day if it is not that of `now` in milliseconds; "" without a time. */
export function formatUntil(until: string | null | undefined, now: number, zone: Zone): string {
  if (!until) return "";
  const at = Date.parse(until);
  if (Number.isNaN(at)) return ` until ${until}`;
  const { day, clock, offset } = splitTime(at, zone);
  const shownDay = day === splitTime(now, zone).day ? "" : `${day} `;
  return ` until ${shownDay}${clock.slice(0, 5)}${offset} (in ${formatDuration(at - now)})`;
}

const ISO_TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/;
const WHOLE_ISO_TIME = new RegExp(`^${ISO_TIME.source}$`);
/** A time in UTC that is not part of a quoted or longer word. */
const UNQUOTED_ISO_TIMES = new RegExp(`(?<![\\w"'\`])${ISO_TIME.source}(?![\\w"'\`])`, "g");

/** Returns a value as text. A time in UTC is formatted by {@link formatTime}. */
export function formatValue(value: unknown, zone: Zone): string {
  const text = String(value);
  return WHOLE_ISO_TIME.test(text) ? formatTime(text, zone) : text;
}

/** Formats the times in UTC that a message contains. Those in quotation marks are what the user typed, and stay. */
export function formatTimes(message: string, zone: Zone): string {
  return message.replace(UNQUOTED_ISO_TIMES, (time) => formatTime(time, zone));
}
