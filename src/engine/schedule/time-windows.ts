import { FixedOffsetZone, IANAZone, type Zone } from "luxon";
import type { SendWindow } from "../../domain/channel/send-windows.js";
import { isJsonObject } from "../../util/json.js";
import { SizedCache } from "../../util/sized-cache.js";

// Only this file loads luxon, so import it only when a window has to be computed.

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const DEFAULT_ZONE = "Etc/UTC";

/**
 * Returns the first candidate that is an IANA name, or else `Etc/UTC`. `invalid` is the first invalid candidate, which is
 * ignored and should be reported as a warning. Null if no candidate is invalid (E-413, EQ-63).
 */
export function resolveZone(candidates: readonly unknown[]): { zone: string; invalid: string | null } {
  let invalid: string | null = null;
  for (const candidate of candidates) {
    if (candidate === null || candidate === undefined || candidate === "") continue;
    if (typeof candidate === "string" && isZoneName(candidate)) return { zone: candidate, invalid };
    invalid ??= typeof candidate === "string" ? candidate : JSON.stringify(candidate);
  }
  return { zone: DEFAULT_ZONE, invalid };
}

/**
 * One spelling of each valid zone name, whose case is ignored: luxon keeps an object for each spelling that it gets. They are
 * cached because looking up a name creates an Intl object, which is slow.
 */
const spellings = new SizedCache<string>(1_000_000);

function findSpelling(name: string): string | null {
  const known = spellings.get(name);
  if (known !== undefined) return known;
  // Only newer versions of Node accept "+05:30" as a zone, so it is rejected in all versions.
  if (!/^[a-z]/i.test(name) || !IANAZone.isValidZone(name)) return null;
  const spelling = new Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone;
  spellings.set(name, spelling, 2 * spelling.length);
  return spelling;
}

const isUtc = (name: string): boolean => name === DEFAULT_ZONE || name === "UTC";
const isZoneName = (name: string): boolean => isUtc(name) || findSpelling(name) !== null;

export function getZone(name: string): Zone {
  return isUtc(name) ? FixedOffsetZone.utcInstance : IANAZone.create(findSpelling(name) ?? name);
}

/** Returns the local time at a moment, as milliseconds since 1970 in local time. */
export function toWallClock(zone: Zone, at: number): number {
  return at + zone.offset(at) * MINUTE_MS;
}

/**
 * Returns the moment of a local time, which is given as in {@link toWallClock}. For a repeated local time it is the first
 * moment. A local time that the clock skips moves forward by the length of the gap. luxon is not used for this, because its
 * result for a repeated time depends on the current date (EQ-32).
 */
export function toMoment(zone: Zone, wallClock: number): number {
  const [before, after] = [zone.offset(wallClock - DAY_MS), zone.offset(wallClock + DAY_MS)];
  const moments = [before, after].map((offset) => wallClock - offset * MINUTE_MS);
  const matching = moments.filter((moment) => toWallClock(zone, moment) === wallClock);
  return matching.length > 0 ? Math.min(...matching) : (moments[0] as number);
}

export function toStartOfDay(wallClock: number): number {
  return wallClock - floorMod(wallClock, DAY_MS);
}

export function floorMod(value: number, modulus: number): number {
  return value - Math.floor(value / modulus) * modulus;
}

/** Returns the weekday of a local time. 0 is Monday. */
export function getWeekday(wallClock: number): number {
  return (new Date(wallClock).getUTCDay() + 6) % 7;
}

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
export const DAY_GROUPS: Record<string, number[]> = { weekdays: [0, 1, 2, 3, 4], weekends: [5, 6] };

interface WindowRule {
  frequency: "hourly" | "daily" | "weekly" | "monthly";
  /** Weekdays, 0 is Monday. Null for any day. */
  days: number[] | null;
  hours: number;
  minutes: number;
  day_of_month: number | null;
}

/**
 * Returns the next time of a window rule (section 6.4 of the workflow format) after `now`, in milliseconds. Undefined if the
 * value is not a window rule (E-242, EQ-37).
 */
export function findNextWindowTime(rule: unknown, now: number, zoneName: string): number | undefined {
  const parsed = parseWindowRule(rule);
  if (parsed === undefined) return undefined;
  const zone = getZone(zoneName);
  if (parsed.frequency === "hourly") return findNextHour(parsed, now, zone);
  if (parsed.frequency === "monthly") return findNextMonthDay(parsed, now, zone);
  const today = toStartOfDay(toWallClock(zone, now));
  const days = parsed.frequency === "weekly" ? (parsed.days ?? [getWeekday(today)]) : parsed.days;
  for (let ahead = 0; ahead <= 8; ahead++) {
    const day = today + ahead * DAY_MS;
    if (days !== null && !days.includes(getWeekday(day))) continue;
    const at = toMoment(zone, day + parsed.hours * HOUR_MS + parsed.minutes * MINUTE_MS);
    if (at > now) return at;
  }
  return undefined;
}

/** Returns the next time with the rule's minutes on one of its days. Counts elapsed hours, so a repeated hour counts twice. */
export function findNextHour(
  { days, minutes }: Pick<WindowRule, "days" | "minutes">,
  now: number,
  zone: Zone,
): number | undefined {
  const msPastMinute = (wall: number) => floorMod(wall - minutes * MINUTE_MS, HOUR_MS);
  let after = now;
  for (let tries = 0; tries < 20; tries++) {
    // There are two guesses, because the clock can change by half an hour within the next hour.
    const guesses = [after, after + HOUR_MS].map(
      (moment) => after + HOUR_MS - msPastMinute(after + zone.offset(moment) * MINUTE_MS),
    );
    const matching = guesses.filter((moment) => msPastMinute(toWallClock(zone, moment)) === 0);
    if (matching.length === 0) {
      after = Math.min(...guesses);
      continue;
    }
    const at = Math.min(...matching);
    const wall = toWallClock(zone, at);
    if (days === null || days.includes(getWeekday(wall))) return at;
    after = toMoment(zone, toStartOfDay(wall) + DAY_MS) - 1;
  }
  return undefined;
}

/**
 * Returns the next time of a monthly rule. Weekdays apply only without a day of the month. The longest wait for a weekday on
 * the first of a month is 14 months.
 */
function findNextMonthDay(
  { days, hours, minutes, day_of_month }: WindowRule,
  now: number,
  zone: Zone,
): number | undefined {
  const today = new Date(toWallClock(zone, now));
  for (let ahead = 0; ahead <= 24; ahead++) {
    const [year, month] = [today.getUTCFullYear(), today.getUTCMonth() + ahead];
    const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
    const day = Date.UTC(year, month, Math.min(day_of_month ?? 1, lastDay));
    if (day_of_month === null && days !== null && !days.includes(getWeekday(day))) continue;
    const at = toMoment(zone, day + hours * HOUR_MS + minutes * MINUTE_MS);
    if (at > now) return at;
  }
  return undefined;
}

function parseWindowRule(rule: unknown): WindowRule | undefined {
  if (!isJsonObject(rule)) return undefined;
  const { frequency } = rule;
  if (frequency !== "hourly" && frequency !== "daily" && frequency !== "weekly" && frequency !== "monthly")
    return undefined;
  const days = parseDays(rule.days);
  const hours = parseInteger(rule.hours ?? 0, 0, 23);
  const minutes = parseInteger(rule.minutes ?? 0, 0, 55);
  const day_of_month = parseInteger(rule.day_of_month ?? 1, 1, 31);
  if (days === undefined || hours === undefined || minutes === undefined || day_of_month === undefined)
    return undefined;
  if (minutes % 5 !== 0) return undefined;
  return { frequency, days, hours, minutes, day_of_month: isSet(rule.day_of_month) ? day_of_month : null };
}

function isSet(value: unknown): boolean {
  return value !== null && value !== undefined;
}

function parseDays(days: unknown): number[] | null | undefined {
  if (!isSet(days)) return null;
  if (typeof days === "string") return Object.hasOwn(DAY_GROUPS, days) ? DAY_GROUPS[days] : undefined;
  if (!Array.isArray(days)) return undefined;
  const indices = days.map((day) => DAYS.indexOf(day));
  if (indices.includes(-1)) return undefined;
  return indices.length === 0 ? null : indices;
}

function parseInteger(value: unknown, lowest: number, highest: number): number | undefined {
  return Number.isInteger(value) && (value as number) >= lowest && (value as number) <= highest
    ? (value as number)
    : undefined;
}

const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/**
 * Returns the next time that a send window opens, in milliseconds. Null while one is open, and if none ever opens, which the
 * loader rejects. `from` is inclusive and `until` exclusive; both are local times (E-197 to E-201, EQ-32).
 */
export function findSendWindowOpening(windows: readonly SendWindow[], now: number, zoneName: string): number | null {
  const zone = getZone(zoneName);
  const today = toStartOfDay(toWallClock(zone, now));
  // One week is enough unless a clock change skips a whole window. Such a window opens a week later.
  for (let ahead = 0; ahead <= 15; ahead++) {
    const day = today + ahead * DAY_MS;
    const weekday = WEEKDAYS[getWeekday(day)];
    const openings = windows
      .filter((window) => window.type === "send" && window.day === weekday)
      .map((window) => ({
        opens: toMoment(zone, day + parseTimeOfDay(window.from, 0)),
        closes: toMoment(zone, day + parseTimeOfDay(window.until, DAY_MS)),
      }))
      .filter(({ opens, closes }) => opens < closes && now < closes)
      .sort((a, b) => a.opens - b.opens);
    const next = openings[0];
    if (next !== undefined) return next.opens <= now ? null : next.opens;
  }
  return null;
}

/** Returns the milliseconds since midnight of `HH:MM` or `HH:MM:SS`, or `missing` without a time. */
function parseTimeOfDay(text: string | null, missing: number): number {
  const match = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(text ?? "");
  if (!match) return missing;
  return ((Number(match[1]) * 60 + Number(match[2])) * 60 + Number(match[3] ?? 0)) * 1_000;
}
