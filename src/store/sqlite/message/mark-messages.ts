import { markMessage } from "../../../domain/message/mark-message.js";
import type { EngagementAction, Message } from "../../../domain/message/message.js";
import { requeueMessage } from "../../../domain/message/requeue-message.js";
import type { ChangedMessages } from "../../../ports/message-store.js";
import type { JsonObject } from "../../../util/json.js";
import { zip } from "../../../util/zip.js";
import { MARKED_FIELDS, type MessageRow, QUEUED_FIELDS } from "../../rows/message-row.js";
import { encodeFields, type FieldColumn, listColumns } from "../../rows/table.js";
import type { Connection } from "../connection/connection.js";
import type { SharedRows } from "../run/shared-rows.js";
import { recordMessageEvents } from "../run/waits.js";
import { SELECT_MESSAGES, toMessages } from "./message-rows.js";

const buildUpdate = (fields: readonly FieldColumn<Message>[]): string =>
  `UPDATE messages SET ${listColumns(fields, (name) => `${name} = ?`)} WHERE row = ?`;
const UPDATE_MARKED = buildUpdate(MARKED_FIELDS);
const UPDATE_QUEUED = buildUpdate(QUEUED_FIELDS);

/** Returns the rows of the ids that exist, in the order of the ids, each once. */
function selectMessageRows(db: Connection, ids: readonly string[]): MessageRow[] {
  return [...new Set(ids)].flatMap((id) => db.get<MessageRow>(`${SELECT_MESSAGES} WHERE m.id = ?`, id) ?? []);
}

export function readMessages(db: Connection, shared: SharedRows, ids: readonly string[]): Message[] {
  return db.read(() => toMessages(db, shared, selectMessageRows(db, ids)));
}

/** Deletes messages with their logs and secrets. A delivery in progress loses its claim with the row. */
export function deleteMessages(db: Connection, ids: readonly string[]): void {
  db.write(() => {
    for (const id of ids) {
      db.run("DELETE FROM delivery_logs WHERE message = ?", id);
      db.run("DELETE FROM message_secrets WHERE message = ?", id);
      db.run("DELETE FROM messages WHERE id = ?", id);
    }
  });
}

/** Applies one action to each message and returns them (E-221 to E-230). A delivery in progress keeps its claim. */
export function markMessages(
  db: Connection,
  shared: SharedRows,
  ids: readonly string[],
  action: EngagementAction,
  at: number,
  metadata: JsonObject | null = null,
): ChangedMessages {
  const { result: messages, caused } = db.writeAndCollect(() =>
    markMessagesInWrite(db, shared, ids, action, at, metadata),
  );
  return { messages, caused };
}

/** Applies one action to each message and returns them. Must run inside a write. */
export function markMessagesInWrite(
  db: Connection,
  shared: SharedRows,
  ids: readonly string[],
  action: EngagementAction,
  at: number,
  metadata: JsonObject | null,
): Message[] {
  const rows = selectMessageRows(db, ids);
  const update = db.prepare(UPDATE_MARKED);
  return zip(toMessages(db, shared, rows), rows).map(([before, { row }]) => {
    const marked = markMessage(before, action, at, metadata);
    update.run(...encodeFields(MARKED_FIELDS, marked), row);
    recordMessageEvents(db, [{ message: marked, events: marked.events.slice(before.events.length) }]);
    return marked;
  });
}

/**
 * Queues undelivered messages again and returns them (E-213). Messages that have changed in the meantime are left as they
 * are.
 */
export function retryMessages(db: Connection, shared: SharedRows, ids: readonly string[], at: number): ChangedMessages {
  const { result: messages, caused } = db.writeAndCollect(() => {
    const rows = selectMessageRows(db, ids);
    const update = db.prepare(UPDATE_QUEUED);
    return zip(toMessages(db, shared, rows), rows).flatMap(([before, { row }]) => {
      const queued = requeueMessage(before, at);
      if (queued === null) return [];
      update.run(...encodeFields(QUEUED_FIELDS, queued), row);
      recordMessageEvents(db, [{ message: queued, events: queued.events.slice(before.events.length) }]);
      return [queued];
    });
  });
  return { messages, caused };
}
