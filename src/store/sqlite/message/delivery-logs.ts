import type { DeliveryLog } from "../../../domain/message/delivery-log.js";
import { DELIVERY_LOGS, toDeliveryLog } from "../../rows/message-row.js";
import { encodeFields, listColumns } from "../../rows/table.js";
import type { Connection } from "../connection/connection.js";

const INSERT = `INSERT INTO delivery_logs (${listColumns(DELIVERY_LOGS.fields)}) SELECT ${listColumns(DELIVERY_LOGS.fields, () => "?")} FROM messages WHERE id = ?`;

/** Inserts delivery logs, except those of messages that no longer exist. Must run inside a write. */
export function insertDeliveryLogs(db: Connection, logs: readonly DeliveryLog[]): void {
  const insert = db.prepare(INSERT);
  for (const log of logs) insert.run(...encodeFields(DELIVERY_LOGS.fields, log), log.message_id);
}

export function readDeliveryLogs(db: Connection, messageId: string): DeliveryLog[] {
  const select = "SELECT * FROM delivery_logs WHERE message = ? ORDER BY row DESC";
  return db.read(() => db.all<typeof DELIVERY_LOGS.row>(select, messageId)).map(toDeliveryLog);
}
