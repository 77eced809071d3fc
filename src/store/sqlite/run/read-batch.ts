import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import {
  type BatchActivity,
  type BatchContent,
  MAX_RENDERED_ACTIVITIES,
} from "../../../domain/run/batch-continuations.js";
import type { Connection } from "../connection/connection.js";
import { createWorkflowRunReader, RUN_ROW_BY_ID } from "./run-rows.js";
import type { SharedRows } from "./shared-rows.js";

/** Marks an activity whose data is the trigger's, which is stored with the trigger. */
export const SHARED_DATA = "";

/** Selects the activities of a batch as `chain`, starting from the newest. The batch's row is bound once, as ?1. */
export const WITH_CHAIN =
  "WITH RECURSIVE chain (row, previous) AS (SELECT a.row, a.previous FROM batches b CROSS JOIN batch_activities a ON a.row = b.newest AND a.batch = b.row WHERE b.row = ?1 " +
  // After a deletion, an activity's row may belong to another batch. Each activity is older than the one that points to it.
  "UNION ALL SELECT a.row, a.previous FROM chain c CROSS JOIN batch_activities a ON a.row = c.previous AND a.row < c.row AND a.batch = ?1) ";

export const IN_CHAIN = "FROM chain c CROSS JOIN batch_activities a ON a.row = c.row";

/** Selects up to 100 activities of a batch as `chain`, back from an activity. Binds the batch's row, then the activity's. */
const WITH_HUNDRED =
  "WITH RECURSIVE chain (row, previous, found) AS (SELECT row, previous, removed = 0 FROM batch_activities WHERE row = ?2 AND batch = ?1 " +
  `UNION ALL SELECT a.row, a.previous, c.found + (a.removed = 0) FROM chain c CROSS JOIN batch_activities a ON a.row = c.previous AND a.row < c.row AND a.batch = ?1 WHERE c.found < ${MAX_RENDERED_ACTIVITIES}) `;

type ActivityColumns = [id: string, workflow_run: number, actor: string | null, data: string, at: number];

/**
 * Returns a function that reads the activities of batches. It reads the data of a trigger once, however many activities have
 * it.
 */
export function createBatchReader(db: Connection, shared: SharedRows): (batch: number) => BatchContent {
  const workflowRun = createWorkflowRunReader(db, shared);
  const toActivity = ([id, run, actor, data, at]: ActivityColumns): BatchActivity => ({
    id,
    actor: actor as RecipientKey | null,
    data: data === SHARED_DATA ? workflowRun(run).run.data : JSON.parse(data),
    at,
  });
  const list = (chain: string, order: "ASC" | "DESC", ...values: number[]): BatchActivity[] =>
    db
      .allLists<ActivityColumns>(
        `${chain} SELECT r.id, r.workflow_run, a.actor, a.data, a.at ${IN_CHAIN} CROSS JOIN recipient_runs r ON r.row = a.recipient_run WHERE a.removed = 0 ORDER BY c.row ${order} LIMIT ${MAX_RENDERED_ACTIVITIES + 1}`,
        ...values,
      )
      .map(toActivity);
  return (batch) => {
    const [items, newest, hundredth] = db.getList<[number, number | null, number | null]>(
      "SELECT items, newest, hundredth FROM batches WHERE row = ?",
      batch,
    ) ?? [0, null, null];
    if (newest !== null && hundredth !== null) {
      const count = db.getList<[number]>("SELECT COUNT(*) FROM batch_actors WHERE batch = ?", batch);
      return {
        first: list(WITH_HUNDRED, "ASC", batch, hundredth),
        last: list(WITH_HUNDRED, "ASC", batch, newest),
        total_activities: items,
        total_actors: count?.[0] ?? 0,
      };
    }
    const first = list(WITH_CHAIN, "ASC", batch);
    if (first.length <= MAX_RENDERED_ACTIVITIES) {
      const actors = new Set(first.map(({ actor }) => actor));
      actors.delete(null);
      return { first, last: first, total_activities: first.length, total_actors: actors.size };
    }
    const [activities, actors] = db.getList<[number, number]>(
      `${WITH_CHAIN} SELECT COUNT(*), COUNT(DISTINCT a.actor) ${IN_CHAIN} WHERE a.removed = 0`,
      batch,
    ) as [number, number];
    return {
      first: first.slice(0, MAX_RENDERED_ACTIVITIES),
      last: list(WITH_CHAIN, "DESC", batch).slice(0, MAX_RENDERED_ACTIVITIES).reverse(),
      total_activities: activities,
      total_actors: actors,
    };
  };
}

/** Returns the batch that a run waits for or continued with, or null. */
export function readBatch(db: Connection, shared: SharedRows, recipientRunId: string): BatchContent | null {
  return db.read(() => {
    const run = db.get<{ batch: number | null }>(
      `SELECT batch FROM recipient_runs WHERE row = ${RUN_ROW_BY_ID}`,
      recipientRunId,
    );
    return run?.batch == null ? null : createBatchReader(db, shared)(run.batch);
  });
}
