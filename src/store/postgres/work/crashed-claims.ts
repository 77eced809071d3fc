import { type Claim, MAX_CRASHES } from "../../../ports/due-store.js";
import { DUE_TABLES, type DueTable } from "../../rows/due-tables.js";
import type { Connection } from "../connection/connection.js";
import { DATABASE_TIME, type Transaction } from "../connection/transaction.js";
import { buildDueSelect, buildUnleasedCondition, leaseRows } from "./due-rows.js";

// A row of `crashed_claims` counts how often a worker ended that did the work of a due row. Hardly any store has one. The token is
// that of the claim that does the work alone: only one does at a time, in all workers.

const COUNT = `
  INSERT INTO crashed_claims (kind, row, count) SELECT $1, row, 1 FROM unnest($2::bigint[]) AS row
  ON CONFLICT (kind, row) DO UPDATE SET count = crashed_claims.count + 1 WHERE crashed_claims.count < ${MAX_CRASHES}`;

/** A job for runs, which is their lease. */
interface RunJob {
  rows?: { from: number; to: number };
  shards?: { from: number; to: number };
}

/**
 * Counts the crashes of dead workers: for the rows that they had leased, and the first runs of their jobs. Must run before both are
 * released.
 */
export async function countCrashes(
  tx: Transaction,
  workers: readonly string[],
  jobs: readonly RunJob[],
  maxRunsPerJob: number,
): Promise<void> {
  for (const table of DUE_TABLES) {
    await tx.run(
      `DELETE FROM crashed_claims WHERE kind = $1 AND NOT EXISTS (SELECT 1 FROM ${table} t WHERE t.row = crashed_claims.row AND t.due_at IS NOT NULL)`,
      table,
    );
    const leased = await tx.all<{ row: number }>(
      `SELECT row FROM ${table} WHERE due_at IS NOT NULL AND claim_until IS NOT NULL AND split_part(claim_token, ':', 1) = ANY ($1)`,
      workers,
    );
    const rows = new Set(leased.map(({ row }) => row));
    if (table === "recipient_runs")
      for (const scope of jobs) {
        const claim = { now: tx.startedAt, scope };
        const select = buildDueSelect(table, "t.due_at, t.row", claim, { limit: maxRunsPerJob, time: DATABASE_TIME });
        for (const { row } of select === null ? [] : await tx.all<{ row: number }>(select.sql, ...select.values))
          rows.add(row);
      }
    if (rows.size > 0)
      await tx.run(
        COUNT,
        table,
        [...rows].sort((one, other) => one - other),
      );
  }
  await tx.run(
    `UPDATE crashed_claims SET count = count + 1, token = NULL WHERE split_part(token, ':', 1) = ANY ($1)`,
    workers,
  );
}

/** Returns whether work waits to be taken alone. Only workers do that, because their deaths are counted. */
export async function hasCrashedWork(db: Connection, table: DueTable, { token }: Claim): Promise<boolean> {
  if (!token.includes(":")) return false;
  const found = await db.get(
    "SELECT 1 FROM crashed_claims WHERE kind = $1 AND count >= $2 LIMIT 1",
    table,
    MAX_CRASHES,
  );
  return found !== undefined;
}

/** Leases a due row that is taken alone. Returns an empty list without one, or while another one is in progress. */
export async function leaseCrashedRow<Row>(
  tx: Transaction,
  table: DueTable,
  claim: Claim,
  { columns, crashes }: { columns: string; crashes: Map<string, number> },
): Promise<Row[]> {
  await tx.run("SELECT 1 FROM crashed_claims ORDER BY kind, row FOR UPDATE");
  const found = await tx.get<{ row: number; count: number }>(
    `SELECT c.row, c.count FROM crashed_claims c JOIN ${table} t ON t.row = c.row
     WHERE c.kind = $1 AND c.count >= $2 AND t.due_at <= $3 AND ${buildUnleasedCondition(tx.time)}
       AND NOT EXISTS (SELECT 1 FROM crashed_claims other WHERE other.token IS NOT NULL)
     ORDER BY t.due_at, t.row LIMIT 1`,
    table,
    MAX_CRASHES,
    claim.now,
  );
  if (found === undefined) return [];
  const leased = await leaseRows<Row>(tx, table, claim, { rows: [found.row], dueAt: claim.now, columns });
  if (leased.length === 0) return [];
  await tx.run("UPDATE crashed_claims SET token = $1 WHERE kind = $2 AND row = $3", claim.token, table, found.row);
  crashes.set(claim.token, found.count);
  return leased;
}

/** Ends a claim that took a row alone. Unless its work is done, the row is also taken alone the next time. */
export async function settleCrashes(db: Connection, token: string, { isDone }: { isDone: boolean }): Promise<void> {
  db.crashes.delete(token);
  if (isDone) await db.run("DELETE FROM crashed_claims WHERE token = $1", token);
  else await db.run("UPDATE crashed_claims SET token = NULL, count = $2 WHERE token = $1", token, MAX_CRASHES);
}
