import { isJsonObject } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import type { Complain } from "../shape/complain.js";
import { describeUnknownKey } from "../shape/place.js";
import { REPEAT_DAY_GROUPS, REPEAT_DAYS, REPEAT_FREQUENCIES, type RepeatRule } from "./schedule.js";

const KEYS = ["__typename", "frequency", "interval", "day_of_month", "days", "hours", "minutes"];
const MAX_RULES = 100;

/** A schedule's rules (A-504, E-370); absent and null are none. Answers with what is right after a complaint. */
export function parseRepeats(value: unknown, complain: Complain): RepeatRule[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    complain([], "must be a list of rules");
    return [];
  }
  if (value.length > MAX_RULES) {
    complain([], `must have at most ${MAX_RULES} rules, found ${value.length}`);
    return [];
  }
  return value.flatMap((rule, index) => parseRule(rule, (path, message) => complain([index, ...path], message)) ?? []);
}

function parseRule(rule: unknown, complain: Complain): RepeatRule | null {
  if (!isJsonObject(rule)) {
    complain([], "must be an object");
    return null;
  }
  for (const key of Object.keys(rule)) {
    if (KEYS.includes(key)) continue;
    complain([key], describeUnknownKey(key, nearest(key, KEYS)));
  }
  const whole = (name: "interval" | "day_of_month" | "hours" | "minutes", lowest: number, highest: number) =>
    parseWhole(rule[name], lowest, highest, (path, message) => complain([name, ...path], message));
  const minutes = whole("minutes", 0, 59);
  if (minutes !== null && minutes % 5 !== 0) complain(["minutes"], `must be a multiple of 5, found ${minutes}`);
  const frequency = REPEAT_FREQUENCIES.find((known) => known === rule.frequency);
  if (frequency === undefined) {
    const found = rule.frequency === undefined ? "" : `, found ${JSON.stringify(rule.frequency)}`;
    complain(["frequency"], `must be one of ${REPEAT_FREQUENCIES.join(", ")}${found}`);
  }
  return {
    frequency: frequency ?? "daily",
    interval: whole("interval", 1, 10_000) ?? 1,
    day_of_month: whole("day_of_month", 1, 31),
    days: parseDays(rule.days, complain),
    hours: whole("hours", 0, 23),
    minutes,
  };
}

function parseWhole(value: unknown, lowest: number, highest: number, complain: Complain): number | null {
  if (value === undefined || value === null) return null;
  if (Number.isInteger(value) && (value as number) >= lowest && (value as number) <= highest) return value as number;
  complain([], `must be a whole number from ${lowest} to ${highest}, found ${JSON.stringify(value)}`);
  return null;
}

function parseDays(value: unknown, complain: Complain): RepeatRule["days"] {
  if (value === undefined || value === null) return null;
  const group = REPEAT_DAY_GROUPS.find((known) => known === value);
  if (group !== undefined) return group;
  if (!Array.isArray(value)) {
    complain(
      ["days"],
      `must be a list of ${REPEAT_DAYS.join(", ")}, or "weekdays" or "weekends", found ${JSON.stringify(value)}`,
    );
    return null;
  }
  const days = value.flatMap((day, index) => {
    const known = REPEAT_DAYS.find((one) => one === day);
    if (known === undefined)
      complain(["days", index], `must be one of ${REPEAT_DAYS.join(", ")}, found ${JSON.stringify(day)}`);
    return known ?? [];
  });
  return days.length === 0 ? null : [...new Set(days)];
}
