import type { Message } from "../domain/message/message.js";
import type { RecipientKey, RecipientUpsert } from "../domain/recipient/recipient.js";
import type { BatchDecision, BatchJoin, PendingTrigger } from "../domain/run/batch-join.js";
import type { FanOutState } from "../domain/run/fan-out-state.js";
import type { RecipientRun, WorkflowRun } from "../domain/run/workflow-run.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import type { Claim } from "./due-store.js";

/** The row that remembers a trigger's answer (E-383). `fingerprint` is the canonical payload's hash. */
export interface IdempotencyRecord {
  key: string;
  fingerprint: string;
  workflow_run_id: string;
  inserted_at: number;
}

/** A once-only workflow used up by a recipient (E-068, E-070); tenant "" is the slot without tenant. */
export interface FrequencyClaim {
  workflow: string;
  recipient: RecipientKey;
  tenant: string;
}

/** A trigger with its runs as they stand after their first advance. Written in one transaction. */
export interface NewWorkflowRun {
  run: WorkflowRun;
  version: Workflow;
  recipientRuns: RecipientRun[];
  messages: Message[];
  /** Of recipient runs at a batch step, by their id; for these the store picks a continuation. */
  batches: ReadonlyMap<string, BatchJoin>;
  /** Recipients that steps changed, in order. */
  upserts: RecipientUpsert[];
  /** Triggers that steps made. */
  triggers: PendingTrigger[];
  claims: FrequencyClaim[];
  idempotency: IdempotencyRecord | null;
  /** Recipients listed but never identified; they get no run but stay visible (EQ-09). */
  unidentified: RecipientKey[];
  /** The rest of the fan-out with the claim that lets the caller continue it; null if nothing is left. */
  fanOut: { rest: FanOutState; claim: Claim } | null;
}

/**
 * `inserted`, or nothing was written because another process was first: with the same idempotency key (`replay`: its
 * record), or with a once-only claim (`claimed`: those recipients).
 */
export type InsertResult =
  | { outcome: "inserted"; batchDecisions: ReadonlyMap<string, BatchDecision> }
  | { outcome: "replay"; record: IdempotencyRecord }
  | { outcome: "claimed"; recipients: RecipientKey[] };

/** Accepts triggers. A trigger, its runs and what their first advances made are written in one transaction. */
export interface TriggerStore {
  /** The record of a key, if younger than `since`. */
  readIdempotencyRecord(key: string, since: number): Promise<IdempotencyRecord | null>;
  /** Which of the claims are already used up. */
  readClaimedRecipients(claims: readonly FrequencyClaim[]): Promise<RecipientKey[]>;
  /** `idempotentSince`: records older than this do not replay. */
  insertWorkflowRun(run: NewWorkflowRun, idempotentSince: number): Promise<InsertResult>;
}
