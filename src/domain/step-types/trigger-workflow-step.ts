import * as z from "zod/mini";
import { described, requiredText, text } from "../schema/fields.js";
import type { StepBase } from "../step/step.js";
import { defineStep, type RawStep } from "../step/step-definition.js";
import { stepFields } from "../step/step-fields.js";

/**
 * Returns the schema of the step (section 9.7 of the format). All settings are Liquid, with the documented defaults
 * (E-316).
 */
const schema = () =>
  z.strictObject({
    ...stepFields("trigger_workflow"),
    settings: described(
      z.strictObject({
        workflow_key: requiredText("The key of the workflow to trigger. Liquid."),
        recipients: text("The recipients (default: the recipient of this run). Liquid.", "{{ data.owner_ids | json }}"),
        actor: text("The actor (default: the actor of this run). Liquid.", "{{ data.seller_id }}"),
        tenant: text("The tenant (default: the tenant of this run). Liquid.", "{{ recipient.team }}"),
        data: text("The data, as JSON (default: the data of this run). Liquid.", '{"page":"{{ data.page }}"}'),
        cancellation_key: text("The cancellation key (default: that of this run). Liquid.", "{{ data.order_id }}"),
      }),
      "The trigger that the step sends.",
    ),
  });

/**
 * Returns the step with its defaults. An empty string is kept, because it means no value, whereas an absent setting
 * means the value of the run (EQ-50).
 */
function normalize({ settings }: RawStep<typeof schema>, base: StepBase) {
  return {
    ...base,
    type: "trigger_workflow" as const,
    settings: {
      workflow_key: settings.workflow_key,
      recipients: settings.recipients ?? "{{ recipient.id }}",
      actor: settings.actor ?? "{{ actor.id }}",
      tenant: settings.tenant ?? "{{ tenant.id }}",
      data: settings.data ?? "{{ data | json }}",
      cancellation_key: settings.cancellation_key ?? "{{ workflow.cancellation_key }}",
    },
  };
}

export type TriggerWorkflowStep = ReturnType<typeof normalize>;

declare module "../step/step.js" {
  interface StepTypes {
    trigger_workflow: TriggerWorkflowStep;
  }
}

/** Returns whether a step type starts runs of other workflows. */
export const isTriggerWorkflowType = (type: string | null | undefined): boolean => type === "trigger_workflow";

export const triggerWorkflowStep = defineStep({
  label: "a trigger_workflow",
  schema,
  normalize,
  canStartRuns: true,
  getTriggeredWorkflow: ({ settings }) => settings.workflow_key,
  summarize: ({ settings }) => settings.workflow_key,
  templates: ({ settings }) => ({ settings }),
  formatResult: ({ workflow, workflow_run_id }) =>
    workflow_run_id ? `${String(workflow)} ${String(workflow_run_id)}` : null,
});
