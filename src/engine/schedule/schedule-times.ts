import type { Zone } from "luxon";
import type { RepeatRule, ScheduleTimes } from "../../domain/trigger/schedule.js";
import {
  DAY_GROUPS,
  DAYS,
  floorMod,
  momentOf,
  nextHour,
  startOfDay,
  wallClockAt,
  weekdayOf,
  zoneOf,
} from "./time-windows.js";

// Loads luxon, through time-windows.ts: import it when a recurring schedule is there to be computed, not before.

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

/** Hours of a week, weekdays of a 29 February: a rule that matches nothing in so many of its units never does. */
const MAX_TRIES = 400;

/** The last moment that ISO 8601 writes with four digits. */
const END_OF_TIME = Date.UTC(9999, 11, 31);

/**
 * The first time that a recurring schedule's rules name (E-370 to E-372, EQ-62), not before `anchor` and later than
 * `after`; null where none is left up to `ending_at`, which itself still counts (E-373). Milliseconds. Intervals count
 * from the anchor's hour, day, ISO week or month in the zone. Local times that the clock skips move forward, of repeated
 * ones the first counts; hourly rules go by real hours.
 */
export function nextOccurrence(
  { repeats, ending_at }: Pick<ScheduleTimes, "repeats" | "ending_at">,
  anchor: number,
  after: number,
  zoneName: string,
): number | null {
  const zone = zoneOf(zoneName);
  const from = Math.max(anchor, after + 1);
  const next = Math.min(...repeats.map((rule) => nextOfRule(unitsOf(rule, anchor, zone), rule.interval, from)));
  return next <= (ending_at ?? END_OF_TIME) ? next : null;
}

/** A rule as its units (hours, days, weeks, months) from the anchor's on, which is number 0. */
interface Units {
  /** The unit that holds a moment. */
  at(moment: number): number;
  /** The times that the rule names in a unit. */
  matches(unit: number): number[];
}

function nextOfRule(units: Units, interval: number, from: number): number {
  // One unit back: a time that the clock skips may have moved out of its own.
  const start = Math.max(0, Math.floor(units.at(from) / interval) - 1);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const matches = units.matches((start + tries) * interval);
    if (matches.some((at) => at > END_OF_TIME)) break;
    const next = matches.filter((at) => at >= from);
    if (next.length > 0) return Math.min(...next);
  }
  return Number.POSITIVE_INFINITY;
}

function unitsOf(rule: RepeatRule, anchor: number, zone: Zone): Units {
  const wall = wallClockAt(zone, anchor);
  const days = typeof rule.days === "string" ? DAY_GROUPS[rule.days] : rule.days?.map((day) => DAYS.indexOf(day));
  const isOn = (wallClock: number): boolean => days === undefined || days.includes(weekdayOf(wallClock));
  if (rule.frequency === "hourly") return hours(rule, anchor, wall, isOn, zone);
  const time = (rule.hours ?? 0) * HOUR_MS + (rule.minutes ?? 0) * MINUTE_MS;
  // Beyond the end of time no zone is asked.
  const momentOn = (day: number): number => (day > END_OF_TIME ? day + time : momentOf(zone, day + time));
  if (rule.frequency === "monthly") return months(rule, wall, isOn, momentOn, zone);

  const today = startOfDay(wall);
  if (rule.frequency === "daily") {
    return {
      at: (moment) => Math.floor((wallClockAt(zone, moment) - today) / DAY_MS),
      matches: (unit) => [today + unit * DAY_MS].filter(isOn).map(momentOn),
    };
  }
  const monday = today - weekdayOf(today) * DAY_MS;
  const weekdays = days ?? [weekdayOf(today)];
  return {
    at: (moment) => Math.floor((wallClockAt(zone, moment) - monday) / WEEK_MS),
    matches: (unit) => weekdays.map((weekday) => momentOn(monday + unit * WEEK_MS + weekday * DAY_MS)),
  };
}

function hours(
  rule: RepeatRule,
  anchor: number,
  wall: number,
  isOn: (wallClock: number) => boolean,
  zone: Zone,
): Units {
  const minutes = rule.minutes ?? 0;
  const first = anchor - floorMod(wall, HOUR_MS) + minutes * MINUTE_MS;
  return {
    at: (moment) => Math.floor((moment - first) / HOUR_MS),
    matches(unit) {
      const hour = first + unit * HOUR_MS;
      if (hour > END_OF_TIME) return [hour];
      // Clocks that change by half an hour: the minute is then found later than the hour.
      const at = nextHour({ days: null, minutes }, hour - 1, zone);
      return at !== undefined && isOn(wallClockAt(zone, at)) ? [at] : [];
    },
  };
}

function monthOf(wallClock: number): number {
  const date = new Date(wallClock);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** The weekday filter counts only where no day of the month is given, as in window rules (EQ-37). */
function months(
  rule: RepeatRule,
  wall: number,
  isOn: (wallClock: number) => boolean,
  momentOn: (day: number) => number,
  zone: Zone,
): Units {
  const anchorMonth = monthOf(wall);
  const wanted = rule.day_of_month ?? new Date(wall).getUTCDate();
  return {
    at: (moment) => monthOf(wallClockAt(zone, moment)) - anchorMonth,
    matches(unit) {
      const [year, month] = [Math.floor((anchorMonth + unit) / 12), (anchorMonth + unit) % 12];
      if (year > 9999) return [Number.POSITIVE_INFINITY];
      const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
      const day = Date.UTC(year, month, Math.min(wanted, lastDay));
      return rule.day_of_month !== null || isOn(day) ? [momentOn(day)] : [];
    },
  };
}
