import { type Duration, toMilliseconds } from "../../domain/step/step-duration.js";
import { resolveDelayEnd, resolveFieldPath } from "../schedule/resolve-delay-end.js";
import type { RunExecution } from "./run-execution.js";

/** A step's window: fixed, dynamic, or an offset from a dynamic timestamp. */
interface StepWindow {
  duration: Duration | null;
  path: string | null;
}

/**
 * Returns when a window that starts now ends, in the recipient's time zone, or why its end is invalid (E-234 to E-242,
 * E-253 to E-256).
 */
export function resolveWindowEnd(
  { duration, path }: StepWindow,
  execution: RunExecution,
): { until: number } | { invalid: string } {
  const { input } = execution;
  const { timeWindows } = input.compiled;
  return resolveDelayEnd({
    delay_for: duration,
    value: path === null ? undefined : resolveFieldPath(path, execution.conditionScope.variables),
    path,
    now: input.now,
    zone: execution.resolveZone(),
    findNextWindowTime: (rule, now, zoneName) => timeWindows?.findNextWindowTime(rule, now, zoneName),
  });
}

/** Returns the milliseconds of a duration that the parser has checked. */
export function getDurationMs(duration: Duration): number {
  return toMilliseconds(duration) ?? 0;
}
