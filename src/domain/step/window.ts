import * as z from "zod/mini";
import type { JsonObject } from "../../util/json.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { describeJsonType } from "../schema/describe-issue.js";
import { described, isEmpty, optional } from "../schema/fields.js";
import { DAY_MS, DURATION_UNITS, toMilliseconds } from "./step-duration.js";

/** Returns the error for `"10m"` or 600, which are common first attempts. It shows the complete form. */
function describeInvalidDuration({ input }: { input?: unknown }): string | undefined {
  if (typeof input !== "string" && typeof input !== "number") return undefined;
  return `must be an object such as {"unit":"minutes","value":10}, found ${describeJsonType(input)}`;
}

/** Returns an optional field with a length of time (section 6.3 of the format). */
export const durationField = (description: string) =>
  described(
    optional(
      z.strictObject(
        {
          unit: described(z.enum(DURATION_UNITS), "The unit; a month has 30 days."),
          value: described(
            z.number(),
            "The number of units. Negative values are before the time, where the format allows them.",
          ),
        },
        { error: describeInvalidDuration },
      ),
    ),
    description,
  );

/** Reports a length of time from now that is negative or longer than `maxDays` days. */
export function checkDuration(length: unknown, maxDays: number, path: PropertyKey[], report: ReportFinding): void {
  const milliseconds = toMilliseconds(length) ?? 0;
  if (milliseconds < 0) report([...path, "value"], "must not be negative");
  if (milliseconds > maxDays * DAY_MS) report(path, `must be at most ${maxDays} days`);
}

/** The settings of a step type that waits, or counts, until a time. */
export interface WindowSettings {
  /** The names of the settings with the length and with the path to a time. */
  length: string;
  fieldPath: string;
  maxDays: number;
  /** The meaning of a length of 0, such as "the run does not wait". */
  emptyEffect: string;
  /** Returns the setting that limits the window, and its length in milliseconds; null if nothing does. */
  getLimit?(settings: JsonObject): { name: string; milliseconds: number } | null;
}

/**
 * Reports a window that has neither a length nor a path. If it has both, the length is an offset, which may be
 * negative. It is compared with the limit at run time, when the value at the path is known.
 */
export function checkWindow(
  settings: Readonly<Record<string, unknown>>,
  { length, fieldPath, maxDays }: WindowSettings,
  report: ReportFinding,
): void {
  const hasLength = settings[length] !== undefined && settings[length] !== null;
  const hasPath = !isEmpty(settings[fieldPath]);
  if (!hasLength && !hasPath) report([], `must have ${length} or ${fieldPath}`);
  if (hasLength && !hasPath) checkDuration(settings[length], maxDays, [length], report);
}
