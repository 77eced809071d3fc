import type { DeliveryLog } from "../../../domain/message/delivery-log.js";
import { mergeMessageEvents } from "../../../domain/message/merge-message-events.js";
import type { Message, MessageEvent } from "../../../domain/message/message.js";
import { unpackMessageEvents } from "../../rows/event-codec.js";
import { stringify } from "../../rows/json-column.js";
import { DELIVERED_FIELDS } from "../../rows/message-row.js";
import { encodeRecord } from "../../rows/table.js";
import { BlockValues, recordChangedValues } from "../connection/block-values.js";
import type { Transaction } from "../connection/transaction.js";
import { recordOutboundMessages } from "../run/outbound-events.js";
import type { SharedRows } from "../run/shared-rows.js";
import { recordMessageEvents } from "../run/waits.js";
import { insertDeliveryLogs } from "./delivery-logs.js";
import { type CountedState, countChanges } from "./feed-counts.js";
import { buildUpdate } from "./mark-messages.js";
import { wakeDeliveries } from "./message-rows.js";
import { saveSecrets } from "./message-secrets.js";

const LOCK_HELD = `
  SELECT row, id, events, inserted_at, status, seen_at, read_at, archived_at FROM messages WHERE id = ANY($1::text[]) AND claim_token = $2
  ORDER BY row FOR UPDATE`;

const SAVE = buildUpdate(DELIVERED_FIELDS, ", claim_token = NULL, claim_until = NULL");

/** The values of a message that saving a delivery merges. Engagement may have changed since the claim. */
interface HeldMessage extends CountedState {
  row: number;
  id: string;
  events: string;
  inserted_at: number;
}

/**
 * Saves messages that still have the claim's token, and returns their ids. Logs are stored for all messages, because their
 * requests were sent.
 */
export async function saveMessages(
  tx: Transaction,
  shared: SharedRows,
  messages: readonly Message[],
  token: string,
  logs: readonly DeliveryLog[],
): Promise<Set<string>> {
  const held = await tx.all<HeldMessage>(
    LOCK_HELD,
    messages.map(({ id }) => id),
    token,
  );
  const heldById = new Map(held.map((row) => [row.id, row]));
  const changed: { message: Message; stored: HeldMessage; events: MessageEvent[]; first: number }[] = [];
  const rows = messages.flatMap((message) => {
    const stored = heldById.get(message.id);
    if (stored === undefined) return [];
    const before = unpackMessageEvents(stored.events, stored.inserted_at);
    const events = mergeMessageEvents(before, message.events);
    changed.push({ message, stored, events: events.slice(before.length), first: before.length });
    return { row: stored.row, ...encodeRecord(DELIVERED_FIELDS, { ...message, events }) };
  });
  if (rows.length > 0) await tx.run(SAVE, stringify(rows));
  const values = new BlockValues();
  for (const { message, stored } of changed) values.add("messages.status", message.status, stored.row);
  await recordChangedValues(tx, values);
  await countChanges(
    tx,
    shared,
    changed.map(({ message, stored }) => ({
      message,
      before: stored,
      after: { ...stored, status: message.status },
    })),
  );
  const saved = changed.map(({ message }) => message);
  await saveSecrets(tx, saved);
  wakeDeliveries(tx, saved);
  await recordMessageEvents(tx, changed);
  await recordOutboundMessages(
    tx,
    changed.map(({ message, events, first }) => ({ message: message.id, first, last: first + events.length })),
  );
  await insertDeliveryLogs(tx, logs);
  return new Set(saved.map(({ id }) => id));
}
