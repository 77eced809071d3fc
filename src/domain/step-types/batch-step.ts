import * as z from "zod/mini";
import { choice, described, optional, rule, text, wholeNumber } from "../schema/fields.js";
import type { StepBase } from "../step/step.js";
import { defineStep, getSettings, type RawStep } from "../step/step-definition.js";
import { toMilliseconds } from "../step/step-duration.js";
import { stepFields } from "../step/step-fields.js";
import { summarizeWindow } from "../step/summarize-window.js";
import { checkDuration, checkWindow, durationField, type WindowSettings } from "../step/window.js";

/** The settings of the batch's window. The format has no limit; 365 days is that of the longest delay. */
const EXTENSION = "batch_window_extension_limit";
const WINDOW: WindowSettings = {
  length: "batch_window",
  fieldPath: "batch_until_field_path",
  maxDays: 365,
  emptyEffect: "the batch closes at once",
  getLimit({ batch_window_type, [EXTENSION]: limit }) {
    const milliseconds = batch_window_type === "sliding" ? toMilliseconds(limit) : undefined;
    return milliseconds === undefined ? null : { name: EXTENSION, milliseconds };
  },
};

/**
 * Returns the schema of the step (section 9.1 of the format, F-046, E-243 to E-272). Its window works like that of a
 * delay (E-253 to E-255).
 */
const schema = () =>
  z.strictObject({
    ...stepFields("batch"),
    settings: described(
      z
        .strictObject({
          batch_key: text("Runs with the same value share a batch: a name in data, a path, or Liquid."),
          batch_window: durationField(
            "How long the batch is open, or the offset from the time at batch_until_field_path.",
          ),
          batch_until_field_path: text("The path of the time at which the batch closes.", "data.closes_at"),
          batch_window_type: choice(
            ["fixed", "sliding"],
            "sliding: each activity opens the window again (default: fixed).",
          ),
          batch_window_extension_limit: durationField("The maximum total duration of a sliding window."),
          batch_items_max_limit: described(
            optional(wholeNumber(2, 1000)),
            "The batch closes at this number of activities.",
          ),
          batch_items_render_limit: described(
            optional(wholeNumber(1, 100)),
            "The maximum number of activities in templates (default: 10).",
          ),
          batch_order: choice(
            ["asc", "desc"],
            "asc: templates read the oldest activities; desc: the newest. Both list them from the oldest to the newest (default: asc).",
          ),
          batch_execution_mode: choice(
            ["accumulate", "flush_leading"],
            "flush_leading: the first run continues immediately (default: accumulate).",
          ),
          workflow_version_mode: choice(
            ["latest", "pinned"],
            "The version with which the batch continues (default: pinned).",
          ),
        })
        .check(
          rule((settings, report) => {
            checkWindow(settings, WINDOW, report);
            const limit = settings[EXTENSION] ?? null;
            if (limit !== null) checkDuration(limit, WINDOW.maxDays, [EXTENSION], report);
            else if (settings.batch_window_type === "sliding") report([EXTENSION], "is required for a sliding window");
          }),
        ),
      "How activities are collected.",
    ),
  });

function normalize({ settings }: RawStep<typeof schema>, base: StepBase) {
  return {
    ...base,
    type: "batch" as const,
    settings: {
      batch_key: settings.batch_key || null,
      batch_window: settings.batch_window ?? null,
      batch_until_field_path: settings.batch_until_field_path || null,
      batch_window_type: settings.batch_window_type ?? "fixed",
      batch_window_extension_limit: settings.batch_window_extension_limit ?? null,
      batch_items_max_limit: settings.batch_items_max_limit ?? null,
      batch_items_render_limit: settings.batch_items_render_limit ?? 10,
      batch_order: settings.batch_order ?? "asc",
      batch_execution_mode: settings.batch_execution_mode ?? "accumulate",
      workflow_version_mode: settings.workflow_version_mode ?? "pinned",
    },
  };
}

export type BatchStep = ReturnType<typeof normalize>;

declare module "../step/step.js" {
  interface StepTypes {
    batch: BatchStep;
  }
}

/** Returns whether steps of a type are batches. */
export const isBatchType = (type: string): boolean => type === "batch";

/** Returns whether a step is a batch, and narrows its type. */
export const isBatchStep = (step: (StepBase & { type: string }) | null | undefined): step is BatchStep =>
  step !== null && step !== undefined && isBatchType(step.type);

export const batchStep = defineStep({
  label: "a batch",
  schema,
  normalize,
  window: WINDOW,
  keyPath: "settings.batch_key",
  listReasons: () => ["batched"],
  warn(raw, warn) {
    const { batch_window_type, [EXTENSION]: limit } = getSettings(raw);
    if (batch_window_type !== "sliding" && limit)
      warn(["settings", EXTENSION], "has no effect: the window does not slide");
  },
  summarize({ settings }) {
    const window = summarizeWindow(settings.batch_window, settings.batch_until_field_path);
    return settings.batch_key === null ? window : `${window}, by ${settings.batch_key}`;
  },
  formatResult({ outcome, total_activities }) {
    const count = outcome === "passed" ? Number(total_activities ?? 0) : 0;
    return count > 0 ? `${count} ${count === 1 ? "activity" : "activities"}` : null;
  },
});
