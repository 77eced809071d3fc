/** A time together with the offset that it was written with; `date` prints it in that offset. */
export interface Moment {
  /** Milliseconds since 1970. */
  at: number;
  /** Minutes east of UTC. */
  offsetMinutes: number;
  /** The zone's short name, for `%Z`. */
  readonly zone: string;
}

const ISO =
  /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$/i;
/** Dates with the month in words, as in mail headers. `Date.parse` alone would accept nearly any text with a number. */
const WRITTEN_DATE =
  /^(?:[a-z]{3,9},?\s+)?(?:\d{1,2}(?:st|nd|rd|th)?\s+[a-z]{3,9}\.?|[a-z]{3,9}\.?\s+\d{1,2}(?:st|nd|rd|th)?),?\s+\d{4}(?:,?\s+(?:at\s+)?\d{1,2}:\d{2}(?::\d{2})?(?:\s*[ap]m)?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$/i;
const MINUTE_MS = 60_000;

/** Returns an offset in minutes: 540 for `+09:00`, 0 for `Z`, `UTC` and undefined. */
function parseOffsetMinutes(zone: string | undefined): number {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone ?? "") ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) || 0;
}

/** Returns an offset as text: `+09:00` for 540 minutes. */
export function formatOffset(minutes: number, colon = ":"): string {
  const size = Math.abs(minutes);
  const padTwo = (value: number): string => String(Math.trunc(value)).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${padTwo(size / 60)}${colon}${padTwo(size % 60)}`;
}

const buildMoment = (at: number, offset: number): Moment => ({
  at,
  offsetMinutes: offset,
  zone: offset === 0 ? "UTC" : formatOffset(offset),
});

function parseIso(text: string): Moment | null {
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "0", zone] = ISO.exec(text) ?? [];
  if (year === undefined) return null;
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  const [h, min, s] = [Number(hour), Number(minute), Number(second)];
  const local = Date.UTC(y, m - 1, d, h, min, s, Math.trunc(Number(`0.${fraction}`) * 1000));
  const read = new Date(local);
  // `Date.UTC` reads April 31 as May 1, so a changed month or day means an invalid date.
  if (read.getUTCMonth() !== m - 1 || read.getUTCDate() !== d || h > 23 || min > 59 || s > 59) return null;
  if (y < 100) read.setUTCFullYear(y);
  const offset = parseOffsetMinutes(zone);
  return buildMoment(read.getTime() - offset * MINUTE_MS, offset);
}

function parseWrittenDate(text: string): Moment | null {
  const match = WRITTEN_DATE.exec(text);
  if (match === null) return null;
  const plain = text.replaceAll(/(\d)(?:st|nd|rd|th)\b/gi, "$1").replaceAll(/\bat\b/gi, "");
  // Without a zone, `Date.parse` would use the local time zone.
  const at = Date.parse(match[1] === undefined ? `${plain} UTC` : plain);
  return Number.isNaN(at) ? null : buildMoment(at, parseOffsetMinutes(match[1]));
}

/**
 * Parses the input of a date filter: ISO text with or without a time and an offset (UTC without one), a date with the month
 * in words, seconds since 1970 as a number or its text, `"now"` or `"today"`. Numbers from 1e11 are milliseconds. Returns
 * null for nil and blank text, which print nothing. Throws for other values (T-041, T-092).
 */
export function parseMoment(value: unknown, now: () => number, filter: string): Moment | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Date && !Number.isNaN(value.getTime())) return buildMoment(value.getTime(), 0);
  const text = (typeof value === "string" || typeof value === "number" ? String(value) : "").trim();
  if (value === "" || (typeof value === "string" && text === "")) return null;
  if (text === "now" || text === "today") return buildMoment(now(), 0);
  if (/^-?\d+(\.\d+)?$/.test(text)) {
    const number = Number(text);
    const at = Math.abs(number) < 1e11 ? number * 1000 : number;
    if (Math.abs(at) <= 8.64e15) return buildMoment(Math.trunc(at), 0);
  }
  const moment = parseIso(text) ?? parseWrittenDate(text);
  if (moment !== null) return moment;
  throw new Error(`${filter}: ${describeValue(value)} is not a date; use ISO 8601 such as "2024-03-05T19:07:09Z"`);
}

/** Returns a value as JSON for an error message, truncated if it has more than 60 characters. */
export function describeValue(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
