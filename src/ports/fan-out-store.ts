import type { RecipientKey, RecipientUpsert } from "../domain/recipient/recipient.js";
import type { BatchDecision, PendingTrigger } from "../domain/run/batch-continuations.js";
import type { FanOutState } from "../domain/run/fan-out-state.js";
import type { WorkflowRun } from "../domain/run/workflow-run.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import type { CausedWork, Claim } from "./due-store.js";
import type { StartedRuns } from "./trigger-store.js";

/** The recipient runs of one chunk of a fan-out. */
export interface FanOutChunk extends StartedRuns {
  workflow_run_id: string;
  at: number;
  /** The state of the fan-out after this chunk; null if this is the last chunk. */
  rest: FanOutState | null;
}

/**
 * `lost`: another process has taken the fan-out over, and nothing was written. `repeated`: an earlier call with the same
 * chunk has written everything.
 */
export type ChunkResult =
  | { outcome: "inserted"; batchDecisions: ReadonlyMap<string, BatchDecision>; caused: CausedWork }
  | { outcome: "lost" }
  | { outcome: "repeated" }
  | { outcome: "already_triggered"; recipients: RecipientKey[] };

/** A trigger whose fan-out is due. */
export interface ClaimedFanOut {
  run: WorkflowRun;
  version: Workflow;
  fanOut: FanOutState;
}

/** The split of a due broadcast run into one run per tenant. `rest` is null if there are no recipients. */
export interface FanOutSplit {
  workflow_run_id: string;
  tenant: string | null;
  rest: FanOutState | null;
  triggers: PendingTrigger[];
  upserts: RecipientUpsert[];
}

/** Turns accepted triggers into recipient runs, chunk by chunk. */
export interface FanOutStore {
  /** Returns those of the recipients that already have a run of the trigger (E-058). */
  readRecipientsWithRun(workflowRunId: string, recipients: readonly RecipientKey[]): Promise<Set<RecipientKey>>;
  /** Claims up to `limit` triggers whose fan-out is due. */
  claimDueFanOuts(claim: Claim, limit: number): Promise<ClaimedFanOut[]>;
  /**
   * Inserts a chunk and the progress of its fan-out. If more chunks follow, renews the claim for `leaseMs`, or ends it for null.
   */
  insertFanOutChunk(chunk: FanOutChunk, token: string, leaseMs: number | null): Promise<ChunkResult>;
  /** Splits a broadcast run. Returns null if another process has taken it over; then nothing was written. */
  splitFanOut(split: FanOutSplit, token: string, at: number): Promise<CausedWork | null>;
}
