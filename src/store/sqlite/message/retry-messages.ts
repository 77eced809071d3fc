import type { Message } from "../../../domain/message/message.js";
import type { Connection } from "../connection/connection.js";
import { packMessageEvents } from "../run/event-codec.js";
import type { SharedRows } from "../run/shared-rows.js";
import { recordMessageEvents } from "../run/waits.js";
import { selectRows } from "./mark-messages.js";
import { messagesOf } from "./message-rows.js";

/** Undelivered messages are queued as if they were new (E-213); what has become of others meanwhile stays. */
export function retryMessages(db: Connection, shared: SharedRows, ids: readonly string[], at: number): Message[] {
  return db.write(() => {
    const rows = selectRows(db, ids).filter(({ status }) => status === "undelivered");
    const update = db.statement(
      "UPDATE messages SET status = 'queued', due_at = ?, attempts = 0, events = ?, updated_at = ? WHERE row = ?",
    );
    return messagesOf(db, shared, rows).map((before, index): Message => {
      const event = { type: "queued", at, data: null } as const;
      const events = [...before.events, event];
      update.run(at, packMessageEvents(events, before.inserted_at), at, (rows[index] as { row: number }).row);
      const queued: Message = { ...before, status: "queued", due_at: at, attempts: 0, events, updated_at: at };
      recordMessageEvents(db, [{ message: queued, events: [event] }]);
      return queued;
    });
  });
}
