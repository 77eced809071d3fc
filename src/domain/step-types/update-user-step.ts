import * as z from "zod/mini";
import { USERS } from "../recipient/recipient.js";
import { described } from "../schema/fields.js";
import type { StepBase } from "../step/step.js";
import { defineStep, type RawStep } from "../step/step-definition.js";
import { stepFields } from "../step/step-fields.js";
import {
  normalizeRecipientSettings,
  RECIPIENT_SCOPES,
  recipientSettingsSchema,
  warnUnusedGid,
} from "../step/update-settings.js";

/** Returns the schema of the step (E-324). */
const schema = () =>
  z.strictObject({
    ...stepFields("update_user"),
    settings: described(recipientSettingsSchema(USERS), "The user to update, and its new properties."),
  });

function normalize({ settings }: RawStep<typeof schema>, base: StepBase) {
  return { ...base, type: "update_user" as const, settings: normalizeRecipientSettings(settings) };
}

export type UpdateUserStep = ReturnType<typeof normalize>;

declare module "../step/step.js" {
  interface StepTypes {
    update_user: UpdateUserStep;
  }
}

export const updateUserStep = defineStep({
  label: "an update_user",
  canStartRuns: true,
  schema,
  normalize,
  warn: warnUnusedGid,
  templates: ({ settings }) => ({ settings }),
  changedScopes: RECIPIENT_SCOPES,
});
