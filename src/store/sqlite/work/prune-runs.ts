import type { PrunedCounts, PruneRequest, PruneResult } from "../../../ports/prune-store.js";
import { stringify } from "../../rows/json-column.js";
import { buildPruneStatements } from "../../rows/prune-statements.js";
import type { Connection } from "../connection/connection.js";

const LIST = "(SELECT value FROM json_each(?1))";
const SQL = buildPruneStatements({ bind: (position) => `?${position}`, list: LIST });

const count = (db: Connection, sql: string, ...values: (string | number)[]): number =>
  db.getOne<{ count: number }>(sql, ...values).count;

/** Deletes ended runs, triggers or idempotency keys, in one transaction. */
export function prune(db: Connection, request: PruneRequest): PruneResult {
  return request.isDryRun ? db.read(() => pruneRows(db, request)) : db.write(() => pruneRows(db, request));
}

function pruneRows(db: Connection, request: PruneRequest): PruneResult {
  const { table, before, limit, isDryRun } = request;
  if (table === "partitions" || (table === "throttles" && isDryRun)) return { counts: {}, next: null };
  const hasKeys = table === "idempotency_keys" || table === "throttles";
  const after = hasKeys ? String(request.after || "") : request.after;
  const { last, rows } = db.getOne<{ last: number | string | null; rows: number }>(
    SQL.selectLast(table, hasKeys ? "key" : "row"),
    after,
    limit,
  );
  if (last === null) return { counts: {}, next: null };
  const next = rows < limit ? null : last;
  const values = [after, last, before];
  if (table === "idempotency_keys") {
    const keys = isDryRun ? count(db, SQL.countKeys, ...values) : db.run(SQL.deleteKeys, ...values);
    return { counts: { idempotency_keys: keys }, next };
  }
  if (table === "throttles") {
    const ended = db.all<{ key: string }>(SQL.deleteThrottles, ...values).map(({ key }) => key);
    db.run(`DELETE FROM throttle_passes WHERE key IN ${LIST}`, stringify(ended));
    return { counts: {}, next };
  }
  if (table === "recipient_runs") {
    const found = db.all<{ row: number }>(SQL.selectRuns, ...values).map(({ row }) => row);
    return { counts: found.length === 0 ? {} : pruneRuns(db, stringify(found), isDryRun), next };
  }
  const triggers = isDryRun ? count(db, SQL.countWorkflowRuns, ...values) : db.run(SQL.deleteWorkflowRuns, ...values);
  return { counts: { workflow_runs: triggers }, next };
}

function pruneRuns(db: Connection, list: string, isDryRun: boolean): Partial<PrunedCounts> {
  const counts: Partial<PrunedCounts> = {};
  for (const { table, where, counted } of SQL.parts) {
    if (isDryRun && counted === undefined) continue;
    const rows = isDryRun
      ? count(db, `SELECT COUNT(*) AS count FROM ${table} WHERE ${where}`, list)
      : db.run(`DELETE FROM ${table} WHERE ${where}`, list);
    if (counted !== undefined) counts[counted] = rows;
  }
  return counts;
}
