import type { Claim } from "../../../ports/due-store.js";
import { writeClockRow } from "../connection/clock-setting.js";
import type { Transaction } from "../connection/transaction.js";
import { buildDueSelect, buildUnleasedCondition, type DueTable } from "./due-rows.js";

/** Returns the keys of due rows, earliest first, without those that another transaction has locked. */
async function lockDueRows(tx: Transaction, table: DueTable, claim: Claim, limit: number): Promise<number[]> {
  const select = buildDueSelect(table, "t.due_at, t.row", claim, { limit, time: tx.time });
  if (select === null) return [];
  const lock = select.isLockable ? " FOR NO KEY UPDATE OF t SKIP LOCKED" : "";
  const found = await tx.all<{ row: number }>(select.sql + lock, ...select.values);
  return found.map(({ row }) => row);
}

/**
 * Leases rows that are still due at `dueAt` without a lease, skips those that another transaction has locked, and stores the
 * claim's clock. Returns the rows with the given columns of table `t`, earliest first.
 */
export async function leaseRows<Row>(
  tx: Transaction,
  table: DueTable,
  claim: Claim,
  { rows, dueAt, columns }: { rows: readonly number[]; dueAt: number; columns: string },
): Promise<Row[]> {
  if (claim.clock) await writeClockRow(tx, claim.clock);
  if (rows.length === 0) return [];
  const leased = await tx.all<Row & { due_at: number; row: number }>(
    `UPDATE ${table} t SET claim_token = $2, claim_until = ${tx.time} + $3
     WHERE t.row IN (SELECT row FROM ${table} t WHERE t.row = ANY($1) AND t.due_at <= $4 AND ${buildUnleasedCondition(tx.time)}
       ORDER BY row FOR NO KEY UPDATE SKIP LOCKED)
     RETURNING ${columns}, t.due_at, t.row`,
    rows,
    claim.token,
    claim.leaseMs,
    dueAt,
  );
  return leased.sort((one, other) => one.due_at - other.due_at || one.row - other.row);
}

/** Leases due work of a claim, earliest first, and stores the claim's clock. Returns the given columns of the rows in that order. */
export async function leaseDueRows<Row>(
  tx: Transaction,
  table: DueTable,
  claim: Claim,
  limit: number,
  columns: string,
): Promise<Row[]> {
  const rows = await lockDueRows(tx, table, claim, limit);
  return leaseRows<Row>(tx, table, claim, { rows, dueAt: claim.now, columns });
}
