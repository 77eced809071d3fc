import type { DeliveryLog } from "../../../domain/message/delivery-log.js";
import { stringify } from "../../rows/json-column.js";
import { DELIVERY_LOGS, toDeliveryLog } from "../../rows/message-row.js";
import { encodeRecord, listColumns, listTypes, selectColumns } from "../../rows/table.js";
import { buildRecords } from "../connection/build-records.js";
import type { Reader, Transaction } from "../connection/transaction.js";

const INSERT = `
  INSERT INTO delivery_logs (${listColumns(DELIVERY_LOGS.fields)})
  SELECT ${listColumns(DELIVERY_LOGS.fields, (name) => `c.${name}`)} FROM ${buildRecords(listTypes(DELIVERY_LOGS.fields))}
  WHERE EXISTS (SELECT 1 FROM messages m WHERE m.id = c.message)
  ORDER BY c.n`;

/** Inserts delivery logs, except those of messages that no longer exist. */
export async function insertDeliveryLogs(tx: Transaction, logs: readonly DeliveryLog[]): Promise<void> {
  if (logs.length === 0) return;
  await tx.run(INSERT, stringify(logs.map((log) => encodeRecord(DELIVERY_LOGS.fields, log))));
}

export async function readDeliveryLogs(tx: Reader, messageId: string): Promise<DeliveryLog[]> {
  const select = `SELECT ${selectColumns(DELIVERY_LOGS, "l")} FROM delivery_logs l WHERE l.message = $1 ORDER BY l.row DESC`;
  return (await tx.all<typeof DELIVERY_LOGS.row>(select, messageId)).map(toDeliveryLog);
}
