import type { RecipientKey } from "../../domain/recipient/recipient.js";
import type { RecipientsFileMark } from "../../domain/request/parse-recipients-file.js";
import type { BatchContent } from "../../domain/run/batch-continuations.js";
import type { OccurredEvent } from "../../domain/run/occurred-event.js";
import type { Schedule } from "../../domain/trigger/schedule.js";
import type { ClockClaim, ClockReading, ClockSetting } from "../../ports/clock-store.js";
import type { CausedWork, Claim, DueKind, WorkScope } from "../../ports/due-store.js";
import type { ChunkResult, ClaimedFanOut, FanOutChunk, FanOutSplit } from "../../ports/fan-out-store.js";
import type { IdKind, RunQuery } from "../../ports/filters.js";
import type { Paged, PageRequest } from "../../ports/page-request.js";
import type { PruneRequest, PruneResult } from "../../ports/prune-store.js";
import type { CancellationResult, RunCancellation } from "../../ports/run-cancellation.js";
import type {
  ClaimedRun,
  OutcomeRuns,
  RunCounts,
  SaveAdvancesResult,
  SavedAdvance,
  StoredRun,
  ThrottleRequest,
} from "../../ports/run-store.js";
import type { Occurrence, OccurrenceResult, ScheduleFilter, ScheduleUpdate } from "../../ports/schedule-store.js";
import type { Seed } from "../../ports/seed-store.js";
import type { Store } from "../../ports/store.js";
import type { StoreLogs } from "../../ports/store-logs.js";
import type { FrequencyRecord, IdempotencyRecord, InsertResult, NewWorkflowRun } from "../../ports/trigger-store.js";
import { clearStore } from "./connection/clear-store.js";
import { claimClock, readClock, releaseClock, writeClock } from "./connection/clock-setting.js";
import { readChangeToken } from "./connection/read-change-token.js";
import { readSecret } from "./connection/read-secret.js";
import { isTransient } from "./connection/store-errors.js";
import { applySeeds, readSeeds } from "./recipient/seeds.js";
import { cancelRuns } from "./run/cancel-runs.js";
import { listIdsByPrefix } from "./run/list-ids-by-prefix.js";
import { listRecipientRuns, readRecipientRun } from "./run/list-runs.js";
import { countRuns, readOutcomeRuns, readWorkflowRun } from "./run/outcome-runs.js";
import { readBatch } from "./run/read-batch.js";
import { retryRuns } from "./run/retry-runs.js";
import { acquireThrottleSlots, previewThrottleSlots } from "./run/throttle-slots.js";
import { recordEvents } from "./run/waits.js";
import { SqliteMessages } from "./sqlite-messages.js";
import { claimDueRuns, listDueKinds, readNextDueAt } from "./work/claim-due-work.js";
import { settleCrashes } from "./work/crashed-claims.js";
import { claimDueFanOuts, insertFanOutChunk, readRecipientsWithRun, splitFanOut } from "./work/fan-outs.js";
import { insertWorkflowRun, readAlreadyTriggered, readIdempotencyRecord } from "./work/insert-workflow-run.js";
import { prune } from "./work/prune-runs.js";
import { postponeRuns, releaseClaims, releaseDeadClaims } from "./work/release-claims.js";
import { saveAdvances } from "./work/save-work.js";
import {
  claimDueSchedules,
  deleteSchedules,
  insertSchedules,
  listSchedules,
  readSchedules,
  saveOccurrences,
  updateSchedules,
} from "./work/schedules.js";

/** The store over one SQLite file. SQLite is synchronous; the methods return promises because the port requires them. */
export class SqliteStore extends SqliteMessages implements Store {
  get isReadOnly(): boolean {
    return this.db.isReadOnly;
  }

  async explainError(error: unknown): Promise<unknown> {
    return this.db.explain(error);
  }

  async deferDiskSync(): Promise<void> {
    this.db.deferDiskSync();
  }

  async syncToDisk(): Promise<void> {
    this.db.syncToDisk();
  }

  /** Only takes the lock of writers, because a change would wake everything that waits for one. */
  async checkWritable(): Promise<void> {
    if (!this.db.isReadOnly) this.db.write(() => {});
  }

  async readChangeToken(): Promise<string> {
    return readChangeToken(this.db);
  }

  async readSecret(name: string): Promise<string> {
    return readSecret(this.db, name);
  }

  async openLogs(): Promise<StoreLogs> {
    return (await import("./log/sqlite-logs.js")).createSqliteLogs(this.db, this.shared);
  }

  async close(): Promise<void> {
    this.db.close();
  }

  async readClock(): Promise<ClockReading> {
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

  async readSeeds(): Promise<Map<string, RecipientsFileMark>> {
    return readSeeds(this.db);
  }

  async applySeeds(seeds: readonly Seed[], at: number): Promise<void> {
    applySeeds(this.db, seeds, at);
  }

  async prune(request: PruneRequest): Promise<PruneResult> {
    return prune(this.db, request);
  }

  async clear(options: { keepRecipients: boolean }): Promise<void> {
    clearStore(this.db, options);
  }

  async readIdempotencyRecord(key: string, since: number): Promise<IdempotencyRecord | null> {
    return readIdempotencyRecord(this.db, key, since);
  }

  async readAlreadyTriggered(frequencyRecords: readonly FrequencyRecord[]): Promise<RecipientKey[]> {
    return readAlreadyTriggered(this.db, frequencyRecords);
  }

  async insertWorkflowRun(run: NewWorkflowRun, idempotentSince: number): Promise<InsertResult> {
    return insertWorkflowRun(this.db, this.shared, run, idempotentSince);
  }

  async readRecipientsWithRun(workflowRunId: string, recipients: readonly RecipientKey[]): Promise<Set<RecipientKey>> {
    return readRecipientsWithRun(this.db, workflowRunId, recipients);
  }

  async claimDueFanOuts(claim: Claim, limit: number): Promise<ClaimedFanOut[]> {
    return claimDueFanOuts(this.db, this.shared, claim, limit);
  }

  async insertFanOutChunk(chunk: FanOutChunk, token: string, leaseMs: number | null): Promise<ChunkResult> {
    return insertFanOutChunk(this.db, this.shared, chunk, token, leaseMs);
  }

  async splitFanOut(split: FanOutSplit, token: string, at: number): Promise<CausedWork | null> {
    return splitFanOut(this.db, this.shared, split, token, at);
  }

  async readNextDueAt(options?: { excludeLeased: boolean }): Promise<number | null> {
    return readNextDueAt(this.db, options?.excludeLeased ?? false);
  }

  async releaseDeadClaims(now: number): Promise<boolean> {
    return releaseDeadClaims(this.db, now);
  }

  async releaseClaims(tokens: readonly string[]): Promise<void> {
    releaseClaims(this.db, tokens);
  }

  getCrashes(token: string): number {
    return this.db.crashes.get(token) ?? 0;
  }

  async settleCrashes(token: string, options: { isDone: boolean }): Promise<void> {
    settleCrashes(this.db, token, options);
  }

  isTransient(error: unknown): boolean {
    return isTransient(error);
  }

  async listDueKinds(now: number, scope?: WorkScope): Promise<ReadonlySet<DueKind>> {
    return listDueKinds(this.db, now, scope);
  }

  async claimDueRuns(claim: Claim, limit: number): Promise<ClaimedRun[]> {
    return claimDueRuns(this.db, this.shared, claim, limit);
  }

  async saveAdvances(
    advances: readonly SavedAdvance[],
    token: string,
    now: number,
    options?: { clock?: ClockSetting | undefined; keepsClaim?: boolean },
  ): Promise<SaveAdvancesResult> {
    return saveAdvances(this.db, this.shared, advances, token, now, options);
  }

  async postponeRuns(ids: readonly string[], until: number, token: string): Promise<void> {
    postponeRuns(this.db, ids, until, token);
  }

  async previewThrottleSlots(requests: readonly ThrottleRequest[], now: number): Promise<boolean[]> {
    return previewThrottleSlots(this.db, requests, now);
  }

  async acquireThrottleSlots(requests: readonly ThrottleRequest[], now: number): Promise<boolean[]> {
    return acquireThrottleSlots(this.db, requests, now);
  }

  async recordEvents(events: readonly OccurredEvent[], now: number): Promise<CausedWork> {
    return this.db.writeAndCollect(() => recordEvents(this.db, events, now)).caused;
  }

  async cancelRuns(cancellation: RunCancellation): Promise<CancellationResult> {
    return cancelRuns(this.db, this.shared, cancellation);
  }

  async retryRuns(ids: readonly string[], at: number): Promise<string[]> {
    return retryRuns(this.db, this.shared, ids, at);
  }

  async readWorkflowRun(id: string) {
    return readWorkflowRun(this.db, this.shared, id);
  }

  async readOutcomeRuns(id: string, after: number | null, limit: number): Promise<OutcomeRuns> {
    return readOutcomeRuns(this.db, id, after, limit);
  }

  async countRuns(id: string): Promise<RunCounts> {
    return countRuns(this.db, id);
  }

  async readRecipientRun(id: string): Promise<StoredRun | null> {
    return readRecipientRun(this.db, this.shared, id);
  }

  async listIdsByPrefix(kind: IdKind, prefix: string, limit: number): Promise<string[]> {
    return listIdsByPrefix(this.db, kind, prefix, limit);
  }

  async readBatch(recipientRunId: string): Promise<BatchContent | null> {
    return readBatch(this.db, this.shared, recipientRunId);
  }

  async listRecipientRuns(filter: RunQuery, page: PageRequest): Promise<Paged<StoredRun>> {
    return listRecipientRuns(this.db, this.shared, filter, page);
  }

  async insertSchedules(schedules: readonly Schedule[]): Promise<void> {
    insertSchedules(this.db, schedules);
  }

  async readSchedules(ids: readonly string[]): Promise<Schedule[]> {
    return readSchedules(this.db, ids);
  }

  async listSchedules(filter: ScheduleFilter, page: PageRequest): Promise<Paged<Schedule>> {
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
}
