import { parseTimestamp } from "../../domain/condition/parse-timestamp.js";
import { DAY_MS, type Duration, toMilliseconds } from "../../domain/step/step-duration.js";
import { getValueAtPath, isJsonObject } from "../../util/json.js";

const MAX_DELAY_DAYS = 365;
const MAX_DELAY_MS = MAX_DELAY_DAYS * DAY_MS;
const MAX_SHOWN_CHARACTERS = 60;
const FIELD_ROOTS = new Set(["data", "recipient", "actor", "tenant", "vars"]);

/** Returns the value at a step's field path. A path that does not start with a known root is a path into `data` (E-234). */
export function resolveFieldPath(path: string, variables: Record<string, unknown>): unknown {
  const parts = path.split(".");
  const rooted = parts.length > 1 && FIELD_ROOTS.has(parts[0] as string);
  return getValueAtPath(variables, rooted ? parts : ["data", ...parts]);
}

/** Returns whether a value is meant as a window rule, so that `findNextWindowTime` has to be loaded. */
export function isWindowRule(value: unknown): boolean {
  return isJsonObject(value) && Object.hasOwn(value, "frequency");
}

interface DelaySettings {
  delay_for: Duration | null;
  /** The value at `delay_until_field_path`. */
  value: unknown;
  /** The step's `delay_until_field_path`. */
  path: string | null;
  /** Milliseconds. */
  now: number;
  /** An IANA name, for window rules (E-241). */
  zone: string;
  /** The function of `time-windows.ts`. It is passed in so that delays without a window rule do not load luxon. */
  findNextWindowTime: (rule: unknown, now: number, zone: string) => number | undefined;
}

/** Returns the end of a delay as text, such as `data.due_at − 1 day`. */
function describeEnd({ path, delay_for }: DelaySettings): string {
  if (delay_for === null || delay_for.value === 0) return path ?? "the time";
  const count = Math.abs(delay_for.value);
  const unit = delay_for.unit.replace(/s$/, "") + (count === 1 ? "" : "s");
  return `${path ?? "now"} ${delay_for.value < 0 ? "−" : "+"} ${count} ${unit}`;
}

/**
 * Returns the time at which a delay ends, in milliseconds, or why the delay is skipped. Without a path, it ends after
 * `delay_for`. With a path, it ends at the path's timestamp, after its duration, or at the next time of its window rule.
 * With both, `delay_for` is added to that time and can be negative. An end in the past or more than 365 days ahead is
 * invalid (E-233 to E-237, EQ-35, EQ-36).
 */
export function resolveDelayEnd(settings: DelaySettings): { until: number } | { invalid: string } {
  const { delay_for, path, now } = settings;
  const offset = delay_for === null ? 0 : toMilliseconds(delay_for);
  if (offset === undefined || Number.isNaN(offset)) return { invalid: "delay_for is not a duration" };
  if (path === null && delay_for === null) return { invalid: "no delay_for and no delay_until_field_path" };
  const base = path === null ? now : resolvePathValue(settings);
  if (base === undefined) {
    const missing = settings.value === undefined || settings.value === null || settings.value === "";
    const valueText = JSON.stringify(settings.value)?.slice(0, MAX_SHOWN_CHARACTERS);
    const problem = missing ? "the value is missing" : `${valueText} is not a timestamp, duration or window rule`;
    return { invalid: `${path}: ${problem}` };
  }
  const until = Math.round(base + offset);
  if (!(until >= now)) return { invalid: `${describeEnd(settings)} is in the past` }; // also NaN, the sum of two infinite durations
  if (until - now > MAX_DELAY_MS) {
    const days = Math.ceil((until - now) / DAY_MS);
    return { invalid: `${describeEnd(settings)} is ${days} days ahead, more than the limit of ${MAX_DELAY_DAYS} days` };
  }
  return { until };
}

function resolvePathValue({ value, now, zone, findNextWindowTime }: DelaySettings): number | undefined {
  if (isWindowRule(value)) return findNextWindowTime(value, now, zone);
  const length = toMilliseconds(value);
  if (length === undefined || Number.isNaN(length)) return parseTimestamp(value);
  return now + length;
}
