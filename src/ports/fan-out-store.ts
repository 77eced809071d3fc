import type { Message } from "../domain/message/message.js";
import type { RecipientKey, RecipientUpsert } from "../domain/recipient/recipient.js";
import type { BatchDecision, BatchJoin, PendingTrigger } from "../domain/run/batch-join.js";
import type { FanOutState } from "../domain/run/fan-out-state.js";
import type { RecipientRun, WorkflowRun } from "../domain/run/workflow-run.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import type { Claim } from "./due-store.js";
import type { FrequencyClaim } from "./trigger-store.js";

/** The next recipients of a trigger that fans out. */
export interface FanOutChunk {
  workflow_run_id: string;
  at: number;
  recipientRuns: RecipientRun[];
  messages: Message[];
  batches: ReadonlyMap<string, BatchJoin>;
  upserts: RecipientUpsert[];
  triggers: PendingTrigger[];
  claims: FrequencyClaim[];
  unidentified: RecipientKey[];
  /** Null: this is the last chunk. */
  rest: FanOutState | null;
}

/** `lost`: another process took the fan-out over, nothing was written. */
export type ChunkResult =
  | { outcome: "inserted"; batchDecisions: ReadonlyMap<string, BatchDecision> }
  | { outcome: "lost" }
  | { outcome: "claimed"; recipients: RecipientKey[] };

/** A trigger whose fan-out is due. */
export interface ClaimedFanOut {
  run: WorkflowRun;
  version: Workflow;
  fanOut: FanOutState;
}

/** A broadcast's run that is due becomes runs with recipients, one per tenant; `rest` null where there are none. */
export interface FanOutSplit {
  workflow_run_id: string;
  tenant: string | null;
  rest: FanOutState | null;
  triggers: PendingTrigger[];
  upserts: RecipientUpsert[];
}

/** Turns accepted triggers into recipient runs, chunk by chunk. */
export interface FanOutStore {
  /** Which of these recipients have a run of the trigger already (E-058). */
  readRecipientsWithRun(workflowRunId: string, recipients: readonly RecipientKey[]): Promise<Set<RecipientKey>>;
  /** Triggers whose fan-out is due, leased to the token. */
  claimDueFanOuts(claim: Claim, limit: number): Promise<ClaimedFanOut[]>;
  insertFanOutChunk(chunk: FanOutChunk, token: string): Promise<ChunkResult>;
  /** False where another process took it over: nothing was written. */
  splitFanOut(split: FanOutSplit, token: string, at: number): Promise<boolean>;
}
