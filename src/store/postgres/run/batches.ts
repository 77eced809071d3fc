import {
  type BatchContinuations,
  type BatchDecision,
  type Continuation,
  setWaitingUntil,
} from "../../../domain/run/batch-continuations.js";
import type { BatchChange, OpenBatch } from "../../../domain/run/decide-batch.js";
import * as rules from "../../../domain/run/decide-batch.js";
import type { RecipientRun } from "../../../domain/run/workflow-run.js";
import type { StoredOpenBatch } from "../../../ports/run-store.js";
import { getKnown } from "../../../util/get-known.js";
import { stringify } from "../../rows/json-column.js";
import type { TriggerData } from "../../rows/run-row.js";
import { packSteps, unpackSteps } from "../../rows/step-codec.js";
import type { Connection } from "../connection/connection.js";
import { toIndexedKey } from "../connection/to-indexed-key.js";
import type { CopyValue, Transaction } from "../connection/transaction.js";
import { getShard } from "./shard.js";

/** An open batch during a transaction. The row is null until a new batch is inserted. */
interface BatchState extends OpenBatch {
  key: string;
  row: number | null;
}

/**
 * Locks the open batches of keys, in the order of the keys. For a key without one, a placeholder is inserted, which makes other
 * transactions wait: a row that does not exist cannot be locked.
 */
const LOCK = `
  INSERT INTO batches (key, open, opened_at, closes_at, items)
  SELECT key, 1, $2, $2, 0 FROM unnest($1::text[]) AS asked (key)
  ON CONFLICT (key) WHERE open = 1 DO UPDATE SET key = excluded.key WHERE false
  RETURNING row, key`;

const SELECT_OPEN =
  "SELECT row, key, opened_at, closes_at, waiting_run, items FROM batches WHERE open = 1 AND key = ANY($1::text[])";

const UPDATE = `
  UPDATE batches b SET opened_at = c.opened_at, closes_at = c.closes_at, waiting_run = c.waiting_run, items = c.items
  FROM json_to_recordset($1::json) AS c (row bigint, opened_at bigint, closes_at bigint, waiting_run bigint, items integer)
  WHERE b.row = c.row`;

const INSERT = `
  INSERT INTO batches (key, open, opened_at, closes_at, waiting_run, items)
  SELECT key, 1, opened_at, closes_at, waiting_run, items
  FROM json_to_recordset($1::json) AS c (key text, opened_at bigint, closes_at bigint, waiting_run bigint, items integer)
  RETURNING row, key`;

/** Returns the open batches of keys. */
export async function readOpenBatches(db: Connection, keys: readonly string[]): Promise<StoredOpenBatch[]> {
  const byIndexedKey = new Map(keys.map((key) => [toIndexedKey(key), key]));
  const found = await db.read((tx) => tx.all<StoredOpenBatch>(SELECT_OPEN, [...byIndexedKey.keys()]));
  return found.map((batch) => ({ ...batch, key: byIndexedKey.get(batch.key) ?? batch.key }));
}

/** The open batches of the keys that a transaction has locked. */
class BatchStates {
  private readonly open = new Map<string, BatchState>();
  private readonly changed = new Set<BatchState>();
  private readonly expired: BatchState[] = [];

  /** `placeholders` are rows by key, for batches that may be opened. */
  private constructor(
    stored: readonly BatchState[],
    private readonly placeholders: Map<string, number>,
  ) {
    for (const state of stored) this.open.set(state.key, state);
  }

  /** `keys` must be sorted. */
  static async lock(tx: Transaction, keys: readonly string[], now: number): Promise<BatchStates> {
    const inserted = await tx.all<{ row: number; key: string }>(LOCK, keys, now);
    const placeholders = new Map(inserted.map(({ row, key }) => [key, row]));
    const others = keys.filter((key) => !placeholders.has(key));
    const stored = others.length === 0 ? [] : await tx.all<BatchState>(SELECT_OPEN, others);
    return new BatchStates(stored, placeholders);
  }

  find(key: string): BatchState | null {
    return this.open.get(key) ?? null;
  }

  /** Applies a change. Returns the batch that the run joined or opened, or null. */
  apply(key: string, change: BatchChange<BatchState>, now: number): BatchState | null {
    const { expiredBatch, joinedBatch, closes_at, items } = change;
    if (expiredBatch !== null) {
      this.expired.push(expiredBatch);
      this.open.delete(key);
    }
    if (closes_at === null) return null;
    const state = joinedBatch ?? this.add(key, now);
    state.closes_at = closes_at;
    state.items = items;
    this.changed.add(state);
    return state;
  }

  private add(key: string, now: number): BatchState {
    const row = this.placeholders.get(key) ?? null;
    this.placeholders.delete(key);
    const state: BatchState = { key, row, opened_at: now, closes_at: now, waiting_run: null, items: 0 };
    this.open.set(key, state);
    return state;
  }

  /** Writes what has changed, and gives new batches their rows. */
  async write(tx: Transaction): Promise<void> {
    const unused = [...this.placeholders.values()];
    if (unused.length > 0) await tx.run("DELETE FROM batches WHERE row = ANY($1)", unused);
    const expired = this.expired.flatMap(({ row }) => row ?? []);
    if (expired.length > 0) await tx.run("UPDATE batches SET open = 0 WHERE row = ANY($1)", expired);
    const isExpired = new Set(this.expired);
    const current = [...this.changed].filter((state) => !isExpired.has(state));
    const known = current.filter(({ row }) => row !== null);
    if (known.length > 0) await tx.run(UPDATE, stringify(known));
    const fresh = current.filter(({ row }) => row === null);
    if (fresh.length === 0) return;
    const inserted = await tx.all<{ row: number; key: string }>(INSERT, stringify(fresh));
    const rows = new Map(inserted.map(({ row, key }) => [key, row]));
    for (const state of fresh) state.row = rows.get(state.key) ?? null;
  }
}

/** Marks an activity whose data is the trigger's, which is stored with the trigger. */
export const SHARED_DATA = "";

/** A run at a batch step, with its row and the batch that its row refers to before. */
export interface RunAtBatch {
  row: number;
  batch: number | null;
  continuations: BatchContinuations;
  trigger: TriggerData;
}

/** How a run at a batch step continues, and the batch that its row refers to from now on. */
export interface DecidedRun {
  decision: BatchDecision;
  continuation: Continuation;
  batch: number | null;
}

/** Returns the keys of the batches that runs may reach, also those after a batch that they leave at once. */
function listKeys(runs: readonly RunAtBatch[]): string[] {
  const keys = new Set<string>();
  for (const { continuations } of runs)
    for (let next: BatchContinuations | null = continuations; next; next = next.immediate?.batch ?? null)
      keys.add(toIndexedKey(next.key));
  return [...keys].sort();
}

/** A run that was decided, before the rows of new batches are known. */
interface PendingRun {
  at: RunAtBatch;
  decided: rules.DecidedBatch<BatchState>;
  /** The batch that the run's row refers to: a state, its batch of before, or none. */
  batch: BatchState | number | null;
}

/**
 * Decides how runs at a batch step continue, one after the other, and writes all changes of batches with one statement per
 * kind. The batches are locked in the order of their keys, until the transaction ends. Returns the decisions by the rows of the
 * runs.
 */
export async function decideBatches(
  tx: Transaction,
  runs: readonly RunAtBatch[],
  now: number,
): Promise<Map<number, DecidedRun>> {
  if (runs.length === 0) return new Map();
  const states = await BatchStates.lock(tx, listKeys(runs), now);
  const activities: { state: BatchState; columns: CopyValue[] }[] = [];
  const postponed = new Map<number, number>();
  const pending = runs.map((at): PendingRun => {
    const decided = rules.decideBatch(at.continuations, (key) => states.find(toIndexedKey(key)), now);
    let batch: PendingRun["batch"] = at.batch;
    for (const change of decided.changes) {
      const state = states.apply(toIndexedKey(change.key), change, now);
      if (state === null || change.closes_at === null) continue;
      if (state.waiting_run !== null && change.postponesWaitingRun) postponed.set(state.waiting_run, change.closes_at);
      if (change.activity !== null) activities.push({ state, columns: toActivity(at, change.activity) });
      if (change.waitsForClose) {
        state.waiting_run = at.row;
        batch = state;
      } else if (change.joinedBatch === null) batch = null; // It continues without its batch.
    }
    return { at, decided, batch };
  });
  await states.write(tx);
  await insertActivities(tx, activities);
  const own = new Set(runs.map(({ row }) => row));
  await postponeWaitingRuns(tx, new Map([...postponed].filter(([row]) => !own.has(row))), now);
  return new Map(
    pending.map(({ at, decided: { decision, continuation }, batch }) => [
      at.row,
      {
        decision,
        continuation: postponeContinuation(continuation, postponed.get(at.row)),
        batch: typeof batch === "object" ? (batch?.row ?? null) : batch,
      },
    ]),
  );
}

/** Returns the continuation of a run whose batch a later run of the same transaction has moved. */
function postponeContinuation(continuation: Continuation, closesAt: number | undefined): Continuation {
  if (closesAt === undefined) return continuation;
  const { recipientRun } = continuation;
  const steps = setWaitingUntil(recipientRun.steps, closesAt);
  return { ...continuation, recipientRun: { ...recipientRun, due_at: closesAt, steps } };
}

function toActivity({ row, trigger }: RunAtBatch, { actor, data, at }: BatchContinuations["activity"]): CopyValue[] {
  const text = data === trigger.value ? trigger.text : stringify(data);
  return [row, actor, text === trigger.text ? SHARED_DATA : text, at];
}

async function insertActivities(
  tx: Transaction,
  activities: readonly { state: BatchState; columns: CopyValue[] }[],
): Promise<void> {
  await tx.copy(
    "batch_activities",
    ["batch", "recipient_run", "actor", "data", "at"],
    activities.map(({ state, columns }) => [state.row, ...columns]),
  );
}

/** Moves the due times of runs that wait for batches whose closing time has moved. Their rows are locked in order. */
async function postponeWaitingRuns(
  tx: Transaction,
  closeTimes: ReadonlyMap<number, number>,
  now: number,
): Promise<void> {
  if (closeTimes.size === 0) return;
  const runs = await tx.all<{ row: number; id: string; recipient: RecipientRun["recipient"]; steps: string }>(
    "SELECT row, id, recipient, steps FROM recipient_runs WHERE row = ANY($1) ORDER BY row FOR NO KEY UPDATE",
    [...closeTimes.keys()],
  );
  const changes = runs.map(({ row, id, recipient, steps }) => {
    const due_at = getKnown(closeTimes, row);
    if (due_at <= now) tx.caused.recipientRunIds.add(id);
    tx.wake({ kind: "runs", dueAt: due_at, shard: getShard(recipient), size: 1 });
    return { row, due_at, steps: packSteps(setWaitingUntil(unpackSteps(steps), due_at)) };
  });
  await tx.run(
    "UPDATE recipient_runs r SET due_at = c.due_at, steps = c.steps, revision = r.revision + 1 FROM json_to_recordset($1::json) AS c (row bigint, due_at bigint, steps text) WHERE r.row = c.row",
    stringify(changes),
  );
}

/**
 * Closes the batches of runs that a worker claims, or that end with their recipient. They close regardless of their closing time,
 * so that later triggers open a new batch even if the clock moves back (E-053, E-261, EQ-43).
 */
export async function closeBatches(tx: Transaction, runs: readonly { batch: number | null }[]): Promise<void> {
  const batches = runs.flatMap(({ batch }) => batch ?? []);
  if (batches.length === 0) return;
  await tx.run(
    "UPDATE batches SET open = 0 WHERE row IN (SELECT row FROM batches WHERE row = ANY($1) AND open = 1 ORDER BY key FOR NO KEY UPDATE)",
    batches,
  );
}
