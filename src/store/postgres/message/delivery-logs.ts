import type { DeliveryLog } from "../../../domain/message/delivery-log.js";
import { stringify } from "../../rows/json-column.js";
import type { Reader, Transaction } from "../connection/transaction.js";

const INSERT = `
  INSERT INTO delivery_logs (message, id, service, request, response, at)
  SELECT c.message, c.id, c.service, c.request, c.response, c.at
  FROM ROWS FROM (json_to_recordset($1::json) AS (message text, id text, service text, request text, response text, at bigint))
    WITH ORDINALITY AS c (message, id, service, request, response, at, n)
  WHERE EXISTS (SELECT 1 FROM messages m WHERE m.id = c.message)
  ORDER BY c.n`;

/** Inserts delivery logs, except those of messages that no longer exist. */
export async function insertDeliveryLogs(tx: Transaction, logs: readonly DeliveryLog[]): Promise<void> {
  if (logs.length === 0) return;
  const rows = logs.map(({ id, message_id: message, service_name: service, request, response, at }) => ({
    message,
    id,
    service,
    request: stringify(request),
    response: stringify(response),
    at,
  }));
  await tx.run(INSERT, stringify(rows));
}

export async function readDeliveryLogs(tx: Reader, messageId: string): Promise<DeliveryLog[]> {
  const rows = await tx.all<{ id: string; service: string; request: string; response: string; at: number }>(
    "SELECT id, service, request, response, at FROM delivery_logs WHERE message = $1 ORDER BY row DESC",
    messageId,
  );
  return rows.map(({ id, service, request, response, at }) => ({
    id,
    message_id: messageId,
    service_name: service,
    request: JSON.parse(request),
    response: JSON.parse(response),
    at,
  }));
}
