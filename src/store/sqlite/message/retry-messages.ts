import { requeueMessage } from "../../../domain/message/requeue-message.js";
import type { ChangedMessages } from "../../../ports/message-store.js";
import { packMessageEvents } from "../../rows/event-codec.js";
import type { MessageRow } from "../../rows/message-row.js";
import type { Connection } from "../connection/connection.js";
import type { SharedRows } from "../run/shared-rows.js";
import { recordMessageEvents } from "../run/waits.js";
import { selectMessageRows } from "./mark-messages.js";
import { toMessages } from "./message-rows.js";

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
