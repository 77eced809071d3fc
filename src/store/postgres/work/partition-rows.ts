import type { PrunedCounts } from "../../../ports/prune-store.js";
import { buildPruneStatements } from "../../rows/prune-statements.js";
import { BLOCK_ROWS } from "../connection/allocate-rows.js";
import { getFirstRow, type PartitionedName } from "../connection/partitions.js";
import type { Statements, Transaction } from "../connection/transaction.js";
import { forgetCounts } from "../message/feed-counts.js";

/** The statements that delete the past. */
export const PRUNE_SQL = buildPruneStatements({
  bind: (position) => `$${position}`,
  list: "(SELECT unnest($1::bigint[]))",
});

/** More rows than these are not copied, and the month is deleted row by row. */
const MAX_KEPT_ROWS = 10_000;

/** The rows between the beginnings of two partitions. */
export interface Period {
  /** The number of the partition that begins with it. */
  number: number;
  /** The first row. */
  first: number;
  /** The row after the last one. */
  end: number;
}

export const createPeriod = (number: number, next: number): Period => ({
  number,
  first: getFirstRow(number),
  end: getFirstRow(next),
});

/** The rows of a period that must stay, by table. */
export type KeptRows = Record<PartitionedName, readonly number[]>;

export type DroppedCounts = Omit<PrunedCounts, "partitions" | "workflow_runs" | "idempotency_keys">;

const isInside = ({ first, end }: Period, column: string): string => `${column} >= ${first} AND ${column} < ${end}`;
const isOutside = ({ first, end }: Period, column: string): string => `(${column} < ${first} OR ${column} >= ${end})`;

/** The condition for rows that belong to a run of the period that is deleted. $1 are the runs that stay. */
const isOfDeletedRun = (period: Period, column: string): string =>
  `${isInside(period, column)} AND NOT EXISTS (SELECT 1 FROM unnest($1::bigint[]) AS kept (run) WHERE kept.run = ${column})`;

const selectDeletedMessages = (period: Period): string =>
  `SELECT m.id FROM messages m WHERE ${isOfDeletedRun(period, "m.recipient_run")}`;

/**
 * Returns the rows of a period that must stay, or null if there are too many to copy. A row that can be deleted remains one, so
 * this is true later: a period that ended gets no more rows, and no run that has ended continues.
 */
export async function findKeptRows(tx: Statements, period: Period, before: number): Promise<KeptRows | null> {
  const { first, end } = period;
  const find = async (sql: string, ...values: (number | readonly number[])[]): Promise<number[]> =>
    (await tx.all<{ row: number }>(`${sql} LIMIT ${MAX_KEPT_ROWS + 1}`, ...values)).map(({ row }) => row);
  const runs = await find(
    `SELECT row FROM (SELECT row FROM recipient_runs WHERE row > $1 AND row <= $2 EXCEPT ${PRUNE_SQL.selectRuns}) kept`,
    first - 1,
    end - 1,
    before,
  );
  if (runs.length > MAX_KEPT_ROWS) return null;
  // A run that waited across a month's end belongs to an older period than its messages.
  const ofKeptRun = (table: string): string =>
    `SELECT row FROM ${table} WHERE ${isInside(period, "row")} AND (${isOutside(period, "recipient_run")} OR recipient_run = ANY($1::bigint[]))`;
  const kept = {
    recipient_runs: runs,
    messages: await find(ofKeptRun("messages"), runs),
    batch_activities: await find(ofKeptRun("batch_activities"), runs),
    delivery_logs: await find(
      `SELECT l.row FROM delivery_logs l WHERE ${isInside(period, "l.row")} AND NOT EXISTS (
        SELECT 1 FROM messages m WHERE m.id = l.message AND ${isOfDeletedRun(period, "m.recipient_run")})`,
      runs,
    ),
  };
  return Object.values(kept).some((rows) => rows.length > MAX_KEPT_ROWS) ? null : kept;
}

/** Counts the rows that are deleted with the runs of a period, in all partitions. */
export async function countDeletedRows(tx: Statements, period: Period, kept: KeptRows): Promise<DroppedCounts> {
  const count = async (sql: string, ...values: (readonly number[])[]): Promise<number> =>
    (await tx.getOne<{ count: number }>(`SELECT count(*) AS count FROM ${sql}`, ...values)).count;
  const runs = kept.recipient_runs;
  const ofDeletedRun = isOfDeletedRun(period, "recipient_run");
  return {
    recipient_runs: (await count(`recipient_runs WHERE ${isInside(period, "row")}`)) - runs.length,
    messages: await count(`messages WHERE ${ofDeletedRun}`, runs),
    delivery_logs: await count(`delivery_logs WHERE message IN (${selectDeletedMessages(period)})`, runs),
    batch_activities: await count(`batch_activities WHERE ${ofDeletedRun}`, runs),
  };
}

/**
 * Deletes what belongs to deleted runs of a period and is not dropped with its partition: rows of other partitions, because a
 * run can wait across a month's end, and rows of tables without partitions.
 */
export async function deleteRowsElsewhere(tx: Transaction, period: Period, kept: KeptRows): Promise<void> {
  const runs = kept.recipient_runs;
  const ofDeletedRun = isOfDeletedRun(period, "recipient_run");
  const messages = selectDeletedMessages(period);
  const isElsewhere = isOutside(period, "row");
  await forgetCounts(tx, messages, runs);
  await tx.run(`DELETE FROM delivery_logs WHERE ${isElsewhere} AND message IN (${messages})`, runs);
  await tx.run(`DELETE FROM message_secrets WHERE message IN (${messages})`, runs);
  await tx.run(`DELETE FROM messages WHERE ${isElsewhere} AND ${ofDeletedRun}`, runs);
  await tx.run(`DELETE FROM batch_activities WHERE ${isElsewhere} AND ${ofDeletedRun}`, runs);
  await tx.run(
    `DELETE FROM batches WHERE open = 0 AND row IN (SELECT batch FROM recipient_runs WHERE ${isOfDeletedRun(period, "row")})`,
    runs,
  );
  const keptBlocks = [...kept.recipient_runs, ...kept.messages].map((row) => Math.floor(row / BLOCK_ROWS));
  await tx.run(
    `DELETE FROM block_values b WHERE b.block >= $1 AND b.block < $2
     AND NOT EXISTS (SELECT 1 FROM unnest($3::bigint[]) AS kept (block) WHERE kept.block = b.block)`,
    period.first / BLOCK_ROWS,
    period.end / BLOCK_ROWS,
    keptBlocks,
  );
}

/** Returns whether something is due among the rows that are deleted. It never is; then nothing is dropped. */
export async function hasDueRows(tx: Statements, period: Period, kept: KeptRows): Promise<boolean> {
  const isDue = (table: string, run: string): string =>
    `EXISTS (SELECT 1 FROM ${table} WHERE due_at IS NOT NULL AND ${isOfDeletedRun(period, run)})`;
  const sql = `SELECT ${isDue("recipient_runs", "row")} OR ${isDue("messages", "recipient_run")} AS is_due`;
  return (await tx.get<{ is_due: boolean }>(sql, kept.recipient_runs))?.is_due === true;
}
