import type { Zone } from "luxon";
import type { RepeatRule, ScheduleTimes } from "../../domain/trigger/schedule.js";
import {
  DAY_GROUPS,
  DAYS,
  findNextHour,
  floorMod,
  getWeekday,
  getZone,
  toMoment,
  toStartOfDay,
  toWallClock,
} from "./time-windows.js";

// This file loads luxon through time-windows.ts. Import it only when the next time of a recurring schedule is needed.

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

/**
 * Limits how many units of a rule are searched. A rule that matches none of them never matches: a week has 168 hours, and
 * 400 years contain every weekday that February 29 can have.
 */
const MAX_TRIES = 400;

/** The last day whose year has four digits in ISO 8601. */
const MAX_TIME_MS = Date.UTC(9999, 11, 31);

/**
 * Returns the first time of a recurring schedule's rules that is not before `anchor`, later than `after` and not later than
 * `ending_at`, or null. All times are in milliseconds. Intervals count from the anchor's hour, day, ISO
 * week or month in the zone. Local times that the clock skips move forward. If the clock repeats a local time, its first
 * occurrence is used. Hourly rules count elapsed hours (E-370 to E-373, EQ-62).
 */
export function findNextOccurrence(
  { repeats, ending_at }: Pick<ScheduleTimes, "repeats" | "ending_at">,
  anchor: number,
  after: number,
  zoneName: string,
): number | null {
  const zone = getZone(zoneName);
  const from = Math.max(anchor, after + 1);
  const next = Math.min(...repeats.map((rule) => findNextTime(toUnits(rule, anchor, zone), rule.interval, from)));
  return next <= (ending_at ?? MAX_TIME_MS) ? next : null;
}

/** The units of a rule (hours, days, weeks or months). Unit 0 contains the anchor. */
interface Units {
  /** Returns the number of the unit that contains a time. */
  findUnit(moment: number): number;
  /** Returns the times of the rule in a unit. */
  listTimes(unit: number): number[];
}

function findNextTime(units: Units, interval: number, from: number): number {
  // The search starts one interval earlier, because a time that the clock skips can move into the next unit.
  const start = Math.max(0, Math.floor(units.findUnit(from) / interval) - 1);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const matches = units.listTimes((start + tries) * interval);
    if (matches.some((at) => at > MAX_TIME_MS)) break;
    const next = matches.filter((at) => at >= from);
    if (next.length > 0) return Math.min(...next);
  }
  return Number.POSITIVE_INFINITY;
}

function toUnits(rule: RepeatRule, anchor: number, zone: Zone): Units {
  const wall = toWallClock(zone, anchor);
  const days = typeof rule.days === "string" ? DAY_GROUPS[rule.days] : rule.days?.map((day) => DAYS.indexOf(day));
  const matchesDay = (wallClock: number): boolean => days === undefined || days.includes(getWeekday(wallClock));
  if (rule.frequency === "hourly") return toHourUnits(rule, anchor, wall, matchesDay, zone);
  const time = (rule.hours ?? 0) * HOUR_MS + (rule.minutes ?? 0) * MINUTE_MS;
  // After the last supported day, the zone's offset is not needed.
  const toMomentOnDay = (day: number): number => (day > MAX_TIME_MS ? day + time : toMoment(zone, day + time));
  if (rule.frequency === "monthly") return toMonthUnits(rule, wall, matchesDay, toMomentOnDay, zone);

  const today = toStartOfDay(wall);
  if (rule.frequency === "daily") {
    return {
      findUnit: (moment) => Math.floor((toWallClock(zone, moment) - today) / DAY_MS),
      listTimes: (unit) => [today + unit * DAY_MS].filter(matchesDay).map(toMomentOnDay),
    };
  }
  const monday = today - getWeekday(today) * DAY_MS;
  const weekdays = days ?? [getWeekday(today)];
  return {
    findUnit: (moment) => Math.floor((toWallClock(zone, moment) - monday) / WEEK_MS),
    listTimes: (unit) => weekdays.map((weekday) => toMomentOnDay(monday + unit * WEEK_MS + weekday * DAY_MS)),
  };
}

function toHourUnits(
  rule: RepeatRule,
  anchor: number,
  wall: number,
  matchesDay: (wallClock: number) => boolean,
  zone: Zone,
): Units {
  const minutes = rule.minutes ?? 0;
  const first = anchor - floorMod(wall, HOUR_MS) + minutes * MINUTE_MS;
  return {
    findUnit: (moment) => Math.floor((moment - first) / HOUR_MS),
    listTimes(unit) {
      const hour = first + unit * HOUR_MS;
      if (hour > MAX_TIME_MS) return [hour];
      // If the clock changes by half an hour, the rule's minute can come later than `hour`.
      const at = findNextHour({ days: null, minutes }, hour - 1, zone);
      return at !== undefined && matchesDay(toWallClock(zone, at)) ? [at] : [];
    },
  };
}

function getMonthNumber(wallClock: number): number {
  const date = new Date(wallClock);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** Returns the units of a monthly rule. As in window rules, weekdays apply only without a day of the month (EQ-37). */
function toMonthUnits(
  rule: RepeatRule,
  wall: number,
  matchesDay: (wallClock: number) => boolean,
  toMomentOnDay: (day: number) => number,
  zone: Zone,
): Units {
  const anchorMonth = getMonthNumber(wall);
  const dayOfMonth = rule.day_of_month ?? new Date(wall).getUTCDate();
  return {
    findUnit: (moment) => getMonthNumber(toWallClock(zone, moment)) - anchorMonth,
    listTimes(unit) {
      const [year, month] = [Math.floor((anchorMonth + unit) / 12), (anchorMonth + unit) % 12];
      if (year > 9999) return [Number.POSITIVE_INFINITY];
      const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
      const day = Date.UTC(year, month, Math.min(dayOfMonth, lastDay));
      return rule.day_of_month !== null || matchesDay(day) ? [toMomentOnDay(day)] : [];
    },
  };
}
