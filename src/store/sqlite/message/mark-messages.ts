import { markMessage } from "../../../domain/message/mark-message.js";
import type { EngagementAction, Message } from "../../../domain/message/message.js";
import { requeueMessage } from "../../../domain/message/requeue-message.js";
import type { ChangedMessages } from "../../../ports/message-store.js";
import type { JsonObject } from "../../../util/json.js";
import { packMessageEvents } from "../../rows/event-codec.js";
import type { MessageRow } from "../../rows/message-row.js";
import type { Connection } from "../connection/connection.js";
import type { SharedRows } from "../run/shared-rows.js";
import { recordMessageEvents } from "../run/waits.js";
import { countChange, hasKeptCounts } from "./feed-counts.js";
import { recordEngagementBlocks, SELECT_MESSAGES, toMessages } from "./message-rows.js";

const UPDATE =
  "UPDATE messages SET seen_at = ?, read_at = ?, interacted_at = ?, link_clicked_at = ?, archived_at = ?, events = ?, updated_at = ? WHERE row = ?";

/** Returns the rows of the ids that exist, in the order of the ids, each once. */
function selectMessageRows(db: Connection, ids: readonly string[]): MessageRow[] {
  return [...new Set(ids)].flatMap((id) => db.get<MessageRow>(`${SELECT_MESSAGES} WHERE m.id = ?`, id) ?? []);
}

export function readMessages(db: Connection, shared: SharedRows, ids: readonly string[]): Message[] {
  return db.read(() => toMessages(db, shared, selectMessageRows(db, ids)));
}

/** Deletes messages with their logs and secrets. A delivery in progress loses its claim with the row. */
export function deleteMessages(db: Connection, shared: SharedRows, ids: readonly string[]): void {
  db.write(() => {
    if (hasKeptCounts(db))
      for (const message of toMessages(db, shared, selectMessageRows(db, ids)))
        countChange(db, shared, message, message, null);
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
  const update = db.prepare(UPDATE);
  const hasKept = hasKeptCounts(db);
  return toMessages(db, shared, rows).map((before, index) => {
    const { row } = rows[index] as MessageRow;
    const marked = markMessage(before, action, at, metadata);
    const { seen_at, read_at, interacted_at, link_clicked_at, archived_at } = marked;
    update.run(
      seen_at,
      read_at,
      interacted_at,
      link_clicked_at,
      archived_at,
      packMessageEvents(marked.events, marked.inserted_at),
      at,
      row,
    );
    recordEngagementBlocks(shared, marked, row);
    if (hasKept) countChange(db, shared, before, before, marked);
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
    const update = db.prepare(
      "UPDATE messages SET status = ?, due_at = ?, attempts = ?, events = ?, updated_at = ? WHERE row = ?",
    );
    return toMessages(db, shared, rows).flatMap((before, index) => {
      const queued = requeueMessage(before, at);
      if (queued === null) return [];
      const { status, due_at, attempts, events, updated_at, inserted_at } = queued;
      const { row } = rows[index] as MessageRow;
      update.run(status, due_at, attempts, packMessageEvents(events, inserted_at), updated_at, row);
      shared.blocks.record("messages.status", status, row);
      recordMessageEvents(db, [{ message: queued, events: events.slice(before.events.length) }]);
      return [queued];
    });
  });
  return { messages, caused };
}
