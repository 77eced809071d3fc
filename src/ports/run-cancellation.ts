import type { RecipientKey } from "../domain/recipient/recipient.js";
import type { RecipientRun } from "../domain/run/workflow-run.js";

export interface RunCancellation {
  workflow: string;
  cancellation_key: string;
  /** Absent: runs of the main files. */
  branch?: string | null;
  recipients: RecipientKey[] | null;
  at: number;
}

/** A run that matched a cancellation, as it stands after it, and whether the cancellation did it. */
export interface CancelledRun {
  recipientRun: RecipientRun;
  cancelled: boolean;
}
