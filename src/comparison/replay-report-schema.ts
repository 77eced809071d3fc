import * as z from "zod/mini";
import { recipientReferenceSchema } from "../domain/run/outcome-schema.js";
import { described } from "../domain/schema/fields.js";
import {
  countField,
  definition,
  jsonObject,
  textField,
  textOrNull,
  timeField,
  timeOrNull,
} from "../domain/schema/output-fields.js";

/** The fields of a message in reports that compare messages. */
export const COMPARED_MESSAGE_FIELDS = {
  step: textField("The ref of the step."),
  channel: described(
    z.object({ key: textField("The key of the channel."), type: textField("The type of the channel.") }),
    "The channel.",
  ),
  tenant: textOrNull("The ID of the tenant, or null."),
  at: timeField("The time of the message."),
  title: textField("The subject or title, or the beginning of the text."),
};

/** Returns the schema of the fields that differ between two messages. */
export const fieldDifferences = (description: string) =>
  described(
    z.array(
      z.object({
        field: textField("The field of the content, such as subject_line, or channel, tenant or at."),
        before: textOrNull("The text before, or null. Generated IDs are replaced by <id>."),
        after: textOrNull("The text after, or null."),
      }),
    ),
    description,
  );

const MESSAGE_FIELDS = {
  message_id: textOrNull("The ID of the recorded message; null for a message of the replay."),
  trigger: textOrNull(
    "The ID of the workflow run, or the file and line of the trigger; null if another run caused it.",
  ),
  workflow: textField("The key of the workflow."),
  ...COMPARED_MESSAGE_FIELDS,
};

const messageSchema = definition("replayed_message", z.object(MESSAGE_FIELDS));

const messageWithContentSchema = definition(
  "replayed_message_with_content",
  z.object({ ...MESSAGE_FIELDS, content: jsonObject("The content of the message, as in the API.") }),
);

const changedMessageSchema = z.object({
  before: described(messageSchema, "The message before."),
  after: described(messageSchema, "The message after."),
  fields: fieldDifferences("The fields that differ."),
});

const recipientDifferencesSchema = z.object({
  recipient: recipientReferenceSchema,
  gained: described(z.array(messageWithContentSchema), "The messages that only the replay sent."),
  lost: described(z.array(messageWithContentSchema), "The messages that the replay did not send."),
  changed: described(z.array(changedMessageSchema), "The messages that differ."),
});

const rejectedTriggerSchema = z.object({
  side: described(z.enum(["before", "after"]), "Which of the two runs rejected the trigger."),
  trigger: textField("The ID of the workflow run, or the file and line of the trigger."),
  workflow: textField("The key of the workflow."),
  at: timeField("The time of the trigger."),
  code: textField("The error code."),
  message: textField("The error message."),
});

/** The schema of what `knock replay --json` prints. */
export const replayReportSchema = z.object({
  source: textField("Where the triggers come from: the store, a file or the account."),
  before: textField("The messages before: those that were sent, or those of a revision."),
  after: textField("The files that the triggers were run against."),
  since: timeOrNull("The time of the first trigger; null without triggers."),
  until: timeOrNull("The time of the last trigger; null without triggers."),
  recipients: described(z.array(recipientDifferencesSchema), "The recipients with differences."),
  rejected: described(z.array(rejectedTriggerSchema), "The triggers that could not be run."),
  notes: described(z.array(z.string()), "The known gaps of the comparison, one sentence each."),
  summary: described(
    z.object({
      triggers: countField("The number of triggers."),
      rejected: countField("The number of triggers that the changed files rejected."),
      before: countField("The number of messages before."),
      after: countField("The number of messages after."),
      equal: countField("The number of equal messages."),
      gained: countField("The number of messages that only the replay sent."),
      lost: countField("The number of messages that the replay did not send."),
      changed: countField("The number of messages that differ."),
      recipients: countField("The number of recipients with differences."),
    }),
    "The totals.",
  ),
});
