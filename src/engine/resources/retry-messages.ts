import { formatDeliveryStatus, type Message } from "../../domain/message/message.js";
import { KnockError } from "../../errors/knock-error.js";
import type { JsonObject } from "../../util/json.js";
import { type DueWorkStore, type EngineContext, readTime } from "../context/engine-context.js";
import { OwnWork } from "../context/own-work.js";
import { runDueWork } from "../run/run-due-work.js";
import { serializeMessage } from "./api-serializers.js";

/** Throws `resource_missing` if a message does not exist. */
export function checkMessagesExist(ids: readonly string[], messages: readonly Message[]): void {
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
  const { caused } = await store.retryMessages(ids, now);
  const ownWork = new OwnWork({ messageIds: ids });
  ownWork.add(caused);
  await runDueWork({ ...context, ownWork }, now);
  return (await store.readMessages(ids)).map(serializeMessage);
}
