import * as z from "zod/mini";
import { described } from "../schema/fields.js";
import { textField, textOrNull } from "../schema/output-fields.js";

/** The fields of a line of a log that name its job, run and message. Those that do not apply are absent. */
export const WORK_FIELDS = {
  job: z.optional(textField("The ID of the job. A repeated job keeps it.")),
  task: z.optional(textField("The task of the job.")),
  workflow_run_id: z.optional(textField("The ID of the workflow run.")),
  recipient_run_id: z.optional(textField("The ID of the recipient run.")),
  message_id: z.optional(textField("The ID of the message.")),
  workflow: z.optional(textField("The key of the run's workflow.")),
  tenant: z.optional(textOrNull("The tenant of the run, or null.")),
  channel_id: z.optional(textField("The ID of the channel.")),
  attempt: z.optional(described(z.int(), "The number of the attempt: of the message, of the run, or else of the job.")),
};

export const workFieldsSchema = z.object(WORK_FIELDS);
