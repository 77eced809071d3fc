import * as z from "zod/mini";
import { described, requiredText } from "../schema/fields.js";
import type { StepBase } from "../step/step.js";
import { defineStep, getSettings, type RawStep } from "../step/step-definition.js";
import { stepFields } from "../step/step-fields.js";

/** Returns the schema of the step, which updates a static audience (E-332). */
const schema = () =>
  z.strictObject({
    ...stepFields("update_audience"),
    settings: described(
      z.strictObject({
        action: described(z.enum(["add", "remove"]), "Whether the recipient is added or removed."),
        audience_key: requiredText("The key of a static audience."),
      }),
      "How the audience is updated.",
    ),
  });

function normalize({ settings }: RawStep<typeof schema>, base: StepBase) {
  const { action, audience_key } = settings;
  return { ...base, type: "update_audience" as const, settings: { action, audience_key } };
}

export type UpdateAudienceStep = ReturnType<typeof normalize>;

declare module "../step/step.js" {
  interface StepTypes {
    update_audience: UpdateAudienceStep;
  }
}

export const updateAudienceStep = defineStep({
  label: "an update_audience",
  canStartRuns: true,
  schema,
  normalize,
  /** Reports a step that adds to the audience which triggers the workflow (E-333). */
  check(raw, report, { triggerAudience }) {
    const { action, audience_key: key } = getSettings(raw);
    if (action === "add" && typeof key === "string" && key === triggerAudience)
      report(
        ["settings", "audience_key"],
        `is the audience that triggers this workflow: the step cannot add users to "${key}" here`,
      );
  },
  summarize: ({ settings: { action, audience_key: key } }) =>
    action === "add" ? `add to ${key}` : `remove from ${key}`,
  references: ({ settings: { audience_key: key } }) => [
    { kind: "audience", key, path: ["settings", "audience_key"], audienceType: "static" },
  ],
});
