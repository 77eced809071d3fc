import type { Message, MessageStatuses } from "../domain/message/message.js";
import type { RecipientKey, RecipientUpsert } from "../domain/recipient/recipient.js";
import type { BatchContent, BatchDecision, BatchJoin, PendingTrigger } from "../domain/run/batch-join.js";
import type { OccurredEvent } from "../domain/run/occurred-event.js";
import type { Signal } from "../domain/run/run-wait.js";
import type { RecipientRun, WorkflowRun } from "../domain/run/workflow-run.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import type { Claim } from "./due-store.js";
import type { IdKind, RunQuery } from "./filters.js";
import type { Paged, PageRequest } from "./page-request.js";
import type { CancelledRun, RunCancellation } from "./run-cancellation.js";

/** A due run with all that its advance needs and that time does not change. */
export interface ClaimedRun {
  recipientRun: RecipientRun;
  run: WorkflowRun;
  version: Workflow;
  /** What has become of the messages that this run made before, for conditions on them, oldest first. */
  messages: MessageStatuses[];
  /** The batch that the run waited for and continues with. Claiming the run closes it. */
  batch: BatchContent | null;
  /** What came in for it while it waited for an event, oldest first. */
  signals: Signal[];
}

/** What one advance changed: the run as it now stands, and messages it made (all new). */
export interface SavedAdvance {
  recipientRun: RecipientRun;
  messages: Message[];
  /** Where the run stands at a batch step: the store picks the continuation. */
  batch: BatchJoin | null;
  /** Recipients that its steps changed, in order. */
  upserts: RecipientUpsert[];
  triggers: PendingTrigger[];
  /** The version that the run continues with, if it changes (E-267). */
  version: Workflow | null;
}

/** The ids saved, and what became of those at a batch step. */
export interface SaveAdvancesResult {
  saved: Set<string>;
  batchDecisions: ReadonlyMap<string, BatchDecision>;
}

/** A run that asks a throttle. */
export interface ThrottleRequest {
  key: string;
  recipient_run_id: string;
  limit: number;
  window_ms: number;
}

export interface StoredRun {
  run: WorkflowRun;
  recipientRun: RecipientRun;
}

/** Claims, advances, cancels and reads runs. */
export interface RunStore {
  /**
   * Up to `limit` runs due at `claim.now`, in order of their due time then of their acceptance, leased to the claim's
   * token. A run leased to another token is passed over until that lease ends.
   */
  claimDueRuns(claim: Claim, limit: number): Promise<ClaimedRun[]>;
  /** Saves and releases what `token` still holds; a run cancelled or taken over since is left as it is. */
  saveAdvances(advances: readonly SavedAdvance[], token: string, now: number): Promise<SaveAdvancesResult>;
  /** Which runs pass, in the order asked (E-284). Asking again for a run answers the same. */
  acquireThrottleSlots(requests: readonly ThrottleRequest[], now: number): Promise<boolean[]>;
  /**
   * Tells waiting runs of events that happened outside: those that may match are due at once. What happens in the store
   * (messages, runs, changes of recipients) it tells of itself, in the transaction in which it happens.
   */
  recordEvents(events: readonly OccurredEvent[], now: number): Promise<void>;
  cancelRuns(cancellation: RunCancellation): Promise<CancelledRun[]>;
  /** A trigger and its runs in order of acceptance, or null. */
  readWorkflowRun(
    id: string,
  ): Promise<{ run: WorkflowRun; recipientRuns: RecipientRun[]; unidentified: RecipientKey[] } | null>;
  readRecipientRun(id: string): Promise<StoredRun | null>;
  /** Ids that begin with `start`, in order; a recipient run is found by six characters or more. */
  listIdsByPrefix(kind: IdKind, prefix: string, limit: number): Promise<string[]>;
  /** The batch that a run went on with, or null. */
  readBatch(recipientRunId: string): Promise<BatchContent | null>;
  listRecipientRuns(filter: RunQuery, page: PageRequest): Promise<Paged<StoredRun>>;
}
