import type { DueKind } from "../../../ports/due-store.js";

/** Work that a transaction makes due, for a job that performs it. The rows are the truth; a wakeup is only a hint. */
export interface Wakeup {
  kind: DueKind;
  dueAt: number;
  workflowRunRow?: number;
  rows?: { from: number; to: number };
  shard?: number;
  channel?: string;
  /** The tenant of the only trigger whose work this is; null without one. */
  tenant?: string | null;
  /** The number of rows, for the job's priority. */
  size?: number;
}
