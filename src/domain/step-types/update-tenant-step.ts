import * as z from "zod/mini";
import { TENANTS } from "../recipient/recipient.js";
import { described } from "../schema/fields.js";
import type { StepBase } from "../step/step.js";
import { defineStep, type RawStep } from "../step/step-definition.js";
import { stepFields } from "../step/step-fields.js";
import { normalizeRecipientSettings, recipientSettingsSchema, warnUnusedGid } from "../step/update-settings.js";

/** Returns the schema of the step (E-324). */
const schema = () =>
  z.strictObject({
    ...stepFields("update_tenant"),
    settings: described(recipientSettingsSchema(TENANTS), "The tenant to update, and its new properties."),
  });

function normalize({ settings }: RawStep<typeof schema>, base: StepBase) {
  return { ...base, type: "update_tenant" as const, settings: normalizeRecipientSettings(settings) };
}

export type UpdateTenantStep = ReturnType<typeof normalize>;

declare module "../step/step.js" {
  interface StepTypes {
    update_tenant: UpdateTenantStep;
  }
}

export const updateTenantStep = defineStep({
  label: "an update_tenant",
  canStartRuns: true,
  schema,
  normalize,
  warn: warnUnusedGid,
  templates: ({ settings }) => ({ settings }),
  changedScopes: ["tenant"],
});
