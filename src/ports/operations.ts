import type { EngagementAction } from "../domain/message/message.js";
import type { RecipientKey, RecipientReference } from "../domain/recipient/recipient.js";
import type { CancelOutcome, TriggerOutcome } from "../domain/run/outcome.js";
import type { StepPreview } from "../domain/run/step-preview.js";
import type { Cancellation, Trigger } from "../domain/trigger/trigger.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import type { JsonObject } from "../util/json.js";
import type { WorkScope } from "./due-store.js";
import type { DueTask, DueTaskResult } from "./due-work.js";
import type { FailedDelivery } from "./failed-delivery.js";
import type { IdKind, MessageFilter, MessageQuery, RunFilter, RunQuery } from "./filters.js";
import type { MessageHistory } from "./message-history.js";
import type { OwnWork } from "./own-work.js";
import type { Paged, PageRequest } from "./page-request.js";
import type { PreviewOptions } from "./preview-options.js";
import type { ProviderWebhook, ReceivedEvents } from "./provider.js";
import type { PruneOptions, PruneReport } from "./prune-store.js";
import type { RehearsalOptions } from "./rehearsal.js";
import type { LocalResourceOperations, ResourceOperations } from "./resource-operations.js";
import type { SourceEvent } from "./source-event.js";

export interface TriggerOptions {
  /** 1 to 255 characters. If null, the target chooses one (the remote target always sends one). */
  idempotency_key: string | null;
  /** The origin of a trigger that is not an API request (E-010): a test run, or an event of a source. */
  source?: "rehearsal" | "integration";
  /** Throws `resource_missing` if there is no such branch. */
  branch?: string;
  /**
   * Receives a text for each step with likely misspelled template variables. Without it, the templates are not checked
   * for them.
   */
  onWarning?: (text: string) => void;
  /** Rejects a trigger with such a warning, with code `warning`, before anything is written. */
  strict?: boolean;
  /** Collects the work of the trigger and what it caused, for `awaitOutcome`. */
  ownWork?: OwnWork;
  /** Whether the data was checked against the workflow's schema already. The remote target checks it again. */
  isDataChecked?: boolean;
}

export interface WaitOptions {
  /** Milliseconds of real time. If null, waits until all runs have ended. */
  timeout_ms: number | null;
  /** The work that `triggerWorkflow` collected. Default: the work of the trigger itself. */
  ownWork?: OwnWork;
  /** Called when runs have ended, with their number and the total. */
  onProgress?: (ended: number, total: number) => void;
  /**
   * Recipients that the trigger names without identifying them. A target that knows only runs looks up the recipients
   * that have none.
   */
  namedRecipients?: readonly RecipientKey[];
  /** Called if the time passed before all runs had ended. */
  onTimeout?: () => void;
  signal?: AbortSignal;
}

/**
 * Everything that a command can request from a target. API shapes (`WorkflowRecipientRun`, `Message`, …) are JSON in
 * the API's format.
 */
export interface Operations {
  readonly target: "local" | "remote";
  triggerWorkflow(trigger: Trigger, options: TriggerOptions): Promise<TriggerOutcome>;
  /** Follows a trigger until its runs have ended or the time is up, and returns the outcome at that moment. */
  awaitOutcome(outcome: TriggerOutcome, options: WaitOptions): Promise<TriggerOutcome>;
  cancelWorkflow(cancellation: Cancellation): Promise<CancelOutcome>;

  /** Returns the outcome document (section 2) of a workflow run, or null. */
  readWorkflowRun(id: string): Promise<TriggerOutcome | null>;
  /**
   * Returns the API's `WorkflowRecipientRunDetail`, or null. Locally it also has `steps`, the run's `data`, and its
   * `branch` if it has one.
   */
  readRecipientRun(id: string): Promise<JsonObject | null>;
  listRecipientRuns(filter: RunFilter, page: PageRequest): Promise<Paged<JsonObject>>;

  /** Returns the API's `Message` plus `content`, or null. */
  readMessage(id: string): Promise<JsonObject | null>;
  listMessages(filter: MessageFilter, page: PageRequest): Promise<Paged<JsonObject>>;
  /**
   * Returns the API's `MessageDeliveryLog`s, newest first: the requests made for a message. Null if the
   * message does not exist.
   */
  readDeliveryLogs(id: string): Promise<JsonObject[] | null>;
  /**
   * Returns the changed messages in the order of `ids`. Throws if an id is unknown, and then changes nothing.
   * `metadata`, as `parseInteractionMetadata` returns it, is only for `interacted` (E-226).
   */
  markMessages(ids: readonly string[], action: EngagementAction, metadata?: JsonObject | null): Promise<JsonObject[]>;

  /** Loads the operations on users, objects and the other resources. Most commands need none of them. */
  openResources(): Promise<ResourceOperations>;

  close(): Promise<void>;
}

export interface ClockMoveOptions {
  force: boolean;
  /**
   * Whether the target was computed from the current time. A running clock may pass the target before the move; then
   * the move stops at the current time instead of moving backward.
   */
  fromNow?: boolean;
  signal?: AbortSignal | undefined;
  onBlocked?: (occurrence: BlockedOccurrence) => void;
}

/** The variables of a run at a moment in the past, and which of them are not known as of that moment. */
export interface RunVariables {
  /** The variables that a template would see, by name. Values of secret variables are redacted. */
  variables: JsonObject;
  /** The data of the run, in which nothing is redacted. */
  data: JsonObject;
  /** The recipient, actor or tenant of the run that changed since. Only their state of today is known. */
  changed: { name: string; updated_at: string }[];
  /** The refs of steps whose change of `data` is not known. */
  unknown_data: string[];
  /** Whether the activities of the run's batch are no longer stored. */
  is_batch_unknown: boolean;
}

/** The operations that only the embedded engine has: its clock and its due work. */
export interface LocalOperations extends Operations {
  readonly target: "local";
  readonly resources: LocalResourceOperations;
  /** Returns ids that begin with `prefix`, in order. A recipient run is found by 6 or more characters. */
  listIdsByPrefix(kind: IdKind, prefix: string, limit: number): Promise<string[]>;
  listRecipientRuns(filter: RunQuery, page: PageRequest): Promise<Paged<JsonObject>>;
  listMessages(filter: MessageQuery, page: PageRequest): Promise<Paged<JsonObject>>;
  /**
   * Returns the ids of the messages that were created after a message, or of all if `after` is null, oldest first. Only for
   * targets that no other process writes to.
   */
  listMessageIds(after: string | null): Promise<string[]>;
  /** Returns the messages that exist, in the order of the ids, each as the API's `Message` plus `content`. */
  readMessages(ids: readonly string[]): Promise<JsonObject[]>;
  /**
   * Deletes messages. Messages that were not sent yet are never sent. The outcomes in the runs stay unchanged.
   */
  deleteMessages(ids: readonly string[]): Promise<void>;
  /** Returns the version of the workflow that a recipient run uses, or null if the run does not exist. */
  readRunWorkflow(id: string): Promise<Workflow | null>;
  /** Returns the variables of a recipient run after its first `count` events, or null if the run does not exist. */
  readRunVariables(id: string, count: number): Promise<RunVariables | null>;
  /** Returns the messages that exist like `readMessages`, each with its events. */
  readMessageHistories(ids: readonly string[]): Promise<MessageHistory[]>;
  /**
   * Returns the API's `Activity`s that the message is about, oldest first, or null if the message does not
   * exist.
   */
  readMessageActivities(id: string): Promise<JsonObject[] | null>;
  /**
   * Sends undelivered messages to their providers again (E-213), in the order of the ids. Throws if a message has
   * another status, and then changes nothing.
   */
  retryMessages(ids: readonly string[]): Promise<JsonObject[]>;
  /** Applies the events of a vendor's webhook to the messages of a channel. Throws `authentication` and `resource_missing`. */
  receiveProviderWebhook(channel: string, webhook: ProviderWebhook): Promise<ReceivedEvents>;
  /** Continues failed runs at the step that failed, and returns their ids. Runs with another status stay unchanged. */
  retryRuns(ids: readonly string[]): Promise<string[]>;
  /** Identifies the recipients that a recipients file contains. Throws `invalid_params`. */
  seedRecipients(
    content: unknown,
  ): Promise<Record<"users" | "objects" | "tenants" | "subscriptions" | "audience_members", number>>;
  /**
   * Deletes everything but the clock. With `keepRecipients`, recipients, their subscriptions and memberships are also
   * kept.
   */
  clear(options: { keepRecipients: boolean }): Promise<void>;
  /**
   * Checks a trigger as `triggerWorkflow` does, without changing anything. Returns the texts that `onWarning` would
   * receive. Throws the errors of `triggerWorkflow`.
   */
  checkTrigger(trigger: Trigger): Promise<string[]>;
  /** Renders channel steps for a trigger's first recipient, without a run; all of them if `refs` is null. */
  previewSteps(trigger: Trigger, refs: readonly string[] | null, options?: PreviewOptions): Promise<StepPreview[]>;
  /**
   * Runs a trigger in memory for its recipients and the subscribers of objects, until all runs have ended. Nothing is written or sent.
   * Throws the errors of `triggerWorkflow`.
   */
  rehearseTrigger(trigger: Trigger, options: RehearsalOptions): Promise<void>;
  /**
   * Returns the messages' contents in another language (T-192), by id. Messages that cannot be rendered in it are left
   * out.
   */
  readContentsInLocale(ids: readonly string[], locale: string): Promise<ReadonlyMap<string, JsonObject>>;
  /** Deletes runs that ended long ago, with their messages, logs and activities. */
  pruneRuns(options: PruneOptions): Promise<PruneReport>;
  readClock(): Promise<ClockState>;
  /**
   * Freezes the clock at a time; null freezes it at the current time. Throws for a move backward, unless `force` is set
   * or the store contains no runs.
   */
  freezeClock(at: number | null, options?: { force: boolean }): Promise<ClockState>;
  resetClock(): Promise<ClockState>;
  /**
   * Moves to a time, and runs all work that is due on the way in order of time. Moves by several processes happen one
   * after another. A move backward is possible only with `force`, or while the store contains no runs; it runs nothing.
   */
  moveClock(to: ClockTarget, options: ClockMoveOptions): Promise<ClockMove>;
  /**
   * Delivers a source event to recipient runs that wait for it (E-335, E-339), and returns their IDs. `engine/sources/` maps
   * events to actions.
   */
  deliverSourceEvent(event: SourceEvent): Promise<readonly string[]>;
  /** Performs one kind of due work in one scope, for a job of a worker. It stops early if `signal` is aborted. */
  runDueTask(task: DueTask, signal: AbortSignal): Promise<DueTaskResult>;
  /** Does the suspected work that is due, one row at a time. It stops early if `signal` is aborted. */
  runSuspected(signal: AbortSignal): Promise<DueTaskResult>;
  /** Runs what is due now. Returns the advanced runs. */
  runDue(options: DueOptions): Promise<AdvancedRun[]>;
  /** Ends work in progress and releases its claims, for a process that ends without finishing it. */
  releaseWork(): Promise<void>;
  /** Returns the milliseconds of real time until work is due, or null if none is pending or the clock is frozen. */
  readTimeUntilDue(): Promise<number | null>;
  /**
   * Returns the next time that work is due, in milliseconds of the store's clock, even if it is frozen. Null if none is
   * pending.
   */
  readNextDueAt(): Promise<number | null>;
  /**
   * Returns `store_unusable` for an unexpected error that a damaged store explains, and other errors unchanged. Slow.
   */
  explainError(error: unknown): Promise<unknown>;
  /**
   * Commits later writes without waiting for the disk. A crash of the computer may lose them until `syncToDisk`.
   * Deliveries and fetches sync first. For callers that report several triggers together.
   */
  deferDiskSync(): Promise<void>;
  /** Returns once everything written so far is on the disk. Throws `store_unusable`. */
  syncToDisk(): Promise<void>;
  /** Throws `unreachable` or `store_unusable` if nothing can be written now. Takes up to two seconds. */
  checkWritable(): Promise<void>;
  /** Returns a text that differs whenever anything may have changed, in this process or another. */
  readChangeToken(): Promise<string>;
}

/** Returns whether a target is local, so that its store and clock can be used. */
export function isLocal(operations: Operations): operations is LocalOperations {
  return operations.target === "local";
}

/**
 * A time in milliseconds, or a function that computes it once no other process moves the clock. `nextDueAt` is null if
 * no work is pending.
 */
export type ClockTarget = number | ((now: number, nextDueAt: number | null) => number);

export interface ClockMove extends ClockState {
  ran: AdvancedRun[];
  /** Absent if none failed. */
  failed_deliveries?: FailedDelivery[];
}

export interface ClockState {
  /** ISO 8601. */
  now: string;
  frozen: boolean;
  offset_ms: number;
}

export interface DueOptions {
  /** Runs only this work and what it causes. Default: everything. */
  scope?: WorkScope;
  signal?: AbortSignal | undefined;
  /** Called for each occurrence that could not start. */
  onBlocked?: (occurrence: BlockedOccurrence) => void;
  /**
   * Whether the caller runs due work only once. Then blocked occurrences are released at the end; otherwise they are
   * retried when their lease ends.
   */
  once?: boolean;
}

/** A due occurrence of a schedule that cannot start, because its workflow cannot be read. It stays due. */
export interface BlockedOccurrence {
  schedule_id: string;
  workflow: string;
  recipient: RecipientReference;
  /** ISO 8601: the time it was due. */
  at: string;
  /** The error in the workflow. */
  error: string;
}

/** One advance of one waiting run. */
export interface AdvancedRun {
  recipient_run_id: string;
  recipient: RecipientReference;
  workflow: string;
  /** ISO 8601: the time the run was due. */
  at: string;
  /** The steps executed in this advance, including the step that the run waited at. */
  steps: import("../domain/run/outcome.js").StepOutcome[];
}
