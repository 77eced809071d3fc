import * as z from "zod/mini";
import { described } from "../schema/fields.js";
import type { StepBase } from "../step/step.js";
import { defineStep, type RawStep } from "../step/step-definition.js";
import { stepFields } from "../step/step-fields.js";
import { jsonObjectText, objectGid, RECIPIENT_SCOPES } from "../step/update-settings.js";

/** Returns the schema of the step (E-330). */
const schema = () =>
  z.strictObject({
    ...stepFields("update_object"),
    settings: described(
      z.strictObject({
        recipient_gid: objectGid("gid://Object/<collection>/<id>. Both can be Liquid."),
        update_properties: jsonObjectText("The properties to merge: a JSON object as text, or Liquid."),
      }),
      "The object to update, and its new properties.",
    ),
  });

function normalize({ settings }: RawStep<typeof schema>, base: StepBase) {
  const { recipient_gid, update_properties } = settings;
  return { ...base, type: "update_object" as const, settings: { recipient_gid, update_properties } };
}

export type UpdateObjectStep = ReturnType<typeof normalize>;

declare module "../step/step.js" {
  interface StepTypes {
    update_object: UpdateObjectStep;
  }
}

export const updateObjectStep = defineStep({
  label: "an update_object",
  canStartRuns: true,
  schema,
  normalize,
  templates: ({ settings }) => ({ settings }),
  changedScopes: RECIPIENT_SCOPES,
});
