import type { RecipientKey } from "../domain/recipient/recipient.js";
import type { BatchDecision } from "../domain/run/batch-join.js";
import type { Schedule } from "../domain/trigger/schedule.js";
import type { Claim } from "./due-store.js";
import type { Paged, PageRequest } from "./page-request.js";
import type { NewWorkflowRun } from "./trigger-store.js";

export interface ScheduleFilter {
  workflow?: string | undefined;
  /** Any of these. */
  recipients?: readonly RecipientKey[] | undefined;
  tenant?: string | undefined;
}

/** A schedule as it was read and as it shall be. */
export interface ScheduleUpdate {
  before: Schedule;
  after: Schedule;
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
  | { outcome: "saved"; batchDecisions: ReadonlyMap<string, BatchDecision> }
  | { outcome: "lost" }
  | { outcome: "claimed"; recipients: RecipientKey[] };

/** Keeps schedules and starts their runs. */
export interface ScheduleStore {
  insertSchedules(schedules: readonly Schedule[]): Promise<void>;
  /** Those that exist, in the order asked. */
  readSchedules(ids: readonly string[]): Promise<Schedule[]>;
  listSchedules(filter: ScheduleFilter, page: PageRequest): Promise<Paged<Schedule>>;
  /** All, or none and false where one is no longer as it was read. Ends what claims there are on them. */
  updateSchedules(updates: readonly ScheduleUpdate[]): Promise<boolean>;
  /** Answers with those that existed. */
  deleteSchedules(ids: readonly string[]): Promise<Schedule[]>;
  /** Up to `limit` schedules with an occurrence due, earliest first, leased like due runs. */
  claimDueSchedules(claim: Claim, limit: number): Promise<Schedule[]>;
  /**
   * Writes occurrences and releases their schedules, in the order given. The schedule's times and the run that it started
   * are one: a crash neither loses nor doubles an occurrence.
   */
  saveOccurrences(occurrences: readonly Occurrence[], token: string): Promise<OccurrenceResult[]>;
}
