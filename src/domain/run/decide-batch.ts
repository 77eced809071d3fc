import {
  type BatchActivity,
  type BatchArrival,
  type BatchDecision,
  type Continuation,
  selectContinuation,
} from "./batch-arrival.js";

/** An open batch as stored. Times are in milliseconds. */
export interface OpenBatch {
  opened_at: number;
  closes_at: number;
  /** The run that waits for the close; null while only the leading item has arrived (E-264). */
  holder: number | null;
  /** The number of activities that were not removed. */
  items: number;
}

/**
 * The change to the stored batches when a run reaches a batch. The store writes it in the transaction that writes the
 * run.
 */
export interface BatchChange<Batch extends OpenBatch = OpenBatch> {
  key: string;
  /** The open batch of the key if its closing time is past. It is closed first (E-261, EQ-43). */
  expired: Batch | null;
  /** The open batch that the run joins. It gets the `closes_at` and `items` below. */
  joined: Batch | null;
  /** When the batch that the run joined or opened closes; null if it did neither. */
  closes_at: number | null;
  items: number;
  /** The activity that the run adds to the batch; null for a leading item and if there is no batch. */
  activity: BatchActivity | null;
  /** Whether the run waits until the batch closes and then continues with it. */
  holds: boolean;
  /** Whether the run that waits for the close now waits until the new `closes_at`. */
  movesHolder: boolean;
}

export interface DecidedBatch<Batch extends OpenBatch = OpenBatch> {
  decision: BatchDecision;
  /** The run after the batch. */
  continuation: Continuation;
  /** One change for each batch that the run reached, in order. */
  changes: BatchChange<Batch>[];
}

/**
 * Returns when a batch closes after a run joined it: not before now, and not later than its limit after the opening
 * (E-257, E-259, E-260).
 */
function resolveCloseTime(batch: OpenBatch, join: BatchArrival, items: number, now: number): number {
  if (join.max_items !== null && items >= join.max_items) return now;
  if (join.sliding === null) return batch.closes_at;
  return Math.max(now, Math.min(join.sliding.closes_at, batch.opened_at + join.sliding.limit_ms));
}

/**
 * Decides whether a run opens a batch or joins the open batch of its key, and returns the changes. `findOpen` returns
 * the open batch of a key, locked until the changes are written (E-243 to E-248, E-256, E-260, E-264, EQ-43).
 */
export function decideBatch<Batch extends OpenBatch>(
  join: BatchArrival,
  findOpen: (key: string) => Batch | null,
  now: number,
): DecidedBatch<Batch> {
  const current = findOpen(join.key);
  const expired = current !== null && current.closes_at <= now ? current : null;
  return current === null || expired !== null ? openBatch(join, expired, findOpen, now) : joinBatch(join, current, now);
}

function joinBatch<Batch extends OpenBatch>(join: BatchArrival, batch: Batch, now: number): DecidedBatch<Batch> {
  const items = batch.items + 1;
  const closes_at = resolveCloseTime(batch, join, items, now);
  const holds = batch.holder === null;
  const decision: BatchDecision = {
    took: holds ? "holds" : "joined",
    isDueNow: closes_at <= now,
    closes_at,
    next: null,
  };
  const change: BatchChange<Batch> = {
    key: join.key,
    expired: null,
    joined: batch,
    closes_at,
    items,
    activity: join.activity,
    holds,
    movesHolder: !holds && closes_at !== batch.closes_at,
  };
  return { decision, continuation: selectContinuation(join, decision), changes: [change] };
}

/**
 * Returns the decision if no batch is open: the run opens one, unless its window is unknown, and may continue
 * immediately.
 */
function openBatch<Batch extends OpenBatch>(
  join: BatchArrival,
  expired: Batch | null,
  findOpen: (key: string) => Batch | null,
  now: number,
): DecidedBatch<Batch> {
  const { closes_at, leads } = join;
  const holds = leads === null && closes_at !== null;
  const next = leads?.batch ? decideBatch(leads.batch, findOpen, now) : null;
  const decision: BatchDecision = {
    took: leads === null ? "holds" : "leads",
    isDueNow: next?.decision.isDueNow ?? (holds && closes_at <= now),
    closes_at,
    next: next?.decision ?? null,
  };
  const change: BatchChange<Batch> = {
    key: join.key,
    expired,
    joined: null,
    closes_at,
    items: holds ? 1 : 0,
    activity: holds ? join.activity : null,
    holds,
    movesHolder: false,
  };
  return {
    decision,
    continuation: selectContinuation(join, decision),
    changes: next === null ? [change] : [change, ...next.changes],
  };
}
