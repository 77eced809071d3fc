import type { DeliveryLog } from "../../../domain/message/delivery-log.js";
import { markMessage } from "../../../domain/message/mark-message.js";
import { mergeMessageEvents } from "../../../domain/message/merge-message-events.js";
import type { EngagementAction, Message, MessageEvent } from "../../../domain/message/message.js";
import type { JsonObject } from "../../../util/json.js";
import { zip } from "../../../util/zip.js";
import { unpackMessageEvents } from "../../rows/event-codec.js";
import { stringify } from "../../rows/json-column.js";
import { CHANGED_FIELDS, DELIVERED_FIELDS, MARKED_FIELDS, type MessageRow } from "../../rows/message-row.js";
import { encodeRecord, type FieldColumn, listColumns, listTypes } from "../../rows/table.js";
import { BlockValues, recordChangedValues } from "../connection/block-values.js";
import type { Transaction } from "../connection/transaction.js";
import { recordOutboundMessages } from "../run/outbound-events.js";
import type { SharedRows } from "../run/shared-rows.js";
import { recordMessageEvents } from "../run/waits.js";
import { type CountedState, countChanges } from "./feed-counts.js";
import { insertDeliveryLogs, saveSecrets, selectMessageRows, toMessages, wakeDeliveries } from "./message-rows.js";

/** Returns the statement that writes fields of messages. `more` are other changes of their rows. */
const buildUpdate = (fields: readonly FieldColumn<Message>[], more = ""): string => `
  UPDATE messages m SET ${listColumns(fields, (name) => `${name} = c.${name}`)}${more}
  FROM json_to_recordset($1::json) AS c (row bigint, ${listTypes(fields)}) WHERE m.row = c.row`;
const UPDATE_MARKED = buildUpdate(MARKED_FIELDS);
const UPDATE_DELIVERY = buildUpdate(CHANGED_FIELDS, ", claim_token = NULL, claim_until = NULL");

/** A message before and after a change. */
interface Change {
  row: MessageRow;
  before: Message;
  after: Message;
}

/** Records the new events of changed messages for waiting runs and webhooks. */
async function recordChanges(tx: Transaction, changes: readonly Change[]): Promise<void> {
  await recordMessageEvents(
    tx,
    changes.map(({ before, after }) => ({ message: after, events: after.events.slice(before.events.length) })),
  );
  await recordOutboundMessages(
    tx,
    changes.map(({ before, after }) => ({
      message: after.id,
      first: before.events.length,
      last: after.events.length,
    })),
  );
}

/** Applies one action to each message and returns them (E-221 to E-230). A delivery in progress keeps its claim. */
export async function markMessages(
  tx: Transaction,
  shared: SharedRows,
  ids: readonly string[],
  action: EngagementAction,
  at: number,
  metadata: JsonObject | null,
): Promise<Message[]> {
  const rows = await selectMessageRows(tx, ids, { lock: true });
  const changes = zip(await toMessages(tx, shared, rows), rows).map(
    ([before, row]): Change => ({ row, before, after: markMessage(before, action, at, metadata) }),
  );
  if (changes.length === 0) return [];
  const updates = changes.map(({ row: { row }, after }) => ({ row, ...encodeRecord(MARKED_FIELDS, after) }));
  await tx.run(UPDATE_MARKED, stringify(updates));
  await countChanges(
    tx,
    shared,
    changes.map(({ before, after }) => ({ message: before, before, after })),
  );
  await recordChanges(tx, changes);
  return changes.map(({ after }) => after);
}

/** Writes the delivery state of messages that `change` returns, and returns those. A delivery in progress loses its claim. */
export async function changeDeliveries(
  tx: Transaction,
  shared: SharedRows,
  ids: readonly string[],
  change: (message: Message) => Message | null,
): Promise<Message[]> {
  const rows = await selectMessageRows(tx, ids, { lock: true });
  const changes = zip(await toMessages(tx, shared, rows), rows).flatMap(([before, row]): Change[] => {
    const after = change(before);
    return after === null ? [] : [{ row, before, after }];
  });
  if (changes.length === 0) return [];
  const updates = changes.map(({ row: { row }, after }) => ({ row, ...encodeRecord(CHANGED_FIELDS, after) }));
  await tx.run(UPDATE_DELIVERY, stringify(updates));
  const values = new BlockValues();
  for (const { row, after } of changes) values.add("messages.status", after.status, row.row);
  await recordChangedValues(tx, values);
  await countChanges(
    tx,
    shared,
    changes.map(({ before, after }) => ({ message: before, before, after })),
  );
  const changed = changes.map(({ after }) => after);
  wakeDeliveries(tx, changed);
  await recordChanges(tx, changes);
  return changed;
}

/** Deletes messages with their logs and secrets. A delivery in progress loses its claim with the row. */
export async function deleteMessages(tx: Transaction, shared: SharedRows, ids: readonly string[]): Promise<void> {
  const messages = await toMessages(tx, shared, await selectMessageRows(tx, ids, { lock: true }));
  await countChanges(
    tx,
    shared,
    messages.map((message) => ({ message, before: message, after: null })),
  );
  await tx.run("DELETE FROM delivery_logs WHERE message = ANY($1::text[])", ids);
  await tx.run("DELETE FROM message_secrets WHERE message = ANY($1::text[])", ids);
  await tx.run("DELETE FROM messages WHERE id = ANY($1::text[])", ids);
}

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
