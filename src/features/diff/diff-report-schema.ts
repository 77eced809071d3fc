import * as z from "zod/mini";
import { reasonSchema, recipientReferenceSchema, STEP_OUTCOME_FIELDS } from "../../domain/run/outcome-schema.js";
import { RUN_STATUSES } from "../../domain/run/run-status.js";
import { described } from "../../domain/schema/fields.js";
import {
  countField,
  definition,
  flagField,
  jsonObject,
  textField,
  textOrNull,
} from "../../domain/schema/output-fields.js";

const runSchema = definition(
  "compared_run",
  z.object({
    status: described(z.nullable(z.enum(RUN_STATUSES)), "The status of the run; null without a run."),
    reason: described(z.nullable(reasonSchema), "Why the run was stopped or did not start, or null."),
  }),
);

const stepSchema = definition(
  "compared_step",
  z.object({
    outcome: STEP_OUTCOME_FIELDS.outcome,
    reason: STEP_OUTCOME_FIELDS.reason,
    branch: textOrNull("The branch that a step with branches took, or null."),
  }),
);

const MESSAGE_FIELDS = {
  message_id: textOrNull("The ID of the message on the account; null for a message of the local engine."),
  step: textField("The ref of the step."),
  channel: described(
    z.object({ key: textField("The key of the channel."), type: textField("The type of the channel.") }),
    "The channel.",
  ),
  tenant: textOrNull("The ID of the tenant, or null."),
  title: textField("The subject or title, or the beginning of the text."),
};

const messageSchema = definition("compared_message", z.object(MESSAGE_FIELDS));

const messageWithContentSchema = definition(
  "compared_message_with_content",
  z.object({ ...MESSAGE_FIELDS, content: jsonObject("The content of the message, as in the API.") }),
);

const changedMessageSchema = z.object({
  remote: described(messageSchema, "The message on the account."),
  local: described(messageSchema, "The message of the local engine."),
  fields: described(
    z.array(
      z.object({
        field: textField("The field of the content, such as subject_line, or channel or tenant."),
        remote: textOrNull("The text on the account, or null. Generated IDs are replaced by <id>."),
        local: textOrNull("The text of the local engine, or null."),
      }),
    ),
    "The fields that differ.",
  ),
});

const differentStepSchema = z.object({
  ref: STEP_OUTCOME_FIELDS.ref,
  remote: described(z.nullable(stepSchema), "The step on the account; null if it was not reached."),
  local: described(z.nullable(stepSchema), "The step in the local engine; null if it was not reached."),
});

const recipientDifferencesSchema = z.object({
  recipient: recipientReferenceSchema,
  remote: described(z.nullable(runSchema), "The run on the account; null if the recipient has no entry."),
  local: described(z.nullable(runSchema), "The run of the local engine; null if the recipient has no entry."),
  steps: described(z.array(differentStepSchema), "The steps that differ."),
  remote_only: described(z.array(messageWithContentSchema), "The messages that only the account created."),
  local_only: described(z.array(messageWithContentSchema), "The messages that only the local engine created."),
  changed: described(z.array(changedMessageSchema), "The messages that differ."),
});

/** The schema of what `knock diff --json` prints. */
export const diffReportSchema = z.object({
  workflow: textField("The key of the workflow."),
  workflow_run_id: textField("The ID of the workflow run on the account."),
  timed_out: flagField("Whether the runs on the account had not ended in time. Then the comparison is incomplete."),
  recipients: described(z.array(recipientDifferencesSchema), "The recipients with differences."),
  notes: described(z.array(z.string()), "The known gaps of the comparison, one sentence each."),
  summary: described(
    z.object({
      recipients: countField("The number of recipients that were compared."),
      different: countField("The number of recipients with differences."),
      steps: countField("The number of steps that differ."),
      equal: countField("The number of equal messages."),
      changed: countField("The number of messages that differ."),
      remote_only: countField("The number of messages that only the account created."),
      local_only: countField("The number of messages that only the local engine created."),
    }),
    "The totals.",
  ),
});
