import type { SentMessage } from "../../comparison/recorded-history.js";
import { parseRecipientReference } from "../../domain/run/message-outcomes.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";

const toText = (value: Json | undefined): string => (typeof value === "string" ? value : "");
const toObject = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});

/** Returns the message that the API's `Message` with its `content` describes. `trigger` is the name of its trigger. */
export function parseSentMessage(message: JsonObject, trigger: string): SentMessage {
  const source = toObject(message.source);
  const channel = toObject(message.channel);
  return {
    id: toText(message.id),
    workflowRunId: toText(source.workflow_run_id),
    recipientRunId: toText(source.workflow_recipient_run_id),
    trigger,
    recipient: parseRecipientReference(message.recipient),
    workflow: toText(source.key) || toText(message.workflow),
    step: toText(source.step_ref),
    channel: { key: toText(channel.key), type: toText(channel.type) },
    tenant: toText(message.tenant) || null,
    status: toText(message.status),
    at: Date.parse(toText(message.inserted_at)),
    content: toObject(toObject(message.content).data),
  };
}
