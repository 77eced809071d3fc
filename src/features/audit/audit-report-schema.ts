import * as z from "zod/mini";
import { reasonSchema, STEP_OUTCOME_FIELDS } from "../../domain/run/outcome-schema.js";
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
  exists: flagField("Whether the account has the user. Without it, every workflow sends nothing."),
  workflows: described(z.array(auditedWorkflowSchema), "The workflows with skipped steps."),
});

/** The schema of what `knock audit --json` prints. */
export const auditReportSchema = z.object({
  recipients: described(z.array(auditedUserSchema), "The users with skipped steps, in the order of the command."),
  notes: described(z.array(z.string()), "The known gaps of the check, one sentence each."),
  summary: described(
    z.object({
      recipients: countField("The number of users that were checked."),
      workflows: countField("The number of workflows that were checked."),
      missing: countField("The number of users that the account does not have."),
      get_nothing: countField("The number of users who would get nothing from a workflow."),
    }),
    "The totals.",
  ),
});

/** The result of `knock audit`. */
export type AuditReport = z.infer<typeof auditReportSchema>;
export type AuditedUser = AuditReport["recipients"][number];
