import type { AudienceMembership, UserChange } from "../domain/audience/audience.js";
import type { DeliveryLog } from "../domain/message/delivery-log.js";
import type { EngagementAction, Message, MessageMarks } from "../domain/message/message.js";
import type { Recipient, RecipientKey, RecipientUpsert } from "../domain/recipient/recipient.js";
import type { Subscription } from "../domain/recipient/subscription.js";
import type { BatchContent, BatchDecision, BatchJoin, PendingTrigger } from "../domain/run/batch.js";
import type { FanOut } from "../domain/run/fan-out.js";
import type { OccurredEvent } from "../domain/run/occurred-event.js";
import type { Signal } from "../domain/run/run-wait.js";
import type { RecipientRun, WorkflowRun } from "../domain/run/workflow-run.js";
import type { Schedule } from "../domain/trigger/schedule.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import type { JsonObject } from "../util/json.js";
import type { BroadcastStore } from "./broadcast-store.js";
import type { ClockStore } from "./clock.js";
import type { Claim, DueStore } from "./due-store.js";
import type { IdKind, MessageQuery, RunQuery } from "./filters.js";
import type { Page, Paged } from "./page.js";
import type { ResourceStore } from "./resource-store.js";
import type { CancelledRun, RunCancellation } from "./run-cancellation.js";
import type { ScheduleStore } from "./schedule-store.js";
import type { StoreLogs } from "./store-logs.js";

export type { Claim, DueKind } from "./due-store.js";
export type { MessageFilter, RunFilter } from "./filters.js";
export type { Page, Paged } from "./page.js";
export type { CancelledRun, RunCancellation } from "./run-cancellation.js";

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
  /** What is left to fan out, and the claim under which the caller goes on with it; null when these are all. */
  fanOut: { rest: FanOut; claim: Claim } | null;
}

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
  rest: FanOut | null;
}

/** `lost`: another process took the fan-out over, nothing was written. */
export type ChunkResult =
  | { outcome: "inserted"; decided: ReadonlyMap<string, BatchDecision> }
  | { outcome: "lost" }
  | { outcome: "claimed"; recipients: RecipientKey[] };

/** A trigger whose fan-out is due. */
export interface ClaimedFanOut {
  run: WorkflowRun;
  version: Workflow;
  fanOut: FanOut;
}

/**
 * `inserted`, or nothing was written because another process was first: with the same idempotency key (`replay`: its
 * record), or with a once-only claim (`claimed`: those recipients).
 */
export type InsertResult =
  | { outcome: "inserted"; decided: ReadonlyMap<string, BatchDecision> }
  | { outcome: "replay"; record: IdempotencyRecord }
  | { outcome: "claimed"; recipients: RecipientKey[] };

/** A due run with all that its advance needs and that time does not change. */
export interface ClaimedRun {
  recipientRun: RecipientRun;
  run: WorkflowRun;
  version: Workflow;
  /** What has become of the messages that this run made before, for conditions on them, oldest first. */
  messages: MessageMarks[];
  /** The batch it waited for and goes on with; claiming it has closed that. */
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
  /** The version it goes on with from here, where that changes (E-267). */
  version: Workflow | null;
}

/** The ids saved, and what became of those at a batch step. */
export interface SavedResult {
  saved: Set<string>;
  decided: ReadonlyMap<string, BatchDecision>;
}

/** A run that asks a throttle. */
export interface ThrottlePass {
  key: string;
  recipient_run_id: string;
  limit: number;
  window_ms: number;
}

/** A schedule as it stands after an occurrence, and what that started; null where it was skipped. */
export interface Occurrence {
  schedule: Schedule;
  run: NewWorkflowRun | null;
}

/**
 * `lost`: the schedule was changed, deleted or taken over since it was claimed, nothing was written; `claimed`: likewise
 * nothing, because a once-only workflow has run for the recipients in the meantime.
 */
export type OccurrenceResult =
  | { outcome: "saved"; decided: ReadonlyMap<string, BatchDecision> }
  | { outcome: "lost" }
  | { outcome: "claimed"; recipients: RecipientKey[] };

/** User changes, by their ids, with the runs that they start and the events that they are. */
export interface FollowedChanges {
  ids: readonly number[];
  runs: readonly NewWorkflowRun[];
  events: readonly OccurredEvent[];
}

export interface StoredRun {
  run: WorkflowRun;
  recipientRun: RecipientRun;
}

/** A recipients file's content, applied once per content (`digest`). */
export interface Seed {
  file: string;
  digest: string;
  recipients: RecipientUpsert[];
  subscriptions: Subscription[];
  audiences: { key: string; members: AudienceMembership[] }[];
}

/** Durable state: whole verbs, each atomic, done or not done after a crash; many runs at once. Times are milliseconds. */
export interface Store extends ClockStore, DueStore, ResourceStore, ScheduleStore, BroadcastStore {
  /** Whether every write throws `store_unusable`. */
  readonly isReadOnly: boolean;
  /** Returns `store_unusable` for an error that a damaged store explains, naming table and row; other errors unchanged. Slow. */
  explain(error: unknown): Promise<unknown>;
  /** Commits no longer wait for the disk: a crash of the machine may lose what was written since the last `syncToDisk`. */
  deferDiskSync(): Promise<void>;
  /** Returns once everything written so far is on the disk. Throws `store_unusable`. */
  syncToDisk(): Promise<void>;

  /** Digests of the recipients files applied so far, by file. */
  readSeeds(): Promise<Map<string, string>>;
  applySeeds(seeds: readonly Seed[], at: number): Promise<void>;
  /** Forgets everything but the clock, and with `keepRecipients` but recipients, their subscriptions and memberships. */
  clear(options: { keepRecipients: boolean }): Promise<void>;

  readRecipients(keys: readonly RecipientKey[]): Promise<Map<RecipientKey, Recipient>>;
  /** Creates or deep-merges, in order (E-038 to E-041). */
  upsertRecipients(upserts: readonly RecipientUpsert[], at: number): Promise<void>;

  /** The record of a key, if younger than `since`. */
  readIdempotency(key: string, since: number): Promise<IdempotencyRecord | null>;
  /** Which of the claims are already used up. */
  readClaims(claims: readonly FrequencyClaim[]): Promise<RecipientKey[]>;
  /** `idempotentSince`: records older than this do not replay. */
  insertWorkflowRun(run: NewWorkflowRun, idempotentSince: number): Promise<InsertResult>;

  /** An object's subscriptions in order of their making (E-055), after a cursor of an earlier answer; `next` null at the end. */
  listSubscribers(
    object: RecipientKey,
    after: number | null,
    limit: number,
  ): Promise<{ items: Subscription[]; next: number | null }>;
  /** Which of these recipients have a run of the trigger already (E-058). */
  readReached(workflowRunId: string, recipients: readonly RecipientKey[]): Promise<Set<RecipientKey>>;
  /** Triggers whose fan-out is due, leased to the token. */
  claimDueFanOuts(claim: Claim, limit: number): Promise<ClaimedFanOut[]>;
  insertFanOutChunk(chunk: FanOutChunk, token: string): Promise<ChunkResult>;

  /**
   * Up to `limit` runs due at `claim.now`, in order of their due time then of their acceptance, leased to the claim's
   * token. A run leased to another token is passed over until that lease ends.
   */
  claimDueRuns(claim: Claim, limit: number): Promise<ClaimedRun[]>;
  /** Saves and releases what `token` still holds; a run cancelled or taken over since is left as it is. */
  saveAdvances(advances: readonly SavedAdvance[], token: string, now: number): Promise<SavedResult>;
  /** Up to `limit` schedules with an occurrence due, earliest first, leased like due runs. */
  claimDueSchedules(claim: Claim, limit: number): Promise<Schedule[]>;
  /**
   * Writes occurrences and releases their schedules, in the order given. The schedule's times and the run that it started
   * are one: a crash neither loses nor doubles an occurrence.
   */
  saveOccurrences(occurrences: readonly Occurrence[], token: string): Promise<OccurrenceResult[]>;
  /**
   * Tells waiting runs of events that happened outside: those that may match are due at once. What happens in the store
   * (messages, runs, changes of recipients) it tells of itself, in the transaction in which it happens.
   */
  recordEvents(events: readonly OccurredEvent[], now: number): Promise<void>;
  /** Whether anything happened that `runDue` has not followed up yet. */
  hasNews(): Promise<boolean>;
  /** What may start audience runs and has not yet, in order. */
  readUserChanges(limit: number): Promise<UserChange[]>;
  /**
   * Writes what user changes lead to, and forgets them. `lost`: another process was first with one of them, nothing was
   * written; `claimed` as for a trigger.
   */
  saveUserChanges(changes: FollowedChanges, now: number): Promise<"saved" | "lost" | { claimed: RecipientKey[] }>;
  /** Which runs pass, in the order asked (E-284). Asking again for a run answers the same. */
  passThrottles(asked: readonly ThrottlePass[], now: number): Promise<boolean[]>;
  /** Likewise for messages whose delivery is due. */
  claimDueMessages(claim: Claim, limit: number): Promise<Message[]>;
  /** Writes delivery state (status, due_at, attempts, scheduled_at, metadata, events); engagement is left as stored. */
  saveMessages(messages: readonly Message[], token: string, logs?: readonly DeliveryLog[]): Promise<Set<string>>;
  /** Requests that a message's deliveries made, newest first (E-217). */
  readDeliveryLogs(messageId: string): Promise<DeliveryLog[]>;

  cancelRuns(cancellation: RunCancellation): Promise<CancelledRun[]>;

  /** A trigger and its runs in order of acceptance, or null. */
  readWorkflowRun(
    id: string,
  ): Promise<{ run: WorkflowRun; recipientRuns: RecipientRun[]; unidentified: RecipientKey[] } | null>;
  readRecipientRun(id: string): Promise<StoredRun | null>;
  /** Ids that begin with `start`, in order; a recipient run is found by six characters or more. */
  idsBeginning(of: IdKind, start: string, limit: number): Promise<string[]>;
  /** The batch that a run went on with, or null. */
  readBatch(recipientRunId: string): Promise<BatchContent | null>;
  listRecipientRuns(filter: RunQuery, page: Page): Promise<Paged<StoredRun>>;

  readMessages(ids: readonly string[]): Promise<Message[]>;
  listMessages(filter: MessageQuery, page: Page): Promise<Paged<Message>>;
  /**
   * Sets an engagement status; ids that do not exist are left out of the answer. Repeats make repeated events (E-230).
   * `metadata` becomes the data of the action's event (E-226).
   */
  markMessages(
    ids: readonly string[],
    action: EngagementAction,
    at: number,
    metadata?: JsonObject | null,
  ): Promise<Message[]>;

  /** With what is kept of their deliveries; ids that do not exist are passed over. */
  deleteMessages(ids: readonly string[]): Promise<void>;

  /** The logs in the same place; several calls share them. */
  openLogs(): Promise<StoreLogs>;

  /** Another text whenever the store may have changed since, through this process or another. */
  changeMark(): Promise<string>;

  close(): Promise<void>;
}
