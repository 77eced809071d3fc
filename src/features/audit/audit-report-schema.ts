import * as z from "zod/mini";
import { reasonSchema, recipientReferenceSchema, STEP_OUTCOME_FIELDS } from "../../domain/run/outcome-schema.js";
import { described } from "../../domain/schema/fields.js";
import { countField, flagField, textField, textOrNull } from "../../domain/schema/output-fields.js";

const skippedStepSchema = z.object({
  ref: STEP_OUTCOME_FIELDS.ref,
  channel_type: textOrNull("The channel type of the step; null if its channel does not exist."),
  channel: textOrNull("The key of the channel or of the channel group; null if the step has neither."),
  reason: described(reasonSchema, "Why the step sends nothing, whatever the data and the conditions are."),
});

const auditedWorkflowSchema = z.object({
  workflow: textField("The key of the workflow."),
  gets_nothing: flagField("Whether the user would get nothing from the workflow."),
  steps: described(z.array(skippedStepSchema), "The channel steps that send nothing to the user."),
});

const auditedUserSchema = z.object({
  recipient: textField("The ID of the user."),
  exists: flagField("Whether the user exists. Without it, every workflow sends nothing."),
  workflows: described(z.array(auditedWorkflowSchema), "The workflows with skipped steps."),
});

const silentReasonSchema = z.object({
  reason: described(reasonSchema, "Why a step sends nothing to them."),
  subscribers: countField("The number of subscribers who get nothing and have this reason for at least one step."),
  recipients: described(z.array(recipientReferenceSchema), "The first 10 of them."),
});

const objectWorkflowSchema = z.object({
  workflow: textField("The key of the workflow."),
  reaches_no_one: flagField(
    "Whether a trigger for the object would notify no one: neither a subscriber nor the object itself, whose in-app feed does not count.",
  ),
  steps: described(z.array(skippedStepSchema), "The channel steps that send nothing to the object itself."),
  get_nothing: countField("The number of subscribers who would get nothing from the workflow."),
  reasons: described(z.array(silentReasonSchema), "Why subscribers get nothing, the most frequent reason first."),
});

const auditedObjectSchema = z.object({
  recipient: recipientReferenceSchema,
  exists: flagField("Whether the object exists."),
  subscribers: countField("The number of subscribed users, including those of objects that are subscribed to it."),
  workflows: described(
    z.array(objectWorkflowSchema),
    "The workflows that would reach no one, or not every subscriber.",
  ),
});

/** The schema of what `knock audit --json` prints. */
export const auditReportSchema = z.object({
  recipients: described(z.array(auditedUserSchema), "The users with skipped steps, in the order of the command."),
  objects: described(
    z.array(auditedObjectSchema),
    "The objects that would reach no one, or not every subscriber, with at least one workflow.",
  ),
  notes: described(z.array(z.string()), "The known gaps of the check, one sentence each."),
  summary: described(
    z.object({
      recipients: countField("The number of users that were checked, without subscribers."),
      workflows: countField("The number of workflows that were checked."),
      missing: countField("The number of users that the account does not have."),
      get_nothing: countField("The number of users who would get nothing from a workflow."),
      objects: countField("The number of objects that were checked."),
      objects_reach_no_one: countField("The number of objects that would reach no one with a workflow."),
      subscribers: countField("The number of users who are subscribed to the objects, each counted once."),
      subscribers_get_nothing: countField("The number of those users who would get nothing from a workflow."),
    }),
    "The totals.",
  ),
});

/** The result of `knock audit`. */
export type AuditReport = z.infer<typeof auditReportSchema>;
export type AuditedUser = AuditReport["recipients"][number];
export type AuditedObject = AuditReport["objects"][number];
