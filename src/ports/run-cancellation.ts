import type { RecipientKey } from "../domain/recipient/recipient.js";
import type { RecipientRun } from "../domain/run/workflow-run.js";

export interface RunCancellation {
  workflow: string;
  cancellation_key: string;
  /** Absent for runs of the main files. */
  branch?: string | null;
  recipients: RecipientKey[] | null;
  at: number;
}

/** A run that matched a cancellation, in its state after the cancellation, and whether the cancellation changed it. */
export interface CancelledRun {
  recipientRun: RecipientRun;
  cancelled: boolean;
}

export interface CancellationResult {
  /** The runs that existed. */
  runs: CancelledRun[];
  /** The number of triggers that had not reached all recipients. Their other runs are canceled when they begin. */
  unfinishedTriggers: number;
}
