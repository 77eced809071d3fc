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

/** The activities of a batch that were not removed. The batch's row is bound once. */
export const FROM_ACTIVITIES = "FROM batch_activities a WHERE a.batch = ? AND a.removed = 0";

const buildSelect = (order: "ASC" | "DESC"): string =>
  "SELECT r.id, r.workflow_run, a.actor, a.data, a.at FROM batch_activities a CROSS JOIN recipient_runs r ON r.row = a.recipient_run " +
  `WHERE a.batch = ? AND a.removed = 0 ORDER BY a.row ${order} LIMIT ${MAX_RENDERED_ACTIVITIES}`;
const SELECT_FIRST = buildSelect("ASC");
const SELECT_LAST = buildSelect("DESC");

type ActivityColumns = [id: string, workflow_run: number, actor: RecipientKey | null, data: string, at: number];

/**
 * Returns a function that reads the activities of batches. It reads the data of a trigger once, however many activities have
 * it.
 */
export function createBatchReader(db: Connection, shared: SharedRows): (batch: number) => BatchContent {
  const workflowRun = createWorkflowRunReader(db, shared);
  const toActivity = ([id, run, actor, data, at]: ActivityColumns): BatchActivity => ({
    id,
    actor,
    data: data === SHARED_DATA ? workflowRun(run).run.data : JSON.parse(data),
    at,
  });
  const list = (select: string, batch: number): BatchActivity[] =>
    db.allLists<ActivityColumns>(select, batch).map(toActivity);
  return (batch) => {
    const [activities = 0, actors = 0] =
      db.getList<[number, number]>(`SELECT COUNT(*), COUNT(DISTINCT a.actor) ${FROM_ACTIVITIES}`, batch) ?? [];
    const first = list(SELECT_FIRST, batch);
    const last = activities > MAX_RENDERED_ACTIVITIES ? list(SELECT_LAST, batch).reverse() : first;
    return { first, last, total_activities: activities, total_actors: actors };
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
