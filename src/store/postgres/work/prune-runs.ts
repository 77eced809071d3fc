import type { PrunedCounts, PruneRequest, PruneResult } from "../../../ports/prune-store.js";
import { deleteValuesOfEmptyBlocks } from "../connection/block-values.js";
import type { Connection } from "../connection/connection.js";
import type { Statements, Transaction } from "../connection/transaction.js";
import { deleteMessagesOfRuns } from "../message/feed-counts.js";
import { deleteUnidentified } from "../run/unidentified-recipients.js";
import { dropPartition } from "./drop-partition.js";
import { PRUNE_SQL as SQL } from "./partition-rows.js";

async function count(tx: Statements, sql: string, ...values: (number | string | readonly number[])[]): Promise<number> {
  return (await tx.getOne<{ count: number }>(sql, ...values)).count;
}

/** Drops a partition, or deletes ended runs, triggers or idempotency keys, in one transaction. */
export function prune(db: Connection, request: PruneRequest): Promise<PruneResult> {
  if (request.table === "partitions") return dropPartition(db, request);
  return request.isDryRun ? db.read((tx) => countRows(tx, request)) : db.write((tx) => deleteRows(tx, request));
}

interface Page {
  /** The values of the statements: the rows are after the first one, up to the second one, and before a time. */
  values: [number | string, number | string, number];
  next: number | string | null;
}

/** Returns the rows of a table that are examined; null at the end of the table. */
async function readPage(tx: Statements, { table, after, before, limit }: PruneRequest): Promise<Page | null> {
  const hasKeys = table === "idempotency_keys" || table === "throttles";
  const first = hasKeys ? String(after || "") : after;
  const select = SQL.selectLast(table, hasKeys ? "key" : "row");
  const page = await tx.get<{ last: number | string | null; rows: number }>(select, first, limit);
  if (page === undefined || page.last === null) return null;
  return { values: [first, page.last, before], next: page.rows < limit ? null : page.last };
}

async function findRuns(tx: Statements, { values }: Page): Promise<number[]> {
  return (await tx.all<{ row: number }>(SQL.selectRuns, ...values)).map(({ row }) => row);
}

async function deleteRows(tx: Transaction, request: PruneRequest): Promise<PruneResult> {
  const { table } = request;
  const page = await readPage(tx, request);
  if (page === null) return { counts: {}, next: null };
  const { values, next } = page;
  const counts: Partial<PrunedCounts> = {};
  if (table === "idempotency_keys") counts.idempotency_keys = await tx.run(SQL.deleteKeys, ...values);
  else if (table === "workflow_runs") {
    counts.workflow_runs = await tx.run(SQL.deleteWorkflowRuns, ...values);
    await deleteUnidentified(tx, Number(values[0]), Number(values[1]));
  } else if (table === "throttles") {
    const ended = (await tx.all<{ key: string }>(SQL.deleteThrottles, ...values)).map(({ key }) => key);
    await tx.run("DELETE FROM throttle_passes WHERE key = ANY($1::text[])", ended);
  } else {
    const rows = await findRuns(tx, page);
    for (const { table: name, where, counted } of rows.length === 0 ? [] : SQL.parts) {
      const deleted =
        name === "messages"
          ? await deleteMessagesOfRuns(tx, rows)
          : await tx.run(`DELETE FROM ${name} WHERE ${where}`, rows);
      if (counted !== undefined) counts[counted] = deleted;
    }
    await deleteValuesOfEmptyBlocks(tx, Number(values[0]), Number(values[1]));
  }
  return { counts, next };
}

async function countRows(tx: Statements, request: PruneRequest): Promise<PruneResult> {
  const { table } = request;
  if (table === "throttles") return { counts: {}, next: null };
  const page = await readPage(tx, request);
  if (page === null) return { counts: {}, next: null };
  const counts: Partial<PrunedCounts> = {};
  if (table === "idempotency_keys") counts.idempotency_keys = await count(tx, SQL.countKeys, ...page.values);
  else if (table === "workflow_runs") counts.workflow_runs = await count(tx, SQL.countWorkflowRuns, ...page.values);
  else {
    const rows = await findRuns(tx, page);
    for (const { table: name, where, counted } of SQL.parts)
      if (counted !== undefined)
        counts[counted] = await count(tx, `SELECT count(*) AS count FROM ${name} WHERE ${where}`, rows);
  }
  return { counts, next: page.next };
}
