import { FixedOffsetZone, IANAZone, type Zone } from "luxon";
import type { SendWindow } from "../../domain/channel/send-windows.js";
import { isJsonObject } from "../../util/json.js";

// This file is the only one that loads luxon: import it when a window is there to be computed, not before.

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const DEFAULT_ZONE = "Etc/UTC";

/**
 * The first candidate that is an IANA name, else `Etc/UTC` (E-413). `invalid` is the first that was set and is none:
 * it counts as not set and deserves a warning (EQ-63).
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

/** Asking for an unknown zone's formatter is slow; the valid names are few. */
const knownZones = new Set<string>([DEFAULT_ZONE, "UTC"]);

function isZoneName(name: string): boolean {
  if (knownZones.has(name)) return true;
  // Later Nodes take "+05:30" for a zone, earlier ones do not.
  if (!/^[a-z]/i.test(name) || !IANAZone.isValidZone(name)) return false;
  knownZones.add(name);
  return true;
}

export function getZone(name: string): Zone {
  return name === DEFAULT_ZONE || name === "UTC" ? FixedOffsetZone.utcInstance : IANAZone.create(name);
}

/** The wall clock at a moment, as if it were UTC. */
export function toWallClock(zone: Zone, at: number): number {
  return at + zone.offset(at) * MINUTE_MS;
}

/**
 * The moment a wall clock (written as if it were UTC) shows a time: the first of two, and where the clock skips it, as
 * much later as the clock was put forward (EQ-32). luxon's own answer for a repeated time depends on the current date.
 */
export function toMoment(zone: Zone, wallClock: number): number {
  const [before, after] = [zone.offset(wallClock - DAY_MS), zone.offset(wallClock + DAY_MS)];
  const moments = [before, after].map((offset) => wallClock - offset * MINUTE_MS);
  const shown = moments.filter((moment) => toWallClock(zone, moment) === wallClock);
  return shown.length > 0 ? Math.min(...shown) : (moments[0] as number);
}

export function toStartOfDay(wallClock: number): number {
  return wallClock - floorMod(wallClock, DAY_MS);
}

export function floorMod(value: number, modulus: number): number {
  return value - Math.floor(value / modulus) * modulus;
}

/** 0 is Monday. */
export function getWeekday(wallClock: number): number {
  return (new Date(wallClock).getUTCDay() + 6) % 7;
}

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
export const DAY_GROUPS: Record<string, number[]> = { weekdays: [0, 1, 2, 3, 4], weekends: [5, 6] };

interface WindowRule {
  frequency: "hourly" | "daily" | "weekly" | "monthly";
  /** 0 is Monday; null: any day. */
  days: number[] | null;
  hours: number;
  minutes: number;
  day_of_month: number | null;
}

/**
 * The next local time that a window rule (section 6.4 of the workflow format) names, strictly after `now` (E-242, EQ-37);
 * undefined if it is no such rule. Milliseconds.
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

/** Goes by real hours, so that the hour a clock repeats counts twice; then the day must fit. */
export function findNextHour(
  { days, minutes }: Pick<WindowRule, "days" | "minutes">,
  now: number,
  zone: Zone,
): number | undefined {
  const msPastMinute = (wall: number) => floorMod(wall - minutes * MINUTE_MS, HOUR_MS);
  let after = now;
  for (let tries = 0; tries < 20; tries++) {
    // Two guesses, for clocks that change by half an hour within the coming one.
    const guesses = [after, after + HOUR_MS].map(
      (moment) => after + HOUR_MS - msPastMinute(after + zone.offset(moment) * MINUTE_MS),
    );
    const shown = guesses.filter((moment) => msPastMinute(toWallClock(zone, moment)) === 0);
    if (shown.length === 0) {
      after = Math.min(...guesses);
      continue;
    }
    const at = Math.min(...shown);
    const wall = toWallClock(zone, at);
    if (days === null || days.includes(getWeekday(wall))) return at;
    after = toMoment(zone, toStartOfDay(wall) + DAY_MS) - 1;
  }
  return undefined;
}

/** The weekday filter counts only where no day of the month is given; the longest wait for a weekday on a 1st is 14 months. */
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
 * Null while a window is open (or none ever opens: the loader refuses such a list), else the next opening in milliseconds
 * (E-197 to E-201). `from` is inside the window, `until` is not; both are wall times resolved as EQ-32 says.
 */
export function findSendWindowOpening(windows: readonly SendWindow[], now: number, zoneName: string): number | null {
  const zone = getZone(zoneName);
  const today = toStartOfDay(toWallClock(zone, now));
  // A week finds every window but one that a clock change swallows whole; it opens again within the next.
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

/** Milliseconds into the day of `HH:MM` or `HH:MM:SS`. */
function parseTimeOfDay(text: string | null, missing: number): number {
  const match = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(text ?? "");
  if (!match) return missing;
  return ((Number(match[1]) * 60 + Number(match[2])) * 60 + Number(match[3] ?? 0)) * 1_000;
}
