import type { DeliveryStatus, EngagementAction } from "../domain/message/message.js";
import type { RecipientKey, RecipientReference } from "../domain/recipient/recipient.js";
import type { CancelOutcome, TriggerOutcome } from "../domain/run/outcome.js";
import type { StepPreview } from "../domain/run/step-preview.js";
import type { Cancellation, Trigger } from "../domain/trigger/trigger.js";
import type { Json, JsonObject } from "../util/json.js";
import type { IdKind, MessageFilter, MessageQuery, RunFilter, RunQuery } from "./filters.js";
import type { Paged, PageRequest } from "./page-request.js";
import type { ResourceOperations } from "./resource-operations.js";

export interface TriggerOptions {
  /** 1 to 255 characters; null lets the target choose (the remote one always sends one). */
  idempotency_key: string | null;
  /** What else than a trigger of the API it is (E-010): a test run, or a source's event. */
  source?: "rehearsal" | "integration";
  /** Throws `resource_missing` where there is no such branch. */
  branch?: string;
  /** Receives a text for each step with likely misspelled template variables. Without it nobody looks for them. */
  onWarning?: (text: string) => void;
  /** Rejects a trigger with such a warning before anything is written: `warning`. */
  strict?: boolean;
}

export interface WaitOptions {
  /** Milliseconds of real time; null waits until all have ended. */
  timeout_ms: number | null;
  /** Told as runs end: how many of how many. */
  onProgress?: (ended: number, total: number) => void;
  /** Recipients that the trigger names without identifying them. Targets that know only runs look up those that have none. */
  namedRecipients?: readonly RecipientKey[];
  /** Called if the time passed before all runs had ended. */
  onTimeout?: () => void;
  signal?: AbortSignal;
}

/** Everything a command asks of a target. API shapes (`WorkflowRecipientRun`, `Message`, …) are JSON as the API has it. */
export interface Operations {
  readonly target: "local" | "remote";
  triggerWorkflow(trigger: Trigger, options: TriggerOptions): Promise<TriggerOutcome>;
  /** Follows a trigger until its runs have ended or the time is up, and answers with what is known then. */
  awaitOutcome(outcome: TriggerOutcome, options: WaitOptions): Promise<TriggerOutcome>;
  cancelWorkflow(cancellation: Cancellation): Promise<CancelOutcome>;

  /** Section 2's document for a workflow run, or null. */
  readWorkflowRun(id: string): Promise<TriggerOutcome | null>;
  /** The API's `WorkflowRecipientRunDetail`, or null; locally with `steps`, the run's `data`, and its `branch` if it has one. */
  readRecipientRun(id: string): Promise<JsonObject | null>;
  listRecipientRuns(filter: RunFilter, page: PageRequest): Promise<Paged<JsonObject>>;

  /** The API's `Message` plus `content`, or null. */
  readMessage(id: string): Promise<JsonObject | null>;
  listMessages(filter: MessageFilter, page: PageRequest): Promise<Paged<JsonObject>>;
  /** The API's `MessageDeliveryLog`s, newest first: the requests made for a message. Null for no message. */
  readDeliveryLogs(id: string): Promise<JsonObject[] | null>;
  /**
   * The messages changed, in the order of `ids`; unknown ids are an error and change nothing. `metadata`, as
   * `parseInteractionMetadata` lets it through, is for `interacted` alone (E-226).
   */
  markMessages(ids: readonly string[], action: EngagementAction, metadata?: JsonObject | null): Promise<JsonObject[]>;

  close(): Promise<void>;
}

export interface ClockMoveOptions {
  force: boolean;
  /** Counted from now: a running clock goes on between reading it and moving it, and to go there is no way back. */
  fromNow?: boolean;
  signal?: AbortSignal | undefined;
  onBlocked?: (occurrence: BlockedOccurrence) => void;
}

/** What only the embedded engine has: its clock and its due work. */
export interface LocalOperations extends Operations {
  readonly target: "local";
  readonly resources: ResourceOperations;
  /** Ids that begin with `start`, in order; a recipient run is found by six characters or more. */
  listIdsByPrefix(kind: IdKind, prefix: string, limit: number): Promise<string[]>;
  listRecipientRuns(filter: RunQuery, page: PageRequest): Promise<Paged<JsonObject>>;
  listMessages(filter: MessageQuery, page: PageRequest): Promise<Paged<JsonObject>>;
  /** Those that exist, in the order of the ids, each the API's `Message` plus `content`. */
  readMessages(ids: readonly string[]): Promise<JsonObject[]>;
  /** What still waited to go out never does; the runs keep what they say of it. */
  deleteMessages(ids: readonly string[]): Promise<void>;
  /** The API's `MessageEvent`s, newest first, or null for no message. */
  readMessageEvents(id: string): Promise<JsonObject[] | null>;
  /** The API's `Activity`s: what the message is about, oldest first. Null for no message. */
  readMessageActivities(id: string): Promise<JsonObject[] | null>;
  /** Undelivered messages go to their providers once more (E-213), in the order of the ids. Throws for others, and changes nothing. */
  retryMessages(ids: readonly string[]): Promise<JsonObject[]>;
  /** Identifies what a recipients file's content names. Throws `invalid_params`. */
  seedRecipients(
    content: unknown,
  ): Promise<Record<"users" | "objects" | "tenants" | "subscriptions" | "audience_members", number>>;
  /** Forgets everything but the clock, and if asked but recipients with their subscriptions and memberships. */
  clear(options: { keepRecipients: boolean }): Promise<void>;
  /**
   * Checks a trigger as `triggerWorkflow` does, and changes nothing. Returns what it would tell `onWarning`. Throws what a trigger
   * would.
   */
  checkTrigger(trigger: Trigger): Promise<string[]>;
  /** Renders channel steps for a trigger's first recipient, without a run; `refs` null renders all of them. */
  previewSteps(trigger: Trigger, refs: readonly string[] | null): Promise<StepPreview[]>;
  /** Messages' contents in another language (T-192), by id; without those that cannot be rendered so. */
  readContentsInLocale(ids: readonly string[], locale: string): Promise<ReadonlyMap<string, JsonObject>>;
  readClock(): Promise<ClockState>;
  /** Stops the clock at a time, or where it is. Backward only with `force`, or while the store contains no runs. */
  freezeClock(at: number | null, options?: { force: boolean }): Promise<ClockState>;
  resetClock(): Promise<ClockState>;
  /**
   * Moves to a time, running what falls due on the way in order of time. Moves by several processes happen one after another.
   * Backward only with `force`, or while the store contains no runs; that runs nothing.
   */
  moveClock(to: ClockTarget, options: ClockMoveOptions): Promise<ClockMove>;
  /** An event of a source, for runs that wait for it (E-335, E-339); its mappings to actions are `engine/sources/`. */
  deliverSourceEvent(event: SourceEvent): Promise<void>;
  /** Runs everything due now; answers with what ran. */
  runDue(options: DueOptions): Promise<AdvancedRun[]>;
  /** Milliseconds of real time until something falls due, or null if nothing waits (or the clock is frozen). */
  readTimeUntilDue(): Promise<number | null>;
  /** When the next thing falls due by the store's clock, in milliseconds, frozen or not; null if nothing waits. */
  readNextDueAt(): Promise<number | null>;
  /** Returns `store_unusable` for an unexpected error that a damaged store explains; other errors unchanged. Slow. */
  explainError(error: unknown): Promise<unknown>;
  /**
   * From now on, writes are committed without waiting for the disk; a crash of the machine may lose them until `syncToDisk`.
   * Deliveries and fetches sync first. For callers that report several triggers together.
   */
  deferDiskSync(): Promise<void>;
  /** Returns once everything written so far is on the disk. Throws `store_unusable`. */
  syncToDisk(): Promise<void>;
  /** Another text whenever anything may have changed since, through this process or another. */
  readChangeToken(): Promise<string>;
}

/** Returns whether a target is local, so that its store and clock can be used. */
export function isLocal(operations: Operations): operations is LocalOperations {
  return operations.target === "local";
}

/** A time in milliseconds, or how to find it once no other process moves the clock: `nextDueAt` is null if nothing waits. */
export type ClockTarget = number | ((now: number, nextDueAt: number | null) => number);

/** A message whose last delivery attempt on the way failed. */
export interface FailedDelivery {
  message_id: string;
  recipient: RecipientReference;
  workflow: string;
  step_ref: string;
  channel: string;
  /** `undelivered` and `bounced` are final; `queued` will be tried again. */
  status: DeliveryStatus;
  attempts: number;
  reason: string;
  /** ISO 8601. */
  at: string;
}

export interface ClockMove extends ClockState {
  ran: AdvancedRun[];
  /** Absent if none failed. */
  failed_deliveries?: FailedDelivery[];
}

export interface SourceEvent {
  source_key: string;
  event_key: string;
  /** The user whom the event is about; null for none. */
  user_id: string | null;
  /** When it happened, in milliseconds; null for now. */
  at: number | null;
  data: JsonObject;
  preprocess_output?: Json;
  event_gid?: string;
}

export interface ClockState {
  /** ISO 8601. */
  now: string;
  frozen: boolean;
  offset_ms: number;
}

export interface DueOptions {
  signal?: AbortSignal | undefined;
  /** Told of occurrences that could not start. */
  onBlocked?: (occurrence: BlockedOccurrence) => void;
  /** Who looks only once lets go of them at the end; else they are tried again when their lease ends. */
  once?: boolean;
}

/** An occurrence of a schedule that is due and stays so, because its workflow cannot be read. */
export interface BlockedOccurrence {
  schedule_id: string;
  workflow: string;
  recipient: RecipientReference;
  /** ISO 8601: when it was due. */
  at: string;
  /** What is wrong with the workflow. */
  error: string;
}

/** One advance of one waiting run. */
export interface AdvancedRun {
  recipient_run_id: string;
  recipient: RecipientReference;
  workflow: string;
  /** ISO 8601: the moment it fell due. */
  at: string;
  /** The steps executed in this advance, the one waited at included. */
  steps: import("../domain/run/outcome.js").StepOutcome[];
}
