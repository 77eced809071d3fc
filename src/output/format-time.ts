import { formatDuration } from "../util/duration.js";
import { toIsoTime } from "../util/iso-time.js";

/** The zone that times for people are in: the machine's on a terminal, UTC in pipes and files, so that logs can be compared. */
export type Zone = "local" | "utc";

const twoDigits = (value: number): string => String(value).padStart(2, "0");

/** `Z`, or `+01:00`. */
function formatOffset(minutes: number): string {
  if (minutes === 0) return "Z";
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${twoDigits(Math.floor(size / 60))}:${twoDigits(size % 60)}`;
}

/** Day, clock and offset of a moment in milliseconds. */
function splitTime(at: number, zone: Zone): { day: string; clock: string; offset: string } {
  const minutes = zone === "utc" ? 0 : -new Date(at).getTimezoneOffset();
  const text = toIsoTime(at + minutes * 60_000);
  const [day = "", clock = ""] = text.replace(/\.\d+Z$/, "").split("T");
  return { day, clock, offset: formatOffset(minutes) };
}

/**
 * Returns a time in ISO 8601 as people read it: `2030-01-01 10:05:00Z` or `2030-01-01 11:05:00+01:00`. It can be typed as it is where a
 * command takes a time. What is not a time is returned unchanged, and "" for no text.
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

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** Returns a value as text; one that is a time in UTC as {@link formatTime} has it. */
export function formatValue(value: unknown, zone: Zone): string {
  const text = String(value);
  return ISO_TIME.test(text) ? formatTime(text, zone) : text;
}
