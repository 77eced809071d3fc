import { KnockError } from "../errors/knock-error.js";
import { parseDuration } from "../util/duration.js";
import { correctWord, type Hint } from "../util/find-nearest.js";

const SPELLED_DURATION = /^(\d+(?:\.\d+)?)\s*(s|m|h|d|w)(?:ecs?|econds?|ins?|inutes?|rs?|ours?|ays?|eeks?)?$/i;

/**
 * Returns a hint for a duration that is a number without a unit, or that has its unit in words. Undefined for any other
 * text.
 */
export function suggestUnit(text: string): Hint | undefined {
  const [, count, unit] = SPELLED_DURATION.exec(text.trim()) ?? [];
  if (unit !== undefined) return correctWord(text, `${count}${unit.toLowerCase()}`);
  const number = /^\d+(\.\d+)?$/.exec(text.trim())?.[0];
  // A duration of 0 makes no sense for most flags, so that no unit would help.
  return number === undefined || Number(number) === 0
    ? undefined
    : `Add a unit: ${number}s, ${number}m, ${number}h or ${number}d.`;
}

/** Returns the start of an error about the value of a flag. The error about an argument shows only its value. */
const formatFlag = (name: string | null): string => (name === null ? "" : `${name}: `);

/**
 * Parses the duration of an argument, or of the flag `name`, such as `30s`, `1h30m` or `PT30M`, to milliseconds. Throws
 * `usage`.
 */
export function parseDurationArgument(text: string, name: string | null, hint?: Hint): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) {
    throw new KnockError("usage", `${formatFlag(name)}${JSON.stringify(text)} is not a duration`, {
      hint: hint ?? suggestUnit(text) ?? "For example 30s, 15m, 24h, 7d, 2w, 1h30m or PT30M.",
    });
  }
  return milliseconds;
}

const ISO_TIME = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/** The expected form of a time, and the hint of its errors. */
const TIME_FORM = {
  expected: "a time",
  hint: "Use ISO 8601, for example 2030-06-04T10:00:00Z. The default offset is UTC.",
};

/**
 * Parses the ISO 8601 time of an argument, or of the flag `name`, to milliseconds. Without an offset, the time is in UTC.
 * Throws `usage`.
 */
export function parseTimeArgument(text: string, name: string | null, { expected, hint } = TIME_FORM): number {
  const trimmed = text.trim();
  const match = ISO_TIME.exec(trimmed);
  const normalized = match
    ? match[1] === undefined
      ? `${trimmed}T00:00:00Z`
      : match[4] === undefined
        ? `${trimmed.replace(" ", "T")}Z`
        : trimmed.replace(" ", "T")
    : "";
  // Date.parse misreads fractions with more than about 20 digits.
  const time = match ? Date.parse(normalized.replace(/(\.\d{3})\d+/, "$1")) : Number.NaN;
  // Date.parse accepts 31 February and returns a day in March.
  const exists = new Date(`${trimmed.slice(0, 10)}T00:00:00Z`).toJSON()?.startsWith(trimmed.slice(0, 10)) ?? false;
  if (Number.isNaN(time) || !exists) {
    throw new KnockError("usage", `${formatFlag(name)}${JSON.stringify(text)} is not ${expected}`, { hint });
  }
  return time;
}

/** The expected form of a time in the past, and the hint of its errors. */
export const PAST_TIME_FORM = {
  expected: "a time or a duration",
  hint: "Use ISO 8601, for example 2026-06-04T10:00:00Z, or a duration before now, for example 24h.",
};

/** Parses a time, or a duration before `now`, of the flag `name`, to milliseconds. Throws `usage`. */
export function parsePastTimeArgument(text: string, name: string, now: number): number {
  const duration = parseDuration(text);
  return duration === undefined ? parseTimeArgument(text, name, PAST_TIME_FORM) : now - duration;
}

/** The latest time, because ISO 8601 has four digits for the year. */
const MAX_TIME = Date.parse("9999-12-31T23:59:59.999Z");

/** Returns the time that is `length` milliseconds later. Throws `usage` if it is beyond the year 9999. */
export function addDuration(from: number, length: number, name: string): number {
  const time = from + length;
  if (time > MAX_TIME)
    throw new KnockError("usage", `${name}: would go beyond the year 9999`, { hint: "Use a shorter duration." });
  return time;
}
