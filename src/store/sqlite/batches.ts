import {
  type BatchActivity,
  type BatchContent,
  type BatchDecision,
  type BatchJoin,
  type Continuation,
  continuationOf,
  withUntil,
} from "../../domain/batch.js";
import type { RecipientKey } from "../../domain/recipient.js";
import type { Connection } from "./connection.js";
import { json, ROW_OF_RUN } from "./run-rows.js";

/** No step renders more (E-272). */
const MAX_RENDERED = 100;

interface BatchRow {
  row: number;
  opened_at: number;
  closes_at: number;
  holder: number | null;
  items: number;
}

export interface OpenBatch {
  row: number;
  closes_at: number;
}

/** A decision, and what the caller has to do with the run's row once it has one. */
export interface DecidedBatch {
  decision: BatchDecision;
  continuation: Continuation;
  /** Ties the run's row, written or about to be, to the batch. */
  attach(recipientRunRow: number): void;
}

/** The close after a join: never before now, never after the opening and the limit (E-257, E-259, E-260). */
function closeAfter(batch: BatchRow, join: BatchJoin, items: number, now: number): number {
  if (join.max_items !== null && items >= join.max_items) return now;
  if (join.sliding === null) return batch.closes_at;
  return Math.max(now, Math.min(join.sliding.closes_at, batch.opened_at + join.sliding.limit_ms));
}

function moveHolder(db: Connection, holder: number, closesAt: number): void {
  const { steps } = db.get<{ steps: string }>("SELECT steps FROM recipient_runs WHERE row = ?", holder) as {
    steps: string;
  };
  db.run(
    "UPDATE recipient_runs SET due_at = ?, steps = ? WHERE row = ?",
    closesAt,
    JSON.stringify(withUntil(JSON.parse(steps), closesAt)),
    holder,
  );
}

function addActivity(db: Connection, batch: number, activity: BatchActivity, run: number): void {
  db.run(
    "INSERT INTO batch_activities (batch, recipient_run, actor, data, at) VALUES (?, ?, ?, ?, ?)",
    batch,
    run,
    activity.actor,
    json(activity.data),
    activity.at,
  );
}

/** Whether a run opens a batch or joins one (E-243 to E-248, E-260, E-264, EQ-43). Inside a write only. */
export function decideBatch(db: Connection, join: BatchJoin, now: number): DecidedBatch {
  let open = db.get<BatchRow>(
    "SELECT row, opened_at, closes_at, holder, items FROM batches WHERE key = ? AND open = 1",
    join.key,
  );
  if (open && open.closes_at <= now) {
    db.run("UPDATE batches SET open = 0 WHERE row = ?", open.row);
    open = undefined;
  }
  if (open === undefined) return openBatch(db, join, now);
  const batch = open;
  const items = batch.items + 1;
  const closesAt = closeAfter(batch, join, items, now);
  db.run("UPDATE batches SET items = ?, closes_at = ? WHERE row = ?", items, closesAt, batch.row);
  const took = batch.holder === null ? "holds" : "joined";
  if (batch.holder !== null && closesAt !== batch.closes_at) moveHolder(db, batch.holder, closesAt);
  const decision: BatchDecision = { took, closed: closesAt <= now, closes_at: closesAt, next: null };
  return {
    decision,
    continuation: continuationOf(join, decision),
    attach(run) {
      if (took === "holds") setHolder(db, batch.row, run);
      addActivity(db, batch.row, join.activity, run);
    },
  };
}

/** The run that goes on with the batch; of what batch it came from before, it knows no more. */
export function setHolder(db: Connection, batch: number, run: number): void {
  db.run("UPDATE batches SET holder = ? WHERE row = ?", run, batch);
  db.run("UPDATE recipient_runs SET batch = ? WHERE row = ?", batch, run);
}

/** Nobody goes on with the batch, unless another joins before it closes. */
export function dropHolder(db: Connection, batch: number): void {
  db.run("UPDATE batches SET holder = NULL WHERE row = ?", batch);
}

/** No batch is open: the run opens one, unless its window cannot be told, and may go on at once. */
function openBatch(db: Connection, join: BatchJoin, now: number): DecidedBatch {
  const { closes_at, leads } = join;
  const took = leads === null ? "holds" : "leads";
  const batch =
    closes_at === null
      ? null
      : db.insert(
          "INSERT INTO batches (key, open, opened_at, closes_at, items) VALUES (?, 1, ?, ?, ?)",
          join.key,
          now,
          closes_at,
          took === "holds" ? 1 : 0,
        );
  const next = leads?.batch ? decideBatch(db, leads.batch, now) : null;
  const decision: BatchDecision = {
    took,
    closed: next?.decision.closed ?? (took === "holds" && closes_at !== null && closes_at <= now),
    closes_at,
    next: next?.decision ?? null,
  };
  return {
    decision,
    continuation: continuationOf(join, decision),
    attach(run) {
      if (took === "holds" && batch !== null) {
        setHolder(db, batch, run);
        addActivity(db, batch, join.activity, run);
      } else if (batch !== null) {
        db.run("UPDATE recipient_runs SET batch = NULL WHERE row = ?", run);
      }
      next?.attach(run);
    },
  };
}

/** From now on triggers open a new batch: the run that holds this one has been claimed (EQ-43). Inside a write only. */
export function closeBatch(db: Connection, batch: number): void {
  db.run("UPDATE batches SET open = 0 WHERE row = ?", batch);
}

interface ActivityRow {
  id: string;
  actor: string | null;
  data: string;
  at: number;
}

function activityOf({ id, actor, data, at }: ActivityRow): BatchActivity {
  return { id, actor: actor as RecipientKey | null, data: JSON.parse(data), at };
}

export function batchContent(db: Connection, batch: number): BatchContent {
  const list = (order: "ASC" | "DESC"): BatchActivity[] =>
    db
      .all<ActivityRow>(
        `SELECT r.id, a.actor, a.data, a.at FROM batch_activities a CROSS JOIN recipient_runs r ON r.row = a.recipient_run WHERE a.batch = ? AND a.removed = 0 ORDER BY a.row ${order} LIMIT ?`,
        batch,
        MAX_RENDERED,
      )
      .map(activityOf);
  const counts = db.get<{ activities: number; actors: number }>(
    "SELECT COUNT(*) AS activities, COUNT(DISTINCT actor) AS actors FROM batch_activities WHERE batch = ? AND removed = 0",
    batch,
  ) as { activities: number; actors: number };
  const first = list("ASC");
  return {
    first,
    last: counts.activities > MAX_RENDERED ? list("DESC").reverse() : first,
    total_activities: counts.activities,
    total_actors: counts.actors,
  };
}

/** The batch that a run holds or held, or null. */
export function readBatch(db: Connection, recipientRunId: string): BatchContent | null {
  return db.read(() => {
    const run = db.get<{ batch: number | null }>(
      `SELECT batch FROM recipient_runs WHERE row = ${ROW_OF_RUN}`,
      recipientRunId,
    );
    return run?.batch == null ? null : batchContent(db, run.batch);
  });
}

/**
 * Takes a cancelled run's activity out of its batch while that is open (E-279, E-280); false where there is none. The
 * window stays as it is, and so does the run that holds the batch.
 */
export function removeActivity(db: Connection, recipientRun: number): boolean {
  const found = db.get<{ row: number; batch: number }>(
    "SELECT a.row, a.batch FROM batch_activities a CROSS JOIN batches b ON b.row = a.batch WHERE a.recipient_run = ? AND a.removed = 0 AND b.open = 1",
    recipientRun,
  );
  if (found === undefined) return false;
  db.run("UPDATE batch_activities SET removed = 1 WHERE row = ?", found.row);
  db.run("UPDATE batches SET items = items - 1 WHERE row = ?", found.batch);
  return true;
}

/** The open batch that a run holds: no cancellation ends such a run (E-280). */
export function heldBatch(
  db: Connection,
  { row, batch }: { row: number; batch: number | null },
): OpenBatch | undefined {
  if (batch === null) return undefined;
  return db.get<OpenBatch>("SELECT row, closes_at FROM batches WHERE row = ? AND holder = ? AND open = 1", batch, row);
}

/** The row of the run whose activity is the oldest in a batch; undefined where none is left. */
export function oldestItem(db: Connection, batch: number): number | undefined {
  return db.get<{ run: number }>(
    "SELECT recipient_run AS run FROM batch_activities WHERE batch = ? AND removed = 0 ORDER BY row LIMIT 1",
    batch,
  )?.run;
}
