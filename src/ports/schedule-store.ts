import type { RecipientKey } from "../domain/recipient/recipient.js";
import type { BatchDecision } from "../domain/run/batch-continuations.js";
import type { Schedule } from "../domain/trigger/schedule.js";
import type { CausedWork, Claim } from "./due-store.js";
import type { Paged, PageRequest } from "./page-request.js";
import type { NewWorkflowRun } from "./trigger-store.js";

export interface ScheduleFilter {
  workflow?: string | undefined;
  /** Any of these. */
  recipients?: readonly RecipientKey[] | undefined;
  tenant?: string | undefined;
}

/** A schedule as it was read, and as it is to be written. */
export interface ScheduleUpdate {
  before: Schedule;
  after: Schedule;
}

/** A schedule after an occurrence, and the run that the occurrence started; null if it was skipped. */
export interface Occurrence {
  schedule: Schedule;
  run: NewWorkflowRun | null;
}

/**
 * `lost`: the schedule was changed, deleted or taken over since it was claimed, and nothing was written. `already_triggered`: a
 * once-only workflow has run for the recipients since then, and nothing was written.
 */
export type OccurrenceResult =
  | { outcome: "saved"; batchDecisions: ReadonlyMap<string, BatchDecision>; caused: CausedWork }
  | { outcome: "lost" }
  | { outcome: "already_triggered"; recipients: RecipientKey[] };

/** Stores schedules and starts their runs. */
export interface ScheduleStore {
  insertSchedules(schedules: readonly Schedule[]): Promise<void>;
  /** Returns the schedules that exist, in the order of the ids. */
  readSchedules(ids: readonly string[]): Promise<Schedule[]>;
  listSchedules(filter: ScheduleFilter, page: PageRequest): Promise<Paged<Schedule>>;
  /** Updates all schedules, or none and returns false if one is no longer as it was read. Ends all claims on them. */
  updateSchedules(updates: readonly ScheduleUpdate[]): Promise<boolean>;
  /** Deletes schedules. Returns those that existed. */
  deleteSchedules(ids: readonly string[]): Promise<Schedule[]>;
  /** Claims up to `limit` schedules with a due occurrence, earliest first, as `claimDueRuns` claims runs. */
  claimDueSchedules(claim: Claim, limit: number): Promise<Schedule[]>;
  /**
   * Saves occurrences and releases their schedules, in the order given. The schedule's times and the run it started are
   * written in one transaction, so that a crash neither loses nor repeats an occurrence.
   */
  saveOccurrences(occurrences: readonly Occurrence[], token: string): Promise<OccurrenceResult[]>;
}
