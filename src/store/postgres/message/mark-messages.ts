import { markMessage } from "../../../domain/message/mark-message.js";
import type { EngagementAction, Message } from "../../../domain/message/message.js";
import { requeueMessage } from "../../../domain/message/requeue-message.js";
import type { JsonObject } from "../../../util/json.js";
import { packMessageEvents } from "../../rows/event-codec.js";
import { stringify } from "../../rows/json-column.js";
import type { MessageRow } from "../../rows/message-row.js";
import { BlockValues, recordChangedValues } from "../connection/block-values.js";
import type { Transaction } from "../connection/transaction.js";
import { recordOutboundMessages } from "../run/outbound-events.js";
import type { SharedRows } from "../run/shared-rows.js";
import { recordMessageEvents } from "../run/waits.js";
import { countChanges } from "./feed-counts.js";
import { selectMessageRows, toMessages, wakeDeliveries } from "./message-rows.js";

const UPDATE_MARKS = `
  UPDATE messages m SET seen_at = c.seen_at, read_at = c.read_at, interacted_at = c.interacted_at,
    link_clicked_at = c.link_clicked_at, archived_at = c.archived_at, events = c.events, updated_at = c.updated_at
  FROM json_to_recordset($1::json) AS c (row bigint, seen_at bigint, read_at bigint, interacted_at bigint,
    link_clicked_at bigint, archived_at bigint, events text, updated_at bigint)
  WHERE m.row = c.row`;

const UPDATE_QUEUED = `
  UPDATE messages m SET status = c.status, due_at = c.due_at, attempts = c.attempts, events = c.events, updated_at = c.updated_at
  FROM json_to_recordset($1::json) AS c (row bigint, status text, due_at bigint, attempts integer, events text, updated_at bigint)
  WHERE m.row = c.row`;

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
  const changes = (await toMessages(tx, shared, rows)).map(
    (before, index): Change => ({
      row: rows[index] as MessageRow,
      before,
      after: markMessage(before, action, at, metadata),
    }),
  );
  if (changes.length === 0) return [];
  const updates = changes.map(({ row: { row }, after }) => {
    const { seen_at, read_at, interacted_at, link_clicked_at, archived_at, updated_at } = after;
    const events = packMessageEvents(after.events, after.inserted_at);
    return { row, seen_at, read_at, interacted_at, link_clicked_at, archived_at, events, updated_at };
  });
  await tx.run(UPDATE_MARKS, stringify(updates));
  await countChanges(
    tx,
    shared,
    changes.map(({ before, after }) => ({ message: before, before, after })),
  );
  await recordChanges(tx, changes);
  return changes.map(({ after }) => after);
}

/**
 * Queues undelivered messages again and returns them (E-213). Messages that have changed in the meantime are left as they
 * are.
 */
export async function retryMessages(
  tx: Transaction,
  shared: SharedRows,
  ids: readonly string[],
  at: number,
): Promise<Message[]> {
  const rows = await selectMessageRows(tx, ids, { lock: true });
  const changes = (await toMessages(tx, shared, rows)).flatMap((before, index): Change[] => {
    const after = requeueMessage(before, at);
    return after === null ? [] : [{ row: rows[index] as MessageRow, before, after }];
  });
  if (changes.length === 0) return [];
  const updates = changes.map(({ row: { row }, after }) => {
    const { status, due_at, attempts, updated_at } = after;
    return { row, status, due_at, attempts, events: packMessageEvents(after.events, after.inserted_at), updated_at };
  });
  await tx.run(UPDATE_QUEUED, stringify(updates));
  const values = new BlockValues();
  for (const { row, status } of updates) values.add("messages.status", status, row);
  await recordChangedValues(tx, values);
  const queued = changes.map(({ after }) => after);
  wakeDeliveries(tx, queued);
  await recordChanges(tx, changes);
  return queued;
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
