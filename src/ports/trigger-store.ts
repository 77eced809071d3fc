import type { Message } from "../domain/message/message.js";
import type { RecipientKey, RecipientUpsert } from "../domain/recipient/recipient.js";
import type { BatchContinuations, BatchDecision, PendingTrigger } from "../domain/run/batch-continuations.js";
import type { FanOutState } from "../domain/run/fan-out-state.js";
import type { RecipientRun, WorkflowRun } from "../domain/run/workflow-run.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import type { CausedWork, Claim } from "./due-store.js";
import type { ThrottleAssumption } from "./run-store.js";

/** The stored record of a trigger's idempotency key (E-383). `fingerprint` is the hash of the canonical payload. */
export interface IdempotencyRecord {
  key: string;
  fingerprint: string;
  workflow_run_id: string;
  inserted_at: number;
}

/** A record that a recipient has used up a once-only workflow (E-068, E-070). `tenant` is "*" for all tenants, or "=" and the tenant's ID. */
export interface FrequencyRecord {
  workflow: string;
  recipient: RecipientKey;
  tenant: string;
}

/** Recipient runs of a trigger after their first advance, with all that it produced. */
export interface StartedRuns {
  recipientRuns: RecipientRun[];
  messages: Message[];
  /** The batch data of recipient runs at a batch step, by run id; the store picks their continuation. */
  batches: ReadonlyMap<string, BatchContinuations>;
  /** Recipients that steps changed, in order. */
  upserts: RecipientUpsert[];
  /** Triggers that steps created. */
  triggers: PendingTrigger[];
  frequencyRecords: FrequencyRecord[];
  /** The throttles of the runs, in order. The insert uses their slots if it decides the same. */
  throttles: readonly ThrottleAssumption[];
  /** Recipients that the trigger lists but that were never identified. They get no run but stay visible (EQ-09). */
  unidentified: RecipientKey[];
}

/** A trigger with its first runs. It is written in one transaction. */
export interface NewWorkflowRun extends StartedRuns {
  run: WorkflowRun;
  version: Workflow;
  idempotency: IdempotencyRecord | null;
  /** The rest of the fan-out, with the claim that lets the caller continue it; null if nothing is left. */
  fanOut: { rest: FanOutState; claim: Claim } | null;
}

/**
 * `inserted`, or nothing was written. `repeated`: an earlier call with the same run has written everything, whose answer
 * the caller may not have received. Otherwise another process was first: `replay` with the same idempotency key (its
 * record), or `already_triggered` with a once-only workflow (the recipients that have used it up; an empty list if throttles
 * decide otherwise than the advances assumed). After `already_triggered`, the caller computes the advances again.
 */
export type InsertResult =
  | { outcome: "inserted"; batchDecisions: ReadonlyMap<string, BatchDecision>; caused: CausedWork }
  | { outcome: "repeated" }
  | { outcome: "replay"; record: IdempotencyRecord }
  | { outcome: "already_triggered"; recipients: RecipientKey[] };

/**
 * Stores accepted triggers. A trigger, its runs and the results of their first advances are written in one transaction.
 */
export interface TriggerStore {
  /** Returns the record of a key, if it is newer than `since`. */
  readIdempotencyRecord(key: string, since: number): Promise<IdempotencyRecord | null>;
  /** Returns the recipients whose records are already stored. */
  readAlreadyTriggered(frequencyRecords: readonly FrequencyRecord[]): Promise<RecipientKey[]>;
  /** Inserts a trigger. Idempotency records older than `idempotentSince` do not replay. */
  insertWorkflowRun(run: NewWorkflowRun, idempotentSince: number): Promise<InsertResult>;
}
