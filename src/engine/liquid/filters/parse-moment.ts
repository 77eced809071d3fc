/** A moment as a template has it: when, and the offset it was written in, which `date` prints it with. */
export interface Moment {
  /** Milliseconds since 1970. */
  at: number;
  /** Minutes east of UTC. */
  offsetMinutes: number;
  /** As `%Z` prints it. */
  zone: string;
}

const ISO =
  /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$/i;
/** Dates with the month in words, as mail headers have them; `Date.parse` alone would take nearly any text with a number. */
const WRITTEN_DATE =
  /^(?:[a-z]{3,9},?\s+)?(?:\d{1,2}(?:st|nd|rd|th)?\s+[a-z]{3,9}\.?|[a-z]{3,9}\.?\s+\d{1,2}(?:st|nd|rd|th)?),?\s+\d{4}(?:,?\s+(?:at\s+)?\d{1,2}:\d{2}(?::\d{2})?\s*(?:[ap]m)?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$/i;
const MINUTE_MS = 60_000;

/** `+09:00` → 540. Z, UTC and nothing are 0. */
function parseOffsetMinutes(zone: string | undefined): number {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone ?? "") ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) || 0;
}

/** 540 → `+09:00`. */
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
  const [y, m, d, h, min, s] = [year, month, day, hour, minute, second].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const local = Date.UTC(y, m - 1, d, h, min, s, Math.trunc(Number(`0.${fraction}`) * 1000));
  const read = new Date(local);
  // The 31st of April would be the first of May.
  if (read.getUTCMonth() !== m - 1 || read.getUTCDate() !== d || h > 23 || min > 59 || s > 59) return null;
  if (y < 100) read.setUTCFullYear(y);
  const offset = parseOffsetMinutes(zone);
  return buildMoment(read.getTime() - offset * MINUTE_MS, offset);
}

function parseWrittenDate(text: string): Moment | null {
  const match = WRITTEN_DATE.exec(text);
  if (match === null) return null;
  const plain = text.replaceAll(/(\d)(?:st|nd|rd|th)\b/gi, "$1").replaceAll(/\bat\b/gi, "");
  // Without a zone the machine's would be taken.
  const at = Date.parse(match[1] === undefined ? `${plain} UTC` : plain);
  return Number.isNaN(at) ? null : buildMoment(at, parseOffsetMinutes(match[1]));
}

/**
 * What the date filters take (T-041): text in ISO form, with or without a time and an offset (without one it is UTC), dates
 * with the month in words, seconds since 1970 as a number or its text, `"now"` and `"today"`. From 100 thousand million on a
 * number is taken for milliseconds. Null for nil and blank text, which print nothing; throws for text that is no date (T-092).
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
  throw new Error(`${filter}: ${describeValue(value)} is no date; use ISO 8601 such as "2024-03-05T19:07:09Z"`);
}

/** A value as errors name it, shortened. */
export function describeValue(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
