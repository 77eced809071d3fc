import type { UserChange } from "../../domain/audience/audience.js";
import type { DeliveryLog } from "../../domain/message/delivery-log.js";
import type { EngagementAction, Message } from "../../domain/message/message.js";
import type { Recipient, RecipientKey, RecipientUpsert } from "../../domain/recipient/recipient.js";
import type { BatchContent } from "../../domain/run/batch.js";
import type { OccurredEvent } from "../../domain/run/occurred-event.js";
import type { Schedule } from "../../domain/trigger/schedule.js";
import type { FanOutSplit } from "../../ports/broadcast-store.js";
import type { ClockClaim, ClockSetting } from "../../ports/clock.js";
import type { IdKind, MessageQuery, RunQuery } from "../../ports/filters.js";
import type { ScheduleFilter, ScheduleUpdate } from "../../ports/schedule-store.js";
import type {
  CancelledRun,
  ChunkResult,
  Claim,
  ClaimedFanOut,
  ClaimedRun,
  DueKind,
  FanOutChunk,
  FollowedChanges,
  FrequencyClaim,
  IdempotencyRecord,
  InsertResult,
  NewWorkflowRun,
  Occurrence,
  OccurrenceResult,
  Page,
  Paged,
  RunCancellation,
  SavedAdvance,
  SavedResult,
  Seed,
  Store,
  StoredRun,
  ThrottlePass,
} from "../../ports/store.js";
import type { StoreLogs } from "../../ports/store-logs.js";
import type { JsonObject } from "../../util/json.js";
import { changeMark } from "./connection/change-mark.js";
import { clearStore } from "./connection/clear-store.js";
import { claimClock, readClock, releaseClock, writeClock } from "./connection/clock-setting.js";
import type { Connection } from "./connection/connection.js";
import { readDeliveryLogs } from "./message/delivery-logs.js";
import { listMessages } from "./message/list-messages.js";
import { deleteMessages, markMessages, readMessages } from "./message/mark-messages.js";
import { readRecipients, upsertRecipients } from "./recipient/recipients.js";
import { applySeeds, readSeeds } from "./recipient/seeds.js";
import { readBatch } from "./run/batches.js";
import { cancelRuns } from "./run/cancel-runs.js";
import { idsBeginning } from "./run/ids-beginning.js";
import { listRecipientRuns, readRecipientRun, readWorkflowRun, type StoredWorkflowRun } from "./run/list-runs.js";
import { passThrottles } from "./run/throttles.js";
import { recordEvents } from "./run/waits.js";
import { SqliteResources } from "./sqlite-resources.js";
import { claimDueMessages, claimDueRuns, dueKinds, nextDueAt } from "./work/due-work.js";
import { claimDueFanOuts, insertFanOutChunk, listSubscribers, readReached, splitFanOut } from "./work/fan-outs.js";
import { insertWorkflowRun, readClaims, readIdempotency } from "./work/insert-workflow-run.js";
import { saveAdvances, saveMessages } from "./work/save-work.js";
import {
  claimDueSchedules,
  deleteSchedules,
  insertSchedules,
  listSchedules,
  readSchedules,
  saveOccurrences,
  updateSchedules,
} from "./work/schedules.js";
import { hasNews, readUserChanges, saveUserChanges } from "./work/user-changes.js";

/** Store over one SQLite file. SQLite answers at once; the promises are the port's. */
export class SqliteStore extends SqliteResources implements Store {
  constructor(
    db: Connection,
    private readonly realNow: () => number,
  ) {
    super(db);
  }

  get isReadOnly(): boolean {
    return this.db.isReadOnly;
  }

  async explain(error: unknown): Promise<unknown> {
    return this.db.explain(error);
  }

  async deferDiskSync(): Promise<void> {
    this.db.deferDiskSync();
  }

  async syncToDisk(): Promise<void> {
    this.db.syncToDisk();
  }

  async readClock(): Promise<ClockSetting> {
    return readClock(this.db);
  }

  async writeClock(setting: ClockSetting): Promise<void> {
    writeClock(this.db, setting);
  }

  async claimClock(claim: ClockClaim): Promise<boolean> {
    return claimClock(this.db, claim);
  }

  async releaseClock(token: string): Promise<void> {
    releaseClock(this.db, token);
  }

  async changeMark(): Promise<string> {
    return changeMark(this.db);
  }

  async readSeeds(): Promise<Map<string, string>> {
    return readSeeds(this.db);
  }

  async applySeeds(seeds: readonly Seed[], at: number): Promise<void> {
    applySeeds(this.db, seeds, at);
  }

  async clear(options: { keepRecipients: boolean }): Promise<void> {
    clearStore(this.db, options);
  }

  async readRecipients(keys: readonly RecipientKey[]): Promise<Map<RecipientKey, Recipient>> {
    return readRecipients(this.db, keys);
  }

  async upsertRecipients(upserts: readonly RecipientUpsert[], at: number): Promise<void> {
    upsertRecipients(this.db, upserts, at);
  }

  async readIdempotency(key: string, since: number): Promise<IdempotencyRecord | null> {
    return readIdempotency(this.db, key, since);
  }

  async readClaims(claims: readonly FrequencyClaim[]): Promise<RecipientKey[]> {
    return readClaims(this.db, claims);
  }

  async insertWorkflowRun(run: NewWorkflowRun, idempotentSince: number): Promise<InsertResult> {
    return insertWorkflowRun(this.db, this.shared, run, idempotentSince);
  }

  async listSubscribers(object: RecipientKey, after: number | null, limit: number) {
    return listSubscribers(this.db, object, after, limit);
  }

  async readReached(workflowRunId: string, recipients: readonly RecipientKey[]): Promise<Set<RecipientKey>> {
    return readReached(this.db, workflowRunId, recipients);
  }

  async claimDueFanOuts(claim: Claim, limit: number): Promise<ClaimedFanOut[]> {
    return claimDueFanOuts(this.db, this.shared, claim, limit);
  }

  async insertFanOutChunk(chunk: FanOutChunk, token: string): Promise<ChunkResult> {
    return insertFanOutChunk(this.db, this.shared, chunk, token);
  }

  async splitFanOut(split: FanOutSplit, token: string, at: number): Promise<boolean> {
    return splitFanOut(this.db, this.shared, split, token, at);
  }

  async nextDueAt(options?: { unleased: boolean }): Promise<number | null> {
    return nextDueAt(this.db, this.realNow(), options?.unleased ?? false);
  }

  async dueKinds(now: number, realNow: number): Promise<ReadonlySet<DueKind>> {
    return dueKinds(this.db, now, realNow);
  }

  async claimDueRuns(claim: Claim, limit: number): Promise<ClaimedRun[]> {
    return claimDueRuns(this.db, this.shared, claim, limit);
  }

  async saveAdvances(advances: readonly SavedAdvance[], token: string, now: number): Promise<SavedResult> {
    return saveAdvances(this.db, this.shared, advances, token, now);
  }

  async recordEvents(events: readonly OccurredEvent[], now: number): Promise<void> {
    this.db.write(() => recordEvents(this.db, events, now));
  }

  async hasNews(): Promise<boolean> {
    return hasNews(this.db);
  }

  async readUserChanges(limit: number): Promise<UserChange[]> {
    return readUserChanges(this.db, limit);
  }

  async saveUserChanges(changes: FollowedChanges, now: number) {
    return saveUserChanges(this.db, this.shared, changes, now);
  }

  async passThrottles(asked: readonly ThrottlePass[], now: number): Promise<boolean[]> {
    return passThrottles(this.db, asked, now);
  }

  async claimDueMessages(claim: Claim, limit: number): Promise<Message[]> {
    return claimDueMessages(this.db, this.shared, claim, limit);
  }

  async saveMessages(
    messages: readonly Message[],
    token: string,
    logs: readonly DeliveryLog[] = [],
  ): Promise<Set<string>> {
    return saveMessages(this.db, messages, token, logs);
  }

  async readDeliveryLogs(messageId: string): Promise<DeliveryLog[]> {
    return readDeliveryLogs(this.db, messageId);
  }

  async insertSchedules(schedules: readonly Schedule[]): Promise<void> {
    insertSchedules(this.db, schedules);
  }

  async readSchedules(ids: readonly string[]): Promise<Schedule[]> {
    return readSchedules(this.db, ids);
  }

  async listSchedules(filter: ScheduleFilter, page: Page): Promise<Paged<Schedule>> {
    return listSchedules(this.db, filter, page);
  }

  async updateSchedules(updates: readonly ScheduleUpdate[]): Promise<boolean> {
    return updateSchedules(this.db, updates);
  }

  async deleteSchedules(ids: readonly string[]): Promise<Schedule[]> {
    return deleteSchedules(this.db, ids);
  }

  async claimDueSchedules(claim: Claim, limit: number): Promise<Schedule[]> {
    return claimDueSchedules(this.db, claim, limit);
  }

  async saveOccurrences(occurrences: readonly Occurrence[], token: string): Promise<OccurrenceResult[]> {
    return saveOccurrences(this.db, this.shared, occurrences, token);
  }

  async cancelRuns(cancellation: RunCancellation): Promise<CancelledRun[]> {
    return cancelRuns(this.db, this.shared, cancellation);
  }

  async readWorkflowRun(id: string): Promise<StoredWorkflowRun | null> {
    return readWorkflowRun(this.db, this.shared, id);
  }

  async readRecipientRun(id: string): Promise<StoredRun | null> {
    return readRecipientRun(this.db, this.shared, id);
  }

  async idsBeginning(of: IdKind, start: string, limit: number): Promise<string[]> {
    return idsBeginning(this.db, of, start, limit);
  }

  async readBatch(recipientRunId: string): Promise<BatchContent | null> {
    return readBatch(this.db, this.shared, recipientRunId);
  }

  async listRecipientRuns(filter: RunQuery, page: Page): Promise<Paged<StoredRun>> {
    return listRecipientRuns(this.db, this.shared, filter, page);
  }

  async readMessages(ids: readonly string[]): Promise<Message[]> {
    return readMessages(this.db, this.shared, ids);
  }

  async listMessages(filter: MessageQuery, page: Page): Promise<Paged<Message>> {
    return listMessages(this.db, this.shared, filter, page);
  }

  async deleteMessages(ids: readonly string[]): Promise<void> {
    deleteMessages(this.db, ids);
  }

  async markMessages(
    ids: readonly string[],
    action: EngagementAction,
    at: number,
    metadata: JsonObject | null = null,
  ): Promise<Message[]> {
    return markMessages(this.db, this.shared, ids, action, at, metadata);
  }

  async openLogs(): Promise<StoreLogs> {
    return (await import("./log/sqlite-logs.js")).sqliteLogs(this.db, this.shared);
  }

  async close(): Promise<void> {
    this.db.close();
  }
}
