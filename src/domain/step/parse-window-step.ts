import type { Complain } from "../shape/complain.js";
import { integer, object, oneOf, optional } from "../shape/shape.js";
import { DAY_MS, type Duration, durationMs } from "./duration.js";
import { checked, type StepParser } from "./step-context.js";
import { delaySettings, durationShape, maybeText } from "./step-shapes.js";
import type { BatchStep, DelayStep, ThrottleStep } from "./step-types.js";

/** For a batch the documents give no limit; no notification is meant to come later than the longest delay. */
const LONGEST_WAIT_DAYS = 365;
const LONGEST_THROTTLE_DAYS = 31;

/** A length of time that starts now: not negative, at most so many days. */
export function checkLength(length: Duration, maxDays: number, path: PropertyKey[], complain: Complain): void {
  const milliseconds = durationMs(length) ?? 0;
  if (milliseconds < 0) complain([...path, "value"], "must not be negative");
  if (milliseconds > maxDays * DAY_MS) complain(path, `must be at most ${maxDays} days`);
}

/**
 * A window is a length, or a path to where it is told, or both: then the length is an offset, which may be negative
 * ("before") and is held against the limit only once the path's value is known.
 */
function checkWindow(
  { length, fieldPath }: { length: Duration | null; fieldPath: string | null },
  names: { length: string; fieldPath: string },
  maxDays: number,
  settings: PropertyKey[],
  complain: Complain,
): void {
  if (length === null && fieldPath === null) complain(settings, `needs ${names.length} or ${names.fieldPath}`);
  if (length !== null && fieldPath === null) checkLength(length, maxDays, [...settings, names.length], complain);
}

/** F-047. */
export const parseDelayStep: StepParser<DelayStep> = (raw, base, path, { complain }) => {
  const at = [...path, "settings"];
  const settings = checked(delaySettings, raw.settings, at, complain);
  if (settings === null) return null;
  const length = settings.delay_for ?? null;
  const fieldPath = settings.delay_until_field_path || null;
  const names = { length: "delay_for", fieldPath: "delay_until_field_path" };
  checkWindow({ length, fieldPath }, names, LONGEST_WAIT_DAYS, at, complain);
  return { ...base, type: "delay", settings: { delay_for: length, delay_until_field_path: fieldPath } };
};

const batchSettings = object({
  batch_key: maybeText,
  batch_window: optional(durationShape),
  batch_until_field_path: maybeText,
  batch_window_type: optional(oneOf(["fixed", "sliding"])),
  batch_window_extension_limit: optional(durationShape),
  batch_items_max_limit: optional(integer(2, 1000)),
  batch_items_render_limit: optional(integer(1, 100)),
  batch_order: optional(oneOf(["asc", "desc"])),
  batch_execution_mode: optional(oneOf(["accumulate", "flush_leading"])),
  workflow_version_mode: optional(oneOf(["latest", "pinned"])),
});

/** F-046, E-259, E-260, E-269, E-272. */
export const parseBatchStep: StepParser<BatchStep> = (raw, base, path, { complain }) => {
  const at = [...path, "settings"];
  const settings = checked(batchSettings, raw.settings, at, complain);
  if (settings === null) return null;
  const length = settings.batch_window ?? null;
  const fieldPath = settings.batch_until_field_path || null;
  const names = { length: "batch_window", fieldPath: "batch_until_field_path" };
  checkWindow({ length, fieldPath }, names, LONGEST_WAIT_DAYS, at, complain);
  const limit = settings.batch_window_extension_limit ?? null;
  const limitPath = [...at, "batch_window_extension_limit"];
  if (limit !== null) checkLength(limit, LONGEST_WAIT_DAYS, limitPath, complain);
  else if (settings.batch_window_type === "sliding") complain(limitPath, "is required where the window slides");
  return {
    ...base,
    type: "batch",
    settings: {
      batch_key: settings.batch_key || null,
      batch_window: length,
      batch_until_field_path: fieldPath,
      batch_window_type: settings.batch_window_type ?? "fixed",
      batch_window_extension_limit: limit,
      batch_items_max_limit: settings.batch_items_max_limit ?? null,
      batch_items_render_limit: settings.batch_items_render_limit ?? 10,
      batch_order: settings.batch_order ?? "asc",
      batch_execution_mode: settings.batch_execution_mode ?? "accumulate",
      workflow_version_mode: settings.workflow_version_mode ?? "pinned",
    },
  };
};

const throttleSettings = object({
  throttle_key: maybeText,
  throttle_limit: optional(integer(1)),
  throttle_window: optional(durationShape),
  throttle_window_field_path: maybeText,
});

/** F-048, E-284, E-290. */
export const parseThrottleStep: StepParser<ThrottleStep> = (raw, base, path, { complain }) => {
  const at = [...path, "settings"];
  const settings = checked(throttleSettings, raw.settings, at, complain);
  if (settings === null) return null;
  const length = settings.throttle_window ?? null;
  const fieldPath = settings.throttle_window_field_path || null;
  const names = { length: "throttle_window", fieldPath: "throttle_window_field_path" };
  checkWindow({ length, fieldPath }, names, LONGEST_THROTTLE_DAYS, at, complain);
  return {
    ...base,
    type: "throttle",
    settings: {
      throttle_key: settings.throttle_key || null,
      throttle_limit: settings.throttle_limit ?? 1,
      throttle_window: length,
      throttle_window_field_path: fieldPath,
    },
  };
};
