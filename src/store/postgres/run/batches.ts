import {
  type BatchContinuations,
  type BatchDecision,
  type Continuation,
  setWaitingUntil,
} from "../../../domain/run/batch-continuations.js";
import * as rules from "../../../domain/run/decide-batch.js";
import type { RecipientRun } from "../../../domain/run/workflow-run.js";
import { stringify } from "../../rows/json-column.js";
import type { TriggerData } from "../../rows/run-row.js";
import { packSteps, unpackSteps } from "../../rows/step-codec.js";
import { toIndexedKey } from "../connection/to-indexed-key.js";
import type { CopyValue, Transaction } from "../connection/transaction.js";
import { type BatchState, BatchStates } from "./batch-states.js";
import { getShard } from "./shard.js";

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
 * kind. The batches are locked in the order of their keys, until the transaction ends.
 */
export async function decideBatches(tx: Transaction, runs: readonly RunAtBatch[], now: number): Promise<DecidedRun[]> {
  if (runs.length === 0) return [];
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
  return pending.map(({ at, decided: { decision, continuation }, batch }) => ({
    decision,
    continuation: postponeContinuation(continuation, postponed.get(at.row)),
    batch: typeof batch === "object" ? (batch?.row ?? null) : batch,
  }));
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
    activities.map(({ state, columns }) => [state.row as number, ...columns]),
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
    const due_at = closeTimes.get(row) as number;
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
