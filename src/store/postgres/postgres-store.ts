import type { UserChange } from "../../domain/audience/audience.js";
import type { RecipientKey } from "../../domain/recipient/recipient.js";
import type { BatchContent } from "../../domain/run/batch-continuations.js";
import type { OccurredEvent } from "../../domain/run/occurred-event.js";
import type { Schedule } from "../../domain/trigger/schedule.js";
import type { UserChangeEffects, UserChangesResult } from "../../ports/audience-store.js";
import type { ClockClaim, ClockReading, ClockSetting } from "../../ports/clock-store.js";
import type { CausedWork, Claim, DueKind, WorkScope } from "../../ports/due-store.js";
import type { ChunkResult, ClaimedFanOut, FanOutChunk, FanOutSplit } from "../../ports/fan-out-store.js";
import type { Paged, PageRequest } from "../../ports/page-request.js";
import type { PruneRequest, PruneResult } from "../../ports/prune-store.js";
import type { CancellationResult, RunCancellation } from "../../ports/run-cancellation.js";
import type { ClaimedRun, SaveAdvancesResult, SavedAdvance, ThrottleRequest } from "../../ports/run-store.js";
import type { Occurrence, OccurrenceResult, ScheduleFilter, ScheduleUpdate } from "../../ports/schedule-store.js";
import type { Store } from "../../ports/store.js";
import type { FrequencyRecord, IdempotencyRecord, InsertResult, NewWorkflowRun } from "../../ports/trigger-store.js";
import { randomBytes } from "../../util/random.js";
import { clearStore } from "./connection/clear-store.js";
import { claimClock, releaseClock, selectClock, writeClock } from "./connection/clock-setting.js";
import type { Connection } from "./connection/connection.js";
import { isTransient } from "./connection/store-errors.js";
import { WriteProbe } from "./connection/write-probe.js";
import { PostgresMessages } from "./postgres-messages.js";
import { cancelRuns } from "./run/cancel-runs.js";
import { ClaimedRows } from "./run/claimed-rows.js";
import { readBatch } from "./run/read-batch.js";
import { retryRuns } from "./run/retry-runs.js";
import { acquireThrottleSlots, previewThrottleSlots } from "./run/throttle-slots.js";
import { recordEvents } from "./run/waits.js";
import { claimDueRuns } from "./work/claim-due-work.js";
import { settleCrashes } from "./work/crashed-claims.js";
import { claimDueFanOuts, insertFanOutChunk, readRecipientsWithRun, splitFanOut } from "./work/fan-outs.js";
import { insertWorkflowRun, readIdempotencyRecord, selectAlreadyTriggered } from "./work/insert-workflow-run.js";
import { listDueKinds, readNextDueAt } from "./work/next-due.js";
import { prune } from "./work/prune-runs.js";
import { postponeRuns, releaseClaims } from "./work/release-claims.js";
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
import { claimUserChanges, hasPendingEvents, saveUserChanges } from "./work/user-changes.js";

const SECRET_BYTES = 32;
const SELECT = "SELECT value FROM secrets WHERE name = $1";

/** Returns the secret of this name as hex. Creates it at the first read. */
async function readSecret(db: Connection, name: string): Promise<string> {
  const known = await db.get<{ value: string }>(SELECT, name);
  if (known !== undefined) return known.value;
  return db.write(async (tx) => {
    const secret = Buffer.from(randomBytes(SECRET_BYTES)).toString("hex");
    await tx.run("INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", name, secret);
    return ((await tx.get<{ value: string }>(SELECT, name)) as { value: string }).value;
  });
}

/**
 * Returns the current snapshot as text. It is cheap to read, and it changes when a transaction that wrote something ends, also
 * one of another database on the server.
 */
async function readChangeToken(db: Connection): Promise<string> {
  return ((await db.get<{ token: string }>("SELECT pg_current_snapshot()::text AS token")) as { token: string }).token;
}

/** The store in one PostgreSQL database. */
export class PostgresStore extends PostgresMessages implements Store {
  private readonly claimedRows = new ClaimedRows();
  private readonly probe = new WriteProbe(this.db);

  get isReadOnly(): boolean {
    return this.db.isReadOnly;
  }

  async explainError(error: unknown): Promise<unknown> {
    return this.db.explain(error);
  }

  /** Does nothing: one commit in the database takes as long as a wait for the disk, and many share it. */
  async deferDiskSync(): Promise<void> {}

  /** Does nothing: a commit is on the disk. */
  async syncToDisk(): Promise<void> {}

  async checkWritable(): Promise<void> {
    await this.probe.check();
  }

  async readChangeToken(): Promise<string> {
    return readChangeToken(this.db);
  }

  async readSecret(name: string): Promise<string> {
    return readSecret(this.db, name);
  }

  async close(): Promise<void> {
    await this.db.close();
  }

  async readClock(): Promise<ClockReading> {
    return selectClock(this.db);
  }

  async writeClock(setting: ClockSetting): Promise<void> {
    await writeClock(this.db, setting);
  }

  async claimClock(claim: ClockClaim): Promise<boolean> {
    return claimClock(this.db, claim);
  }

  async releaseClock(token: string): Promise<void> {
    await releaseClock(this.db, token);
  }

  async prune(request: PruneRequest): Promise<PruneResult> {
    return prune(this.db, request);
  }

  async clear(options: { keepRecipients: boolean }): Promise<void> {
    await clearStore(this.db, options);
  }

  async readIdempotencyRecord(key: string, since: number): Promise<IdempotencyRecord | null> {
    return readIdempotencyRecord(this.db, key, since);
  }

  async readAlreadyTriggered(frequencyRecords: readonly FrequencyRecord[]): Promise<RecipientKey[]> {
    return selectAlreadyTriggered(this.db, frequencyRecords);
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

  /** Workers know of each other's end, and release what a dead one has claimed. */
  async releaseDeadClaims(): Promise<boolean> {
    return false;
  }

  async releaseClaims(tokens: readonly string[]): Promise<void> {
    await this.db.write((tx) => releaseClaims(tx, tokens));
    for (const token of tokens) this.claimedRows.forget(token);
  }

  getCrashes(token: string): number {
    return this.db.crashes.get(token) ?? 0;
  }

  async settleCrashes(token: string, options: { isDone: boolean }): Promise<void> {
    await settleCrashes(this.db, token, options);
  }

  isTransient(error: unknown): boolean {
    return isTransient(error);
  }

  async listDueKinds(now: number, scope?: WorkScope): Promise<ReadonlySet<DueKind>> {
    return listDueKinds(this.db, now, scope);
  }

  async hasPendingEvents(): Promise<boolean> {
    return hasPendingEvents(this.db);
  }

  async claimDueRuns(claim: Claim, limit: number): Promise<ClaimedRun[]> {
    return claimDueRuns(this.db, this.shared, this.claimedRows, claim, limit);
  }

  async saveAdvances(
    advances: readonly SavedAdvance[],
    token: string,
    now: number,
    options?: { clock?: ClockSetting | undefined; keepsClaim?: boolean },
  ): Promise<SaveAdvancesResult> {
    return saveAdvances(this.db, this.shared, this.claimedRows, advances, { token, now, ...options });
  }

  async postponeRuns(ids: readonly string[], until: number, token: string): Promise<void> {
    await this.db.write((tx) => postponeRuns(tx, ids, until, token));
  }

  async previewThrottleSlots(requests: readonly ThrottleRequest[], now: number): Promise<boolean[]> {
    return previewThrottleSlots(this.db, requests, now);
  }

  async acquireThrottleSlots(requests: readonly ThrottleRequest[], now: number): Promise<boolean[]> {
    return acquireThrottleSlots(this.db, requests, now);
  }

  async recordEvents(events: readonly OccurredEvent[], now: number): Promise<CausedWork> {
    return this.db.write(async (tx) => {
      await recordEvents(tx, events, now);
      return tx.getCausedWork();
    });
  }

  async cancelRuns(cancellation: RunCancellation): Promise<CancellationResult> {
    return cancelRuns(this.db, this.shared, cancellation);
  }

  async retryRuns(ids: readonly string[], at: number): Promise<string[]> {
    return this.db.write((tx) => retryRuns(tx, ids, at));
  }

  async readBatch(recipientRunId: string): Promise<BatchContent | null> {
    return readBatch(this.db, this.shared, recipientRunId);
  }

  async claimUserChanges(claim: Claim, limit: number): Promise<UserChange[]> {
    return claimUserChanges(this.db, claim, limit);
  }

  async saveUserChanges(changes: UserChangeEffects, token: string, now: number): Promise<UserChangesResult> {
    return saveUserChanges(this.db, this.shared, changes, token, now);
  }

  async insertSchedules(schedules: readonly Schedule[]): Promise<void> {
    await insertSchedules(this.db, schedules);
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
