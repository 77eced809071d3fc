import type { PrunedCounts, PruneRequest, PruneResult } from "../../../ports/prune-store.js";
import { deleteValuesOfEmptyBlocks } from "../connection/block-values.js";
import type { Connection } from "../connection/connection.js";
import type { Statements, Transaction } from "../connection/transaction.js";
import { deleteMessagesOfRuns } from "../message/feed-counts.js";
import { dropPartition } from "./drop-partition.js";
import { PRUNE_SQL as SQL } from "./prune-statements.js";

async function count(tx: Statements, sql: string, ...values: (number | readonly number[])[]): Promise<number> {
  return ((await tx.get<{ count: number }>(sql, ...values)) as { count: number }).count;
}

/** Drops a partition, or deletes ended runs, triggers or idempotency keys, in one transaction. */
export function prune(db: Connection, request: PruneRequest): Promise<PruneResult> {
  if (request.table === "partitions") return dropPartition(db, request);
  return request.isDryRun ? db.read((tx) => countRows(tx, request)) : db.write((tx) => deleteRows(tx, request));
}

interface Page {
  last: number;
  next: number | null;
}

/** Returns the rows of a table that are examined; null at the end of the table. */
async function readPage(tx: Statements, { table, after, limit }: PruneRequest): Promise<Page | null> {
  const page = await tx.get<{ last: number | null; rows: number }>(SQL.selectLast(table), after, limit);
  if (page === undefined || page.last === null) return null;
  return { last: page.last, next: page.rows < limit ? null : page.last };
}

async function findRuns(tx: Statements, { after, before }: PruneRequest, { last }: Page): Promise<number[]> {
  return (await tx.all<{ row: number }>(SQL.selectRuns, after, last, before)).map(({ row }) => row);
}

async function deleteRows(tx: Transaction, request: PruneRequest): Promise<PruneResult> {
  const { table, before, after, limit } = request;
  if (table === "idempotency_keys") {
    const keys = await tx.run(SQL.deleteKeys, before, limit);
    return { counts: { idempotency_keys: keys }, next: keys < limit ? null : 0 };
  }
  if (table === "throttles") {
    const ended = (await tx.all<{ key: string }>(SQL.deleteThrottles, before, limit)).map(({ key }) => key);
    await tx.run("DELETE FROM throttle_passes WHERE key = ANY($1::text[])", ended);
    return { counts: {}, next: ended.length < limit ? null : 0 };
  }
  const page = await readPage(tx, request);
  if (page === null) return { counts: {}, next: null };
  const counts: Partial<PrunedCounts> = {};
  if (table === "workflow_runs") counts.workflow_runs = await tx.run(SQL.deleteWorkflowRuns, after, page.last, before);
  else {
    const rows = await findRuns(tx, request, page);
    for (const { table: name, where, counted } of rows.length === 0 ? [] : SQL.parts) {
      const deleted =
        name === "messages"
          ? await deleteMessagesOfRuns(tx, rows)
          : await tx.run(`DELETE FROM ${name} WHERE ${where}`, rows);
      if (counted !== undefined) counts[counted] = deleted;
    }
    await deleteValuesOfEmptyBlocks(tx, after, page.last);
  }
  return { counts, next: page.next };
}

async function countRows(tx: Statements, request: PruneRequest): Promise<PruneResult> {
  const { table, before, after } = request;
  if (table === "idempotency_keys")
    return { counts: { idempotency_keys: await count(tx, SQL.countKeys, before) }, next: null };
  if (table === "throttles") return { counts: {}, next: null };
  const page = await readPage(tx, request);
  if (page === null) return { counts: {}, next: null };
  const counts: Partial<PrunedCounts> = {};
  if (table === "workflow_runs")
    counts.workflow_runs = await count(tx, SQL.countWorkflowRuns, after, page.last, before);
  else {
    const rows = await findRuns(tx, request, page);
    for (const { table: name, where, counted } of SQL.parts)
      if (counted !== undefined)
        counts[counted] = await count(tx, `SELECT count(*) AS count FROM ${name} WHERE ${where}`, rows);
  }
  return { counts, next: page.next };
}
