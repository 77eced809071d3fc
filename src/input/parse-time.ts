import { KnockError } from "../errors/knock-error.js";
import { parseDuration } from "../util/duration.js";

const SPELLED_DURATION = /^(\d+(?:\.\d+)?)\s*(s|m|h|d|w)(?:ecs?|econds?|ins?|inutes?|rs?|ours?|ays?|eeks?)?$/i;

/** Of a length of time that is a number alone, or has its unit in words: what it may mean. Undefined for anything else. */
export function suggestUnit(text: string): string | undefined {
  const [, count, unit] = SPELLED_DURATION.exec(text.trim()) ?? [];
  if (unit !== undefined) return `Did you mean "${count}${unit.toLowerCase()}"?`;
  const number = /^\d+(\.\d+)?$/.exec(text.trim())?.[0];
  return number === undefined ? undefined : `It has no unit: ${number}s, ${number}m, ${number}h or ${number}d.`;
}

/** A duration flag or argument in milliseconds: `30s`, `1h30m`, `PT30M`. */
export function parseDurationArgument(text: string, name: string, hint?: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) {
    throw new KnockError("usage", `${name}: ${JSON.stringify(text)} is not a duration`, {
      hint: hint ?? suggestUnit(text) ?? "For example 30s, 15m, 24h, 7d, 2w, 1h30m or PT30M.",
    });
  }
  return milliseconds;
}

const ISO_TIME = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/** A moment in milliseconds from ISO 8601; without an offset it is UTC, as every time this tool prints. */
export function parseTimeArgument(text: string, name: string): number {
  const trimmed = text.trim();
  const match = ISO_TIME.exec(trimmed);
  const normalized = match
    ? match[1] === undefined
      ? `${trimmed}T00:00:00Z`
      : match[4] === undefined
        ? `${trimmed.replace(" ", "T")}Z`
        : trimmed.replace(" ", "T")
    : "";
  const time = match ? Date.parse(normalized) : Number.NaN;
  // Date.parse rolls 31 February over into March.
  const exists = new Date(`${trimmed.slice(0, 10)}T00:00:00Z`).toJSON()?.startsWith(trimmed.slice(0, 10)) ?? false;
  if (Number.isNaN(time) || !exists) {
    throw new KnockError("usage", `${name}: ${JSON.stringify(text)} is not a time`, {
      hint: "Use ISO 8601, for example 2026-06-04T10:00:00Z; without an offset it is UTC.",
    });
  }
  return time;
}

/** ISO 8601 has four digits for the year. */
const MAX_TIME = Date.parse("9999-12-31T23:59:59.999Z");

/** A moment so much later. Throws `usage` where it would lie beyond the calendar. */
export function addDuration(from: number, length: number, name: string): number {
  const time = from + length;
  if (time > MAX_TIME)
    throw new KnockError("usage", `${name}: would go beyond the year 9999`, { hint: "Give a shorter one." });
  return time;
}
