import * as z from "zod/mini";
import { described, rule, text } from "../schema/fields.js";
import type { StepBase } from "../step/step.js";
import { defineStep, type RawStep } from "../step/step-definition.js";
import { stepFields } from "../step/step-fields.js";
import { summarizeWindow } from "../step/summarize-window.js";
import { checkWindow, durationField } from "../step/window.js";

const WINDOW = {
  length: "delay_for",
  fieldPath: "delay_until_field_path",
  maxDays: 365,
  emptyEffect: "the run does not wait",
};

/**
 * Returns the schema of the step (F-047). If both settings are set, the first is an offset from the time at the path in
 * the second (E-233 to E-235).
 */
const schema = () =>
  z.strictObject({
    ...stepFields("delay"),
    settings: described(
      z
        .strictObject({
          delay_for: durationField("How long to wait, or the offset from the time at delay_until_field_path."),
          delay_until_field_path: text('The path of a time, such as "data.starts_at".'),
        })
        .check(rule((settings, report) => checkWindow(settings, WINDOW, report))),
      "How long the step waits.",
    ),
  });

function normalize({ settings }: RawStep<typeof schema>, base: StepBase) {
  const { delay_for, delay_until_field_path } = settings;
  return {
    ...base,
    type: "delay" as const,
    settings: { delay_for: delay_for ?? null, delay_until_field_path: delay_until_field_path || null },
  };
}

export type DelayStep = ReturnType<typeof normalize>;

declare module "../step/step.js" {
  interface StepTypes {
    delay: DelayStep;
  }
}

/** Returns whether a step is a delay, and narrows its type. */
export const isDelayStep = (step: (StepBase & { type: string }) | null | undefined): step is DelayStep =>
  step?.type === "delay";

export const delayStep = defineStep({
  label: "a delay",
  schema,
  normalize,
  window: WINDOW,
  summarize: ({ settings }) => summarizeWindow(settings.delay_for, settings.delay_until_field_path),
  isAllowedInBroadcasts: true,
});
