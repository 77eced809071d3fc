const TIMESTAMP =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?:(Z)|([+-])(\d\d)(?::?(\d\d))?)?)?$/i;

const RELATIVE_TIME = /^(\d+)[\s_]+(minute|hour|day|week)s?[\s_]+(ago|from[\s_]+now)$/i;

const UNIT_MS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000, week: 604_800_000 };

const MIN_RELATIVE_MS = 15 * 60_000;

/**
 * Returns milliseconds since 1970 for ISO 8601 text in its extended form: a date (midnight UTC, EQ-17), or a date and
 * time, which is in UTC if it has no offset. Digits below a millisecond are dropped. Returns undefined for any other
 * value, and for a date or time that does not exist, such as `2025-13-01` (E-116).
 */
export function parseTimestamp(value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  const match = TIMESTAMP.exec(value);
  if (!match) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [hour, minute, second] = [Number(match[4] ?? 0), Number(match[5] ?? 0), Number(match[6] ?? 0)];
  const [offsetHour, offsetMinute] = [Number(match[10] ?? 0), Number(match[11] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day); // unlike Date.UTC, it does not map the years 0 to 99 to the 20th century
  if (date.getUTCMonth() !== month - 1) return undefined; // a day that does not exist is in another month
  const milliseconds = Number((match[7] ?? "").slice(0, 3).padEnd(3, "0"));
  const offset = (offsetHour * 60 + offsetMinute) * (match[9] === "-" ? -1 : 1);
  return date.getTime() + ((hour * 60 + minute - offset) * 60 + second) * 1_000 + milliseconds;
}

/**
 * Returns the time that `7 days ago` or `3_days_from_now` names, in milliseconds. It is `now` plus or minus minutes,
 * hours, days (24 h) or weeks. Returns undefined for less than 15 minutes and for any other text (E-119).
 */
export function parseRelativeTime(text: string, now: number): number | undefined {
  const [, count, unit = "", direction = ""] = RELATIVE_TIME.exec(text.trim()) ?? [];
  const length = Number(count) * (UNIT_MS[unit.toLowerCase()] ?? Number.NaN);
  if (length < MIN_RELATIVE_MS || !Number.isSafeInteger(length)) return undefined;
  return direction.toLowerCase() === "ago" ? now - length : now + length;
}
