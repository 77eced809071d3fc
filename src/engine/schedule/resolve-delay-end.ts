import { parseTimestamp } from "../../domain/condition/parse-timestamp.js";
import { DAY_MS, type Duration, toMilliseconds } from "../../domain/step/step-duration.js";
import { getValueAtPath, isJsonObject } from "../../util/json.js";

const MAX_DELAY_MS = 365 * DAY_MS;
const MAX_SHOWN_CHARACTERS = 60;
const FIELD_ROOTS = new Set(["data", "recipient", "actor", "tenant", "vars"]);

/** What a step's field path leads to; a path without one of the roots is one into `data` (E-234). */
export function resolveFieldPath(path: string, variables: Record<string, unknown>): unknown {
  const parts = path.split(".");
  const rooted = parts.length > 1 && FIELD_ROOTS.has(parts[0] as string);
  return getValueAtPath(variables, rooted ? parts : ["data", ...parts]);
}

/** Whether a field's value is meant as a window rule, and `nextWindowRule` has to be loaded for it. */
export function isWindowRule(value: unknown): boolean {
  return isJsonObject(value) && Object.hasOwn(value, "frequency");
}

interface DelaySettings {
  delay_for: Duration | null;
  /** What `delay_until_field_path` led to. */
  value: unknown;
  /** Whether the step has such a path. */
  hasPath: boolean;
  /** Milliseconds. */
  now: number;
  /** An IANA name, for window rules (E-241). */
  zone: string;
  /** That of `time-windows.ts`; handed in so that a delay without a rule need not load it. */
  findNextWindowTime: (rule: unknown, now: number, zone: string) => number | undefined;
}

/**
 * When a delay ends, in milliseconds, or why it is skipped (E-233 to E-237): after `delay_for`; at what the path leads to
 * (a timestamp, a Duration from now, the next time of a window rule); or, with both, that far from it, a negative
 * `delay_for` being before (EQ-35). An end in the past or more than 365 days ahead is invalid (EQ-36).
 */
export function resolveDelayEnd(settings: DelaySettings): { until: number } | { invalid: string } {
  const { delay_for, hasPath, now } = settings;
  const offset = delay_for === null ? 0 : toMilliseconds(delay_for);
  if (offset === undefined || Number.isNaN(offset)) return { invalid: "delay_for is not a duration" };
  if (!hasPath && delay_for === null) return { invalid: "no delay_for and no delay_until_field_path" };
  const base = hasPath ? resolveWindowValue(settings) : now;
  if (base === undefined) {
    const missing = settings.value === undefined || settings.value === null || settings.value === "";
    const valueText = JSON.stringify(settings.value)?.slice(0, MAX_SHOWN_CHARACTERS);
    return { invalid: missing ? "the value is missing" : `${valueText} is no timestamp, duration or window rule` };
  }
  const until = Math.round(base + offset);
  if (!(until >= now)) return { invalid: "the time is past" }; // also NaN, from two endless durations
  if (until - now > MAX_DELAY_MS) return { invalid: "the time is more than 365 days ahead" };
  return { until };
}

function resolveWindowValue({
  value,
  now,
  zone,
  findNextWindowTime: nextWindowRule,
}: DelaySettings): number | undefined {
  if (isWindowRule(value)) return nextWindowRule(value, now, zone);
  const length = toMilliseconds(value);
  if (length === undefined || Number.isNaN(length)) return parseTimestamp(value);
  return now + length;
}
