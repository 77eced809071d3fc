import * as z from "zod/mini";
import { described } from "../schema/fields.js";
import type { StepBase } from "../step/step.js";
import { defineStep, type RawStep } from "../step/step-definition.js";
import { stepFields } from "../step/step-fields.js";
import { jsonObjectText, listRenderedKeys } from "../step/update-settings.js";

/** Returns the schema of the step (section 9.8 of the format, E-322). */
const schema = () =>
  z.strictObject({
    ...stepFields("update_data"),
    settings: described(
      z.strictObject({
        data: jsonObjectText(
          "The properties to merge into data: a JSON object as text, or Liquid.",
          '{ "total": {{ data.price | times: data.count }} }',
        ),
      }),
      "How the run's data is updated.",
    ),
  });

function normalize({ settings }: RawStep<typeof schema>, base: StepBase) {
  return { ...base, type: "update_data" as const, settings: { data: settings.data } };
}

export type UpdateDataStep = ReturnType<typeof normalize>;

declare module "../step/step.js" {
  interface StepTypes {
    update_data: UpdateDataStep;
  }
}

export const updateDataStep = defineStep({
  label: "an update_data",
  schema,
  normalize,
  templates: ({ settings }) => ({ settings }),
  changedScopes: ["data"],
  listAddedProperties: ({ settings }) => listRenderedKeys(settings.data),
});
