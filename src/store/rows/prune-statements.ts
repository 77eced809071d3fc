import type { PrunedCounts } from "../../ports/prune-store.js";
import { ENDED_STATUSES } from "./run-row.js";

/** SQL that differs between databases. */
interface PruneDialect {
  /** The placeholder of a parameter by its position. */
  bind(position: number): string;
  /** A subquery for the rows whose list is bound first. */
  list: string;
}

/** The condition for a recipient run `r` that can be deleted; `before` is the placeholder of the time. */
function buildPrunable(before: string): string {
  return `r.status IN (${ENDED_STATUSES}) AND r.updated_at < ${before}
    AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.recipient_run = r.row AND m.due_at IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM batch_activities a JOIN batches b ON b.row = a.batch
      LEFT JOIN recipient_runs h ON h.row = b.waiting_run
      WHERE a.recipient_run = r.row AND (b.open = 1 OR h.status NOT IN (${ENDED_STATUSES}) OR h.updated_at >= ${before}))`;
}

/** A statement that deletes or counts rows of a table. */
interface PrunedPart {
  table: string;
  where: string;
  counted?: keyof PrunedCounts;
}

/** Builds the statements of a store that delete the past. Messages of guides belong to no run that ends, and are kept. */
export function buildPruneStatements({ bind, list }: PruneDialect) {
  const [after, last, before] = [bind(1), bind(2), bind(3)];
  const messages = `SELECT id FROM messages WHERE recipient_run IN ${list}`;
  const parts: PrunedPart[] = [
    { table: "delivery_logs", where: `message IN (${messages})`, counted: "delivery_logs" },
    { table: "message_secrets", where: `message IN (${messages})` },
    { table: "messages", where: `recipient_run IN ${list}`, counted: "messages" },
    { table: "batch_activities", where: `recipient_run IN ${list}`, counted: "batch_activities" },
    {
      table: "batches",
      where: `open = 0 AND row IN (SELECT batch FROM recipient_runs WHERE row IN ${list} AND batch IS NOT NULL)`,
    },
    { table: "recipient_runs", where: `row IN ${list}`, counted: "recipient_runs" },
  ];
  const isKept = `SELECT 1 FROM recipient_runs r WHERE r.workflow_run = w.row AND NOT (${buildPrunable(before)})`;
  const workflowRuns = `FROM workflow_runs w WHERE w.row > ${after} AND w.row <= ${last} AND w.inserted_at < ${before}
    AND w.due_at IS NULL AND w.guide = 0`;
  // An index of their times would add 2 to 4% to each trigger with a key.
  const keys = `FROM idempotency_keys WHERE key > ${after} AND key <= ${last} AND inserted_at < ${before}`;
  return {
    parts,
    /** Selects the last of the next rows of a table in order of a column. */
    selectLast: (table: string, column: "row" | "key") =>
      `SELECT MAX(${column}) AS last, COUNT(*) AS rows FROM (SELECT ${column} FROM ${table} WHERE ${column} > ${bind(1)} ORDER BY ${column} LIMIT ${bind(2)}) AS page`,
    selectRuns: `SELECT r.row FROM recipient_runs r JOIN workflow_runs w ON w.row = r.workflow_run
      WHERE r.row > ${after} AND r.row <= ${last} AND w.guide = 0 AND ${buildPrunable(before)}`,
    /** Deletes triggers without recipient runs, which were deleted before. */
    deleteWorkflowRuns: `DELETE FROM workflow_runs WHERE row IN (SELECT w.row ${workflowRuns}
      AND NOT EXISTS (SELECT 1 FROM recipient_runs r WHERE r.workflow_run = w.row))`,
    /** Counts triggers whose recipient runs would all be deleted. */
    countWorkflowRuns: `SELECT COUNT(*) AS count ${workflowRuns} AND NOT EXISTS (${isKept})`,
    deleteKeys: `DELETE ${keys}`,
    countKeys: `SELECT COUNT(*) AS count ${keys}`,
    /** Deletes windows that have ended, and returns their keys. */
    deleteThrottles: `DELETE FROM throttles WHERE key > ${after} AND key <= ${last} AND ends_at < ${before} RETURNING key`,
  };
}
