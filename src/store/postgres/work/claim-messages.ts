import type { Message } from "../../../domain/message/message.js";
import type { Claim } from "../../../ports/due-store.js";
import type { MessageRow } from "../../rows/message-row.js";
import type { Connection } from "../connection/connection.js";
import { SELECT_MESSAGES, toMessages } from "../message/message-rows.js";
import { addSecrets } from "../message/message-secrets.js";
import type { SharedRows } from "../run/shared-rows.js";
import { hasCrashedWork, leaseCrashedRow } from "./crashed-claims.js";
import { hasDueWork } from "./due-rows.js";
import { leaseDueRows } from "./lease-rows.js";

/** Leases due messages and returns them with their secrets, earliest first. */
export async function claimDueMessages(
  db: Connection,
  shared: SharedRows,
  claim: Claim,
  limit: number,
): Promise<Message[]> {
  const isAlone = !(await hasDueWork(db, "messages", claim));
  if (isAlone && !(await hasCrashedWork(db, "messages", claim))) return [];
  return db.write(async (tx) => {
    const found = isAlone
      ? await leaseCrashedRow<{ row: number }>(tx, "messages", claim, { columns: "t.id", crashes: db.crashes })
      : await leaseDueRows<{ row: number }>(tx, "messages", claim, limit, "t.id");
    const leased = found.map(({ row }) => row);
    if (leased.length === 0) return [];
    const rows = await tx.all<MessageRow>(`${SELECT_MESSAGES} WHERE m.row = ANY($1)`, leased);
    const rowsByNumber = new Map(rows.map((row) => [row.row, row]));
    const inOrder = leased.flatMap((row) => rowsByNumber.get(row) ?? []);
    return addSecrets(tx, await toMessages(tx, shared, inOrder));
  });
}
