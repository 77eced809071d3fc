import { type EngagementAction, formatDeliveryStatus, type Message } from "../../domain/message/message.js";
import { requeueMessage } from "../../domain/message/requeue-message.js";
import type { Recipient, RecipientKey } from "../../domain/recipient/recipient.js";
import { KnockError } from "../../errors/knock-error.js";
import type { MessageQuery } from "../../ports/filters.js";
import type { MessageHistory } from "../../ports/message-history.js";
import { OwnWork } from "../../ports/own-work.js";
import type { Paged, PageRequest } from "../../ports/page-request.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { RunStore } from "../../ports/run-store.js";
import { createUuidV5 } from "../../util/ids.js";
import { toIsoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import { type DueWorkStore, type EngineContext, readTime } from "../context/engine-context.js";
import { serializeReferencedRecipient } from "../context/serialize-recipient.js";
import { runCausedWork, runDueWork } from "../run/run-due-work.js";
import {
  serializeDeliveryLog,
  serializeMessage,
  serializeMessageHistory,
  serializeWholeMessage,
} from "./api-serializers.js";

/** The namespace of activity ids, which are derived from the message id and the activity's index. Never change it. */
const ACTIVITY_NAMESPACE = "c1b6a2c7-0f0d-4a0a-a3c5-6f4f5b0e9d21";

interface ActivitySource {
  actor: RecipientKey | null;
  data: JsonObject;
  at: number;
}

/**
 * Returns the activities of a message, oldest first: its run's trigger, or those of the batch that the run continued
 * with (A-218).
 */
async function readActivitySources({ store }: EngineContext<RunStore>, message: Message): Promise<ActivitySource[]> {
  const batch = message.batch ? await store.readBatch(message.recipient_run_id) : null;
  if (batch === null) return [{ actor: message.actor, data: message.data, at: message.inserted_at }];
  const first = new Set(batch.first.map(({ id }) => id));
  return [...batch.first, ...batch.last.filter(({ id }) => !first.has(id))];
}

/**
 * Returns the API's `Activity`s (A-483) of a message. For a large batch, these are only the activities that are stored.
 */
async function readActivities(
  context: EngineContext<RecipientStore & RunStore>,
  message: Message,
): Promise<JsonObject[]> {
  const sources = await readActivitySources(context, message);
  const keys = new Set([message.recipient, ...sources.flatMap(({ actor }) => actor ?? [])]);
  return serializeActivities(message, sources, await context.store.readRecipients([...keys]));
}

function serializeActivities(
  message: Message,
  sources: readonly ActivitySource[],
  recipients: ReadonlyMap<RecipientKey, Recipient>,
): JsonObject[] {
  return sources.map(({ actor, data, at }, index) => {
    const { attachments: _attachments, ...shown } = data; // A-104
    return {
      __typename: "Activity",
      id: createUuidV5(ACTIVITY_NAMESPACE, `${message.id} ${index}`),
      actor: actor === null ? null : serializeReferencedRecipient(actor, recipients, at),
      recipient: serializeReferencedRecipient(message.recipient, recipients, message.inserted_at),
      data: shown,
      inserted_at: toIsoTime(at),
      updated_at: toIsoTime(at),
    };
  });
}

export async function readMessages({ store }: EngineContext, ids: readonly string[]): Promise<JsonObject[]> {
  return (await store.readMessages(ids)).map(serializeWholeMessage);
}

export async function readMessage(context: EngineContext, id: string): Promise<JsonObject | null> {
  return (await readMessages(context, [id]))[0] ?? null;
}

export async function readMessageHistories(
  { store }: EngineContext,
  ids: readonly string[],
): Promise<MessageHistory[]> {
  return (await store.readMessages(ids)).map(serializeMessageHistory);
}

export async function readDeliveryLogs({ store }: EngineContext, id: string): Promise<JsonObject[] | null> {
  const [message] = await store.readMessages([id]);
  return message === undefined ? null : (await store.readDeliveryLogs(id)).map(serializeDeliveryLog);
}

export async function readMessageActivities(context: EngineContext, id: string): Promise<JsonObject[] | null> {
  const [message] = await context.store.readMessages([id]);
  return message === undefined ? null : readActivities(context, message);
}

export async function listMessages(
  { store }: EngineContext,
  filter: MessageQuery,
  page: PageRequest,
): Promise<Paged<JsonObject>> {
  const { items, page_info } = await store.listMessages(filter, page);
  return { items: items.map(serializeMessage), page_info };
}

/** Throws `resource_missing` if a message does not exist. */
function checkMessagesExist(ids: readonly string[], messages: readonly Message[]): void {
  const known = new Set(messages.map((message) => message.id));
  const missing = ids.filter((id) => !known.has(id));
  if (missing.length === 0) return;
  throw new KnockError(
    "resource_missing",
    `there is no message "${missing[0]}"${missing.length > 1 ? ` (and ${missing.length - 1} more)` : ""}`,
    {
      details: missing.map((id) => ({ pointer: "", message: "is not the ID of a message", value: id })),
      hint: "Run `knock messages list` to see messages. Nothing was changed.",
    },
  );
}

export async function markMessages(
  context: EngineContext,
  ids: readonly string[],
  action: EngagementAction,
  metadata: JsonObject | null = null,
): Promise<JsonObject[]> {
  const { store } = context;
  checkMessagesExist(ids, await store.readMessages(ids));
  const now = await readTime(context);
  const { messages, caused } = await store.markMessages(ids, action, now, metadata);
  await runCausedWork(context, now, caused);
  return messages.map(serializeMessage);
}

/**
 * Queues undelivered messages again and delivers them immediately (E-213). Throws `conflict` if a message has another
 * status, and then changes nothing.
 */
export async function retryMessages(
  context: EngineContext<DueWorkStore>,
  ids: readonly string[],
): Promise<JsonObject[]> {
  const { store } = context;
  const found = await store.readMessages(ids);
  checkMessagesExist(ids, found);
  const other = found.find(({ status }) => status !== "undelivered");
  if (other !== undefined)
    throw new KnockError(
      "conflict",
      `message ${other.id} is ${formatDeliveryStatus(other.status)}: only undelivered messages can be retried`,
      {
        details: [{ pointer: "", message: `is ${other.status}`, value: other.id }],
        hint: "Run `knock messages list --status undelivered` to see them. Nothing was changed.",
      },
    );
  const now = await readTime(context);
  const { caused } = await store.changeDeliveries(ids, (message) => requeueMessage(message, now));
  const ownWork = new OwnWork({ messageIds: ids });
  ownWork.add(caused);
  await runDueWork({ ...context, ownWork }, now);
  return (await store.readMessages(ids)).map(serializeMessage);
}
