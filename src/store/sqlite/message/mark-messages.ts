import { markMessage } from "../../../domain/message/mark-message.js";
import type { EngagementAction, Message } from "../../../domain/message/message.js";
import type { ChangedMessages } from "../../../ports/message-store.js";
import type { JsonObject } from "../../../util/json.js";
import { zip } from "../../../util/zip.js";
import { CHANGED_FIELDS, MARKED_FIELDS, type MessageRow } from "../../rows/message-row.js";
import { encodeFields, type FieldColumn, listColumns } from "../../rows/table.js";
import type { Connection } from "../connection/connection.js";
import type { SharedRows } from "../run/shared-rows.js";
import { recordMessageEvents } from "../run/waits.js";
import { SELECT_MESSAGES, toMessages } from "./message-rows.js";

/** Returns the statement that writes fields of a message. `more` are other changes of its row. */
const buildUpdate = (fields: readonly FieldColumn<Message>[], more = ""): string =>
  `UPDATE messages SET ${listColumns(fields, (name) => `${name} = ?`)}${more} WHERE row = ?`;
const UPDATE_MARKED = buildUpdate(MARKED_FIELDS);
const UPDATE_DELIVERY = buildUpdate(CHANGED_FIELDS, ", claim_token = NULL, claim_until = NULL");

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

/** Writes the delivery state of messages that `change` returns, and returns those. A delivery in progress loses its claim. */
export function changeDeliveries(
  db: Connection,
  shared: SharedRows,
  ids: readonly string[],
  change: (message: Message) => Message | null,
): ChangedMessages {
  const { result: messages, caused } = db.writeAndCollect(() => {
    const rows = selectMessageRows(db, ids);
    const update = db.prepare(UPDATE_DELIVERY);
    return zip(toMessages(db, shared, rows), rows).flatMap(([before, { row }]) => {
      const changed = change(before);
      if (changed === null) return [];
      update.run(...encodeFields(CHANGED_FIELDS, changed), row);
      recordMessageEvents(db, [{ message: changed, events: changed.events.slice(before.events.length) }]);
      return [changed];
    });
  });
  return { messages, caused };
}
