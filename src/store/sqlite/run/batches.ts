import {
  type BatchActivity,
  type BatchContinuations,
  setWaitingUntil,
} from "../../../domain/run/batch-continuations.js";
import * as rules from "../../../domain/run/decide-batch.js";
import type { StoredOpenBatch } from "../../../ports/run-store.js";
import { stringify } from "../../rows/json-column.js";
import type { RecipientRunRow, TriggerData } from "../../rows/run-row.js";
import { packSteps, unpackSteps } from "../../rows/step-codec.js";
import type { Connection } from "../connection/connection.js";
import { FROM_ACTIVITIES, SHARED_DATA } from "./read-batch.js";

/** An open batch with its row. */
interface BatchRow extends rules.OpenBatch {
  row: number;
}

const OPEN_BATCH = "SELECT row, opened_at, closes_at, waiting_run, items FROM batches WHERE key = ? AND open = 1";

type BatchColumns = [row: number, opened_at: number, closes_at: number, waiting_run: number | null, items: number];

/** Returns the open batch with a key, or null. Called for each run at a batch step. */
function findOpenBatch(db: Connection, key: string): BatchRow | null {
  const found = db.getList<BatchColumns>(OPEN_BATCH, key);
  if (found === undefined) return null;
  const [row, opened_at, closes_at, waiting_run, items] = found;
  return { row, opened_at, closes_at, waiting_run, items };
}

/** Returns the open batches of keys. */
export function readOpenBatches(db: Connection, keys: readonly string[]): StoredOpenBatch[] {
  return keys.flatMap((key) => {
    const found = findOpenBatch(db, key);
    return found === null ? [] : [{ ...found, key }];
  });
}

export interface OpenBatchRow {
  row: number;
  closes_at: number;
}

/**
 * Decides how a run at a batch step continues. The write lock is held, so nothing changes until the caller writes the
 * changes.
 */
export function decideBatchFromRows(
  db: Connection,
  batch: BatchContinuations,
  now: number,
): rules.DecidedBatch<BatchRow> {
  return rules.decideBatch(batch, (key) => findOpenBatch(db, key), now);
}

/** Writes the changes of batches that a run at a batch step causes; `run` is its row. Must run inside a write. */
export function writeBatchChanges(
  db: Connection,
  changes: readonly rules.BatchChange<BatchRow>[],
  run: number,
  trigger: TriggerData,
  now: number,
): void {
  for (const change of changes) {
    if (change.expiredBatch !== null) closeBatch(db, change.expiredBatch.row);
    if (change.closes_at === null) continue;
    const batch = change.joinedBatch?.row ?? insertBatch(db, change, change.closes_at, now);
    const { waiting_run = null } = change.joinedBatch ?? {};
    if (waiting_run !== null && change.postponesWaitingRun) postponeWaitingRun(db, waiting_run, change.closes_at, now);
    if (change.activity !== null) {
      insertActivity(db, batch, change.activity, run, trigger);
      db.run("UPDATE batches SET items = ?, closes_at = ? WHERE row = ?", change.items, change.closes_at, batch);
    }
    if (change.waitsForClose) setWaitingRun(db, batch, run);
    // A run that continues without its batch no longer refers to the batch that it came from.
    else if (change.joinedBatch === null) db.run("UPDATE recipient_runs SET batch = NULL WHERE row = ?", run);
  }
}

function insertBatch(db: Connection, { key, items }: rules.BatchChange, closesAt: number, now: number): number {
  return db.insert(
    "INSERT INTO batches (key, open, opened_at, closes_at, items) VALUES (?, 1, ?, ?, ?)",
    key,
    now,
    closesAt,
    items,
  );
}

function postponeWaitingRun(db: Connection, run: number, closesAt: number, now: number): void {
  const { id, steps } = db.getOne<Pick<RecipientRunRow, "id" | "steps">>(
    "SELECT id, steps FROM recipient_runs WHERE row = ?",
    run,
  );
  if (closesAt <= now) db.causedWork.addRecipientRun(id);
  db.run(
    "UPDATE recipient_runs SET due_at = ?, steps = ? WHERE row = ?",
    closesAt,
    packSteps(setWaitingUntil(unpackSteps(steps), closesAt)),
    run,
  );
}

function insertActivity(
  db: Connection,
  batch: number,
  { actor, data, at }: BatchActivity,
  run: number,
  trigger: TriggerData,
): void {
  const text = data === trigger.value ? trigger.text : stringify(data);
  db.run(
    "INSERT INTO batch_activities (batch, recipient_run, actor, data, at) VALUES (?, ?, ?, ?, ?)",
    batch,
    run,
    actor,
    text === trigger.text ? SHARED_DATA : text,
    at,
  );
}

/** Sets the run that continues with the batch. The run no longer refers to a batch that it came from before. */
export function setWaitingRun(db: Connection, batch: number, run: number): void {
  db.run("UPDATE batches SET waiting_run = ? WHERE row = ?", run, batch);
  db.run("UPDATE recipient_runs SET batch = ? WHERE row = ?", batch, run);
}

/** Records that no run waits for a batch. None continues with it, unless another joins before it closes. */
export function clearWaitingRun(db: Connection, batch: number): void {
  db.run("UPDATE batches SET waiting_run = NULL WHERE row = ?", batch);
}

/**
 * Closes the batches of runs that a worker claims, or that end with their recipient. They close regardless of their closing time,
 * so that later triggers open a new batch even if the clock moves back (E-053, E-261, EQ-43). Must run inside a write.
 */
export function closeBatches(db: Connection, runs: readonly { batch: number | null }[]): void {
  for (const { batch } of runs) if (batch !== null) closeBatch(db, batch);
}

/** Closes a batch, so that later triggers open a new one. Must run inside a write. */
function closeBatch(db: Connection, batch: number): void {
  db.run("UPDATE batches SET open = 0 WHERE row = ?", batch);
}

/** The activity of a run in an open batch. */
interface OpenItem {
  row: number;
  batch: number;
}

export function findOpenItem(db: Connection, recipientRun: number): OpenItem | undefined {
  return db.get<OpenItem>(
    "SELECT a.row, a.batch FROM batch_activities a CROSS JOIN batches b ON b.row = a.batch WHERE a.recipient_run = ? AND a.removed = 0 AND b.open = 1",
    recipientRun,
  );
}

/** Removes a canceled run's activity from its batch. The window and the run that waits for the close stay (E-279, E-280). */
export function removeItem(db: Connection, item: OpenItem): void {
  db.run("UPDATE batch_activities SET removed = 1 WHERE row = ?", item.row);
  db.run("UPDATE batches SET items = items - 1 WHERE row = ?", item.batch);
}

/** Returns the open batch whose close a run waits for, or undefined. */
export function findAwaitedBatch(
  db: Connection,
  { row, batch }: { row: number; batch: number | null },
): OpenBatchRow | undefined {
  if (batch === null) return undefined;
  return db.get<OpenBatchRow>(
    "SELECT row, closes_at FROM batches WHERE row = ? AND waiting_run = ? AND open = 1",
    batch,
    row,
  );
}

/** Returns the row of the run with the oldest activity in a batch; undefined if none is left. */
export function findOldestItem(db: Connection, batch: number): number | undefined {
  return db.get<{ run: number }>(`SELECT a.recipient_run AS run ${FROM_ACTIVITIES} ORDER BY a.row LIMIT 1`, batch)?.run;
}
