import * as z from "zod/mini";
import { TENANTS, USERS } from "../recipient/recipient.js";
import { described } from "../schema/fields.js";
import type { StepBase } from "../step/step.js";
import { defineStep, type RawStep, type StepDefinition } from "../step/step-definition.js";
import { stepFields } from "../step/step-fields.js";
import {
  jsonObjectText,
  normalizeRecipientSettings,
  objectGid,
  RECIPIENT_SCOPES,
  recipientSettingsSchema,
  warnUnusedGid,
} from "../step/update-settings.js";

type OwnRecipientStep<Type extends string> = StepBase & {
  type: Type;
  settings: ReturnType<typeof normalizeRecipientSettings>;
};

/** Returns the definition of a step that updates the user or tenant of the run, or another one (E-324). */
function defineRecipientStep<const Type extends "update_user" | "update_tenant">(
  type: Type,
  collection: string,
  { description, changedScopes }: { description: string; changedScopes: readonly string[] },
): StepDefinition<OwnRecipientStep<Type>> {
  const schema = () =>
    z.strictObject({ ...stepFields(type), settings: described(recipientSettingsSchema(collection), description) });
  return defineStep({
    label: `an ${type}`,
    canStartRuns: true,
    schema,
    normalize: ({ settings }: RawStep<typeof schema>, base: StepBase) => ({
      ...base,
      type,
      settings: normalizeRecipientSettings(settings),
    }),
    warn: warnUnusedGid,
    templates: ({ settings }) => ({ settings }),
    changedScopes,
  });
}

export const updateUserStep = defineRecipientStep("update_user", USERS, {
  description: "The user to update, and its new properties.",
  changedScopes: RECIPIENT_SCOPES,
});

export const updateTenantStep = defineRecipientStep("update_tenant", TENANTS, {
  description: "The tenant to update, and its new properties.",
  changedScopes: ["tenant"],
});

/** Returns the schema of a step that updates an object (E-330). */
const objectStepSchema = () =>
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

function normalizeObjectStep({ settings }: RawStep<typeof objectStepSchema>, base: StepBase) {
  const { recipient_gid, update_properties } = settings;
  return { ...base, type: "update_object" as const, settings: { recipient_gid, update_properties } };
}

export const updateObjectStep = defineStep({
  label: "an update_object",
  canStartRuns: true,
  schema: objectStepSchema,
  normalize: normalizeObjectStep,
  templates: ({ settings }) => ({ settings }),
  changedScopes: RECIPIENT_SCOPES,
});

type UpdateObjectStep = ReturnType<typeof normalizeObjectStep>;

/** A step that updates a user, a tenant or an object. */
export type UpdateRecipientStep =
  | OwnRecipientStep<"update_user">
  | OwnRecipientStep<"update_tenant">
  | UpdateObjectStep;

declare module "../step/step.js" {
  interface StepTypes {
    update_user: OwnRecipientStep<"update_user">;
    update_tenant: OwnRecipientStep<"update_tenant">;
    update_object: UpdateObjectStep;
  }
}
