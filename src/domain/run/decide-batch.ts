import {
  type BatchActivity,
  type BatchContinuations,
  type BatchDecision,
  type Continuation,
  selectContinuation,
} from "./batch-continuations.js";

/** An open batch as stored. Times are in milliseconds. */
export interface OpenBatch {
  opened_at: number;
  closes_at: number;
  /** The run that waits for the close; null while only the leading item has arrived (E-264). */
  waiting_run: number | null;
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
  expiredBatch: Batch | null;
  /** The open batch that the run joins. It gets the `closes_at` and `items` below. */
  joinedBatch: Batch | null;
  /** The closing time of the batch that the run joined or opened; null if it did neither. */
  closes_at: number | null;
  items: number;
  /** The activity that the run adds to the batch; null for a leading item and if there is no batch. */
  activity: BatchActivity | null;
  /** Whether the run waits until the batch closes and then continues with it. */
  waitsForClose: boolean;
  /** Whether the run that waits for the close now waits until the new `closes_at`. */
  postponesWaitingRun: boolean;
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
function resolveCloseTime(batch: OpenBatch, continuations: BatchContinuations, items: number, now: number): number {
  if (continuations.max_items !== null && items >= continuations.max_items) return now;
  if (continuations.sliding === null) return batch.closes_at;
  return Math.max(now, Math.min(continuations.sliding.closes_at, batch.opened_at + continuations.sliding.limit_ms));
}

/**
 * Decides whether a run opens a batch or joins the open batch of its key, and returns the changes. `findOpen` returns
 * the open batch of a key, locked until the changes are written (E-243 to E-248, E-256, E-260, E-264, EQ-43).
 */
export function decideBatch<Batch extends OpenBatch>(
  continuations: BatchContinuations,
  findOpen: (key: string) => Batch | null,
  now: number,
): DecidedBatch<Batch> {
  const current = findOpen(continuations.key);
  const expiredBatch = current !== null && current.closes_at <= now ? current : null;
  return current === null || expiredBatch !== null
    ? openBatch(continuations, expiredBatch, findOpen, now)
    : joinBatch(continuations, current, now);
}

function joinBatch<Batch extends OpenBatch>(
  continuations: BatchContinuations,
  batch: Batch,
  now: number,
): DecidedBatch<Batch> {
  const items = batch.items + 1;
  const closes_at = resolveCloseTime(batch, continuations, items, now);
  const waitsForClose = batch.waiting_run === null;
  const decision: BatchDecision = {
    selected: waitsForClose ? "waiting" : "halted",
    isDueNow: closes_at <= now,
    closes_at,
    next: null,
  };
  const change: BatchChange<Batch> = {
    key: continuations.key,
    expiredBatch: null,
    joinedBatch: batch,
    closes_at,
    items,
    activity: continuations.activity,
    waitsForClose,
    postponesWaitingRun: !waitsForClose && closes_at !== batch.closes_at,
  };
  return { decision, continuation: selectContinuation(continuations, decision), changes: [change] };
}

/**
 * Returns the decision if no batch is open: the run opens one, unless its window is unknown, and may continue
 * immediately.
 */
function openBatch<Batch extends OpenBatch>(
  continuations: BatchContinuations,
  expiredBatch: Batch | null,
  findOpen: (key: string) => Batch | null,
  now: number,
): DecidedBatch<Batch> {
  const { closes_at, immediate } = continuations;
  const waitsForClose = immediate === null && closes_at !== null;
  const next = immediate?.batch ? decideBatch(immediate.batch, findOpen, now) : null;
  const decision: BatchDecision = {
    selected: immediate === null ? "waiting" : "immediate",
    isDueNow: next?.decision.isDueNow ?? (waitsForClose && closes_at <= now),
    closes_at,
    next: next?.decision ?? null,
  };
  const change: BatchChange<Batch> = {
    key: continuations.key,
    expiredBatch,
    joinedBatch: null,
    closes_at,
    items: waitsForClose ? 1 : 0,
    activity: waitsForClose ? continuations.activity : null,
    waitsForClose,
    postponesWaitingRun: false,
  };
  return {
    decision,
    continuation: selectContinuation(continuations, decision),
    changes: next === null ? [change] : [change, ...next.changes],
  };
}
