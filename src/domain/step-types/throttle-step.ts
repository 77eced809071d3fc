import * as z from "zod/mini";
import { described, optional, rule, text, wholeNumber } from "../schema/fields.js";
import type { StepBase } from "../step/step.js";
import { defineStep, type RawStep } from "../step/step-definition.js";
import { stepFields } from "../step/step-fields.js";
import { summarizeWindow } from "../step/summarize-window.js";
import { checkWindow, durationField } from "../step/window.js";

const WINDOW = {
  length: "throttle_window",
  fieldPath: "throttle_window_field_path",
  maxDays: 31,
  emptyEffect: "no run is stopped",
};

/** Returns the schema of the step (section 9.3 of the format, F-048, E-284, E-290). */
const schema = () =>
  z.strictObject({
    ...stepFields("throttle"),
    settings: described(
      z
        .strictObject({
          throttle_key: text("Runs with the same value are counted together: a name in data, a path, or Liquid."),
          throttle_limit: described(optional(wholeNumber(1)), "How many runs pass per window (default: 1)."),
          throttle_window: durationField("How long the window is, or the offset from the time at the field path."),
          throttle_window_field_path: text("The path of the time at which the window ends.", "data.ends_at"),
        })
        .check(rule((settings, report) => checkWindow(settings, WINDOW, report))),
      "How many runs pass, and in which window.",
    ),
  });

function normalize({ settings }: RawStep<typeof schema>, base: StepBase) {
  return {
    ...base,
    type: "throttle" as const,
    settings: {
      throttle_key: settings.throttle_key || null,
      throttle_limit: settings.throttle_limit ?? 1,
      throttle_window: settings.throttle_window ?? null,
      throttle_window_field_path: settings.throttle_window_field_path || null,
    },
  };
}

export type ThrottleStep = ReturnType<typeof normalize>;

declare module "../step/step.js" {
  interface StepTypes {
    throttle: ThrottleStep;
  }
}

export const throttleStep = defineStep({
  label: "a throttle",
  schema,
  normalize,
  window: WINDOW,
  keyPath: "settings.throttle_key",
  listReasons: () => ["throttled"],
  summarize({ settings }) {
    const window = summarizeWindow(settings.throttle_window, settings.throttle_window_field_path);
    const key = settings.throttle_key === null ? "" : `, by ${settings.throttle_key}`;
    return `${settings.throttle_limit} per ${window}${key}`;
  },
  eventReasons: { halted: "throttled" },
});
