import type { infer as Infer } from "zod/mini";
import type { Message } from "../message/message.js";
import type { workFieldsSchema } from "./work-fields-schema.js";
import type { WorkflowRun } from "./workflow-run.js";

/** The job, run and message that a line of a log is about. It contains no recipients, addresses or contents. */
export type WorkFields = Infer<typeof workFieldsSchema>;

export function toRunFields({ id, workflow, tenant }: Pick<WorkflowRun, "id" | "workflow" | "tenant">): WorkFields {
  return { workflow_run_id: id, workflow, tenant };
}

export function toMessageFields(message: Message): WorkFields {
  const { id, workflow_run_id, recipient_run_id, workflow, tenant, channel, attempts } = message;
  return {
    message_id: id,
    workflow_run_id,
    recipient_run_id,
    workflow,
    tenant,
    channel_id: channel.id,
    attempt: attempts,
  };
}
