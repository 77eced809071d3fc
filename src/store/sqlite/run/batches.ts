import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import {
  type BatchActivity,
  type BatchContent,
  type BatchDecision,
  type BatchJoin,
  type Continuation,
  continuationOf,
  withUntil,
} from "../../../domain/run/batch.js";
import type { JsonObject } from "../../../util/json.js";
import type { Connection } from "../connection/connection.js";
import { ROW_OF_RUN, workflowRunReader } from "./run-rows.js";
import type { SharedRows } from "./shared-rows.js";

/** No step renders more (E-272). */
const MAX_RENDERED = 100;

interface BatchRow {
  row: number;
  opened_at: number;
  closes_at: number;
  holder: number | null;
  items: number;
  newest: number | null;
}

const OPEN_BATCH = "SELECT row, opened_at, closes_at, holder, items, newest FROM batches WHERE key = ? AND open = 1";

/** The open batch with a key. Asked for each run at a batch. */
function openBatchOf(db: Connection, key: string): BatchRow | undefined {
  const found = db.list<[number, number, number, number | null, number, number | null]>(OPEN_BATCH, key);
  if (found === undefined) return undefined;
  const [row, opened_at, closes_at, holder, items, newest] = found;
  return { row, opened_at, closes_at, holder, items, newest };
}

/** A trigger's data, which its runs mostly share, and its text. */
export interface TriggerData {
  value: JsonObject | null;
  text: string;
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
  attach(recipientRunRow: number, trigger: TriggerData): void;
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

/** Of an activity whose data is the trigger's, which is kept with that. */
const DATA_OF_TRIGGER = "";

/** Returns its row, the newest of the batch's chain. */
function addActivity(
  db: Connection,
  { row, newest }: Pick<BatchRow, "row" | "newest">,
  { actor, data, at }: BatchActivity,
  run: number,
  trigger: TriggerData,
): number {
  const text = data === trigger.value ? trigger.text : JSON.stringify(data);
  return db.insert(
    "INSERT INTO batch_activities (batch, recipient_run, actor, data, at, previous) VALUES (?, ?, ?, ?, ?, ?)",
    row,
    run,
    actor,
    text === trigger.text ? DATA_OF_TRIGGER : text,
    at,
    newest,
  );
}

/** Whether a run opens a batch or joins one (E-243 to E-248, E-260, E-264, EQ-43). Inside a write only. */
export function decideBatch(db: Connection, join: BatchJoin, now: number): DecidedBatch {
  let open = openBatchOf(db, join.key);
  if (open && open.closes_at <= now) {
    db.run("UPDATE batches SET open = 0 WHERE row = ?", open.row);
    open = undefined;
  }
  if (open === undefined) return openBatch(db, join, now);
  const batch = open;
  const items = batch.items + 1;
  const closesAt = closeAfter(batch, join, items, now);
  const took = batch.holder === null ? "holds" : "joined";
  if (batch.holder !== null && closesAt !== batch.closes_at) moveHolder(db, batch.holder, closesAt);
  const decision: BatchDecision = { took, closed: closesAt <= now, closes_at: closesAt, next: null };
  return {
    decision,
    continuation: continuationOf(join, decision),
    attach(run, trigger) {
      if (took === "holds") setHolder(db, batch.row, run);
      const newest = addActivity(db, batch, join.activity, run, trigger);
      db.run(
        "UPDATE batches SET items = ?, closes_at = ?, newest = ? WHERE row = ?",
        items,
        closesAt,
        newest,
        batch.row,
      );
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
    attach(run, trigger) {
      if (took === "holds" && batch !== null) {
        setHolder(db, batch, run);
        const newest = addActivity(db, { row: batch, newest: null }, join.activity, run, trigger);
        db.run("UPDATE batches SET newest = ? WHERE row = ?", newest, batch);
      } else if (batch !== null) {
        db.run("UPDATE recipient_runs SET batch = NULL WHERE row = ?", run);
      }
      next?.attach(run, trigger);
    },
  };
}

/** From now on triggers open a new batch: the run that holds this one has been claimed (EQ-43). Inside a write only. */
export function closeBatch(db: Connection, batch: number): void {
  db.run("UPDATE batches SET open = 0 WHERE row = ?", batch);
}

/** A batch's activities, `chain`, from its newest; its row is bound once, as ?1. */
const CHAIN =
  "WITH RECURSIVE chain (row, previous) AS (SELECT a.row, a.previous FROM batches b CROSS JOIN batch_activities a ON a.row = b.newest AND a.batch = b.row WHERE b.row = ?1 " +
  // After a deletion its row may be another batch's; each is older than the one it was reached from.
  "UNION ALL SELECT a.row, a.previous FROM chain c CROSS JOIN batch_activities a ON a.row = c.previous AND a.row < c.row AND a.batch = ?1) ";

const IN_CHAIN = "FROM chain c CROSS JOIN batch_activities a ON a.row = c.row";

type ActivityColumns = [id: string, workflow_run: number, actor: string | null, data: string, at: number];

/** Reads the activities of batches; the data of a trigger that many of them came with is read once. */
export function batchReader(db: Connection, shared: SharedRows): (batch: number) => BatchContent {
  const workflowRun = workflowRunReader(db, shared);
  const activityOf = ([id, run, actor, data, at]: ActivityColumns): BatchActivity => ({
    id,
    actor: actor as RecipientKey | null,
    data: data === DATA_OF_TRIGGER ? workflowRun(run).run.data : JSON.parse(data),
    at,
  });
  return (batch) => {
    const list = (order: "ASC" | "DESC"): BatchActivity[] =>
      db
        .lists<ActivityColumns>(
          `${CHAIN} SELECT r.id, r.workflow_run, a.actor, a.data, a.at ${IN_CHAIN} CROSS JOIN recipient_runs r ON r.row = a.recipient_run WHERE a.removed = 0 ORDER BY c.row ${order} LIMIT ${MAX_RENDERED + 1}`,
          batch,
        )
        .map(activityOf);
    const first = list("ASC");
    if (first.length <= MAX_RENDERED) {
      const actors = new Set(first.map(({ actor }) => actor));
      actors.delete(null);
      return { first, last: first, total_activities: first.length, total_actors: actors.size };
    }
    const [activities, actors] = db.list<[number, number]>(
      `${CHAIN} SELECT COUNT(*), COUNT(DISTINCT a.actor) ${IN_CHAIN} WHERE a.removed = 0`,
      batch,
    ) as [number, number];
    return {
      first: first.slice(0, MAX_RENDERED),
      last: list("DESC").slice(0, MAX_RENDERED).reverse(),
      total_activities: activities,
      total_actors: actors,
    };
  };
}

/** The batch that a run holds or held, or null. */
export function readBatch(db: Connection, shared: SharedRows, recipientRunId: string): BatchContent | null {
  return db.read(() => {
    const run = db.get<{ batch: number | null }>(
      `SELECT batch FROM recipient_runs WHERE row = ${ROW_OF_RUN}`,
      recipientRunId,
    );
    return run?.batch == null ? null : batchReader(db, shared)(run.batch);
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
    `${CHAIN} SELECT a.recipient_run AS run ${IN_CHAIN} WHERE a.removed = 0 ORDER BY c.row LIMIT 1`,
    batch,
  )?.run;
}
