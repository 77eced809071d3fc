import type { Message, MessageStatuses } from "../domain/message/message.js";
import type { RecipientKey, RecipientUpsert } from "../domain/recipient/recipient.js";
import type {
  BatchContent,
  BatchContinuations,
  BatchDecision,
  PendingTrigger,
} from "../domain/run/batch-continuations.js";
import type { OpenBatch } from "../domain/run/decide-batch.js";
import type { OccurredEvent } from "../domain/run/occurred-event.js";
import type { Signal } from "../domain/run/run-wait.js";
import type { RecipientRun, WorkflowRun } from "../domain/run/workflow-run.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import type { ClockSetting } from "./clock-store.js";
import type { CausedWork, Claim } from "./due-store.js";
import type { IdKind, RunQuery } from "./filters.js";
import type { Paged, PageRequest } from "./page-request.js";
import type { CancellationResult, RunCancellation } from "./run-cancellation.js";

/** A due run with the stored data that its advance needs. */
export interface ClaimedRun {
  recipientRun: RecipientRun;
  run: WorkflowRun;
  version: Workflow;
  /** The statuses of the messages that this run created before, for conditions on them, oldest first. */
  messages: MessageStatuses[];
  /** The batch that the run waited for and continues with. Claiming the run closes it. */
  batch: BatchContent | null;
  /** The events that the run received while it waited, oldest first. */
  signals: Signal[];
  /** The version of the run's row. `saveAdvances` gets it back; a store whose claims are leases ignores it. */
  revision: number;
}

/** The result of one advance: the run in its new state, and the messages it created (all new). */
export interface SavedAdvance {
  recipientRun: RecipientRun;
  messages: Message[];
  /** The batch data if the run is at a batch step, where the store picks the continuation; otherwise null. */
  batch: BatchContinuations | null;
  /** Recipients that its steps changed, in order. */
  upserts: RecipientUpsert[];
  triggers: PendingTrigger[];
  /** The version that the run continues with, if it changes (E-267); otherwise null. */
  version: Workflow | null;
  /** The revision of the claimed run. */
  revision: number;
}

/** The ids of the saved runs, and the decisions for those at a batch step. */
export interface SaveAdvancesResult {
  saved: Set<string>;
  batchDecisions: ReadonlyMap<string, BatchDecision>;
  caused: CausedWork;
}

/** A run that requests a slot of a throttle. */
export interface ThrottleRequest {
  key: string;
  recipient_run_id: string;
  limit: number;
  window_ms: number;
}

/** The open batch of a key, as a run that joins it needs it. */
export interface StoredOpenBatch extends OpenBatch {
  key: string;
}

/** A throttle that a run passes or not, as its first advance assumed. */
export interface ThrottleAssumption extends ThrottleRequest {
  passes: boolean;
}

export interface StoredRun {
  run: WorkflowRun;
  recipientRun: RecipientRun;
  /** The version of the workflow that the run uses. */
  version: Workflow;
}

/** A trigger with the recipients that were never identified. */
export interface StoredTrigger {
  run: WorkflowRun;
  unidentified: RecipientKey[];
}

/** The fields of a run that are in an outcome. */
export type OutcomeRun = Pick<RecipientRun, "id" | "recipient" | "status" | "steps" | "reason" | "via">;

/** The fields of a message that are in an outcome. It has events only if its delivery failed. */
export type OutcomeMessage = Pick<Message, "id" | "status" | "due_at" | "inserted_at" | "events">;

/** Some runs of a trigger with their messages. `next` is the row after which the next ones follow; null after the last. */
export interface OutcomeRuns {
  runs: OutcomeRun[];
  messages: OutcomeMessage[];
  next: number | null;
}

/** The number of runs of a trigger, of those that have ended, and whether nothing of the trigger continues by itself. */
export interface RunCounts {
  runs: number;
  ended: number;
  hasEnded: boolean;
}

/** Claims, advances, cancels and reads runs. */
export interface RunStore {
  /**
   * Claims up to `limit` runs due at `claim.now`, or up to `claim.until`, in order of their due time, then of their
   * acceptance. A run leased to another token is skipped until that lease ends.
   */
  claimDueRuns(claim: Claim, limit: number): Promise<ClaimedRun[]>;
  /**
   * Saves the runs that `token` still holds, and releases all other runs of the claim, unless `keepsClaim` is set. A run that
   * was canceled or taken over since then stays unchanged. Sets the store's clock in the same transaction if `clock` is given.
   */
  saveAdvances(
    advances: readonly SavedAdvance[],
    token: string,
    now: number,
    options?: { clock?: ClockSetting | undefined; keepsClaim?: boolean },
  ): Promise<SaveAdvancesResult>;
  /** Makes runs of a claim due at a later time, and releases them. Runs that another claim holds stay unchanged. */
  postponeRuns(ids: readonly string[], until: number, token: string): Promise<void>;
  /**
   * Returns which runs pass, in the order of the requests, without using any slots. For runs that are not stored yet: their
   * insert uses the slots, so that a crash before it uses none.
   */
  previewThrottleSlots(requests: readonly ThrottleRequest[], now: number): Promise<boolean[]>;
  /**
   * Uses slots for stored runs. Returns which runs pass, in the order of the requests (E-284). A repeated request of a run
   * has the same result.
   */
  acquireThrottleSlots(requests: readonly ThrottleRequest[], now: number): Promise<boolean[]>;
  /** Returns the open batches of keys. The others have none. */
  readOpenBatches(keys: readonly string[]): Promise<StoredOpenBatch[]>;
  /**
   * Records events that happened outside the store, and makes waiting runs that may match due immediately. Events in
   * the store (messages, runs, changed recipients) are recorded by the store itself, in the transaction in which they
   * happen.
   */
  recordEvents(events: readonly OccurredEvent[], now: number): Promise<CausedWork>;
  cancelRuns(cancellation: RunCancellation): Promise<CancellationResult>;
  /**
   * Makes failed runs due again at the step that failed. Returns the ids of those runs. Runs with another status stay
   * unchanged.
   */
  retryRuns(ids: readonly string[], at: number): Promise<string[]>;
  /** Returns a trigger without its runs, or null. */
  readWorkflowRun(id: string): Promise<StoredTrigger | null>;
  /** Returns up to `limit` runs of a trigger in order of acceptance. `after` is `next` of the earlier runs, or null. */
  readOutcomeRuns(id: string, after: number | null, limit: number): Promise<OutcomeRuns>;
  countRuns(id: string): Promise<RunCounts>;
  readRecipientRun(id: string): Promise<StoredRun | null>;
  /** Returns ids that begin with `prefix`, in order. A recipient run is found by 6 or more characters. */
  listIdsByPrefix(kind: IdKind, prefix: string, limit: number): Promise<string[]>;
  /**
   * Returns the versions that a trigger and later ones of the same workflow and branch started with. The version that was used
   * last comes first.
   */
  listVersionsSince(workflowRunId: string): Promise<Workflow[]>;
  /** Returns the batch that a run continued with, or null. */
  readBatch(recipientRunId: string): Promise<BatchContent | null>;
  listRecipientRuns(filter: RunQuery, page: PageRequest): Promise<Paged<StoredRun>>;
}
