import { type Duration, durationMs } from "../../domain/step/duration.js";
import { resolveDelayEnd, resolveFieldPath } from "../schedule/dynamic-window.js";
import type { Advancing } from "./advancing.js";

/** A step's window: fixed, dynamic, or an offset from a dynamic timestamp. */
export interface StepWindow {
  duration: Duration | null;
  path: string | null;
}

/** When a window that starts now ends, in the recipient's time zone; or why it cannot be told (E-234 to E-242, E-253 to E-256). */
export function windowEnd(
  { duration, path }: StepWindow,
  advancing: Advancing,
): { until: number } | { invalid: string } {
  const { input } = advancing;
  const { timeWindows } = input.compiled;
  const end = resolveDelayEnd({
    delay_for: duration,
    value: path === null ? undefined : resolveFieldPath(path, advancing.conditionScope.variables),
    hasPath: path !== null,
    now: input.now,
    zone: advancing.zone(),
    nextWindowRule: (rule, now, zoneName) => timeWindows?.nextWindowRule(rule, now, zoneName),
  });
  return "invalid" in end && path !== null ? { invalid: `${path}: ${end.invalid}` } : end;
}

/** Milliseconds of a duration that the parser has checked. */
export function fixedMs(duration: Duration): number {
  return durationMs(duration) ?? 0;
}
