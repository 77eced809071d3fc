/**
 * The tables from which old rows are deleted, one after the other. `partitions` are those that a store can drop as a whole, with
 * the rows that belong to them; a store may have none.
 */
export const PRUNED_TABLES = [
  "partitions",
  "recipient_runs",
  "workflow_runs",
  "idempotency_keys",
  "throttles",
] as const;
export type PrunedTable = (typeof PRUNED_TABLES)[number];

/** The rows of a table to delete in one transaction, with everything that belongs to them. */
export interface PruneRequest {
  table: PrunedTable;
  /** The time before which a row was last changed, in milliseconds. */
  before: number;
  /** The row, or the key in a table without row numbers, after which rows are examined; 0 at the start. */
  after: number | string;
  /** The number of rows to examine. */
  limit: number;
  /** Counts rows and deletes none. */
  isDryRun: boolean;
}

/** The numbers of deleted rows, and of partitions that were dropped for them. A dry run counts the rows of partitions with the others. */
export interface PrunedCounts {
  partitions: number;
  recipient_runs: number;
  messages: number;
  delivery_logs: number;
  batch_activities: number;
  workflow_runs: number;
  idempotency_keys: number;
}

export const NO_PRUNED_ROWS: PrunedCounts = {
  partitions: 0,
  recipient_runs: 0,
  messages: 0,
  delivery_logs: 0,
  batch_activities: 0,
  workflow_runs: 0,
  idempotency_keys: 0,
};

export interface PruneResult {
  counts: Partial<PrunedCounts>;
  /** The last row or key that was examined; null if there is no further row. */
  next: number | string | null;
  /** The reason why the store deletes rows instead of dropping partitions. */
  warning?: string;
}

export interface PruneOptions {
  /** Deletes runs that ended longer ago than this, by the clock of the store. */
  olderThanMs: number;
  isDryRun: boolean;
  signal: AbortSignal;
  /** Called after each transaction. */
  onProgress: (counts: PrunedCounts) => void;
  onWarning: (text: string) => void;
}

/** The deleted rows. All were last changed before `before`, in milliseconds. */
export interface PruneReport extends PrunedCounts {
  before: number;
}

/** Deletes rows of the past. */
export interface PruneStore {
  /**
   * Deletes runs that have ended and everything that belongs to them. Runs that wait, runs with messages that are not sent yet,
   * and activities of batches that a run still needs are kept. Windows of throttles that have ended are deleted, and not counted.
   */
  prune(request: PruneRequest): Promise<PruneResult>;
}
