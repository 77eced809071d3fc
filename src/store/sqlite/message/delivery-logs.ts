import type { DeliveryLog } from "../../../domain/message/delivery-log.js";
import { stringify } from "../../rows/json-column.js";
import type { Connection } from "../connection/connection.js";

const INSERT =
  "INSERT INTO delivery_logs (message, id, service, request, response, at) SELECT id, ?, ?, ?, ?, ? FROM messages WHERE id = ?";

/** Inserts delivery logs, except those of messages that no longer exist. Must run inside a write. */
export function insertDeliveryLogs(db: Connection, logs: readonly DeliveryLog[]): void {
  const insert = db.prepare(INSERT);
  for (const { id, message_id, service_name, request, response, at } of logs)
    insert.run(id, service_name, stringify(request), stringify(response), at, message_id);
}

export function readDeliveryLogs(db: Connection, messageId: string): DeliveryLog[] {
  const select = db.prepare("SELECT * FROM delivery_logs WHERE message = ? ORDER BY row DESC");
  const rows = db.read(() => select.all(messageId)) as {
    id: string;
    service: string;
    request: string;
    response: string;
    at: number;
  }[];
  return rows.map(({ id, service, request, response, at }) => ({
    id,
    message_id: messageId,
    service_name: service,
    request: JSON.parse(request),
    response: JSON.parse(response),
    at,
  }));
}
