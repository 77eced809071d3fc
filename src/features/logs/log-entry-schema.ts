import * as z from "zod/mini";
import { recipientReferenceSchema } from "../../domain/run/outcome-schema.js";
import { described } from "../../domain/schema/fields.js";
import { flagField, textField, textOrNull, timeField } from "../../domain/schema/output-fields.js";

const LOG_KINDS = ["trigger", "step", "run", "message", "request", "source"] as const;

/** The schema of a line that `knock logs --json` prints. */
export const logEntrySchema = z.object({
  id: textField("The ID of the entry."),
  at: timeField("When it happened, on the clock of the store."),
  kind: described(
    z.enum(LOG_KINDS),
    "trigger: a run started. step: a step of a run. run: another change of a run. message: a message's status. request: a request of a delivery or of a fetch step. source: an event of a source.",
  ),
  event: textField("The name of the event, such as step_skipped or message.delivered."),
  is_error: flagField("Whether it is an error."),
  text: textField("The event in words."),
  workflow: textOrNull("The workflow's key; null for an event of a source."),
  source: textOrNull("The key of the source that sent the event, or null."),
  recipient: described(
    z.nullable(recipientReferenceSchema),
    "The recipient, or the user whom an event of a source is about; null if it is about no user.",
  ),
  tenant: textOrNull("The tenant's ID, or null."),
  recipient_run_id: textOrNull("The ID of the recipient run; null for an event of a source."),
  step: textOrNull("The ref of the step, or null."),
  message_id: textOrNull("The ID of the message, or null."),
});

export type LogEntry = z.infer<typeof logEntrySchema>;
