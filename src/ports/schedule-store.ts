import type { RecipientKey } from "../domain/recipient/recipient.js";
import type { Schedule } from "../domain/trigger/schedule.js";
import type { Page, Paged } from "./page.js";

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

/** Schedules as they are read and changed; how they occur is in `Store`, with the other due work. */
export interface ScheduleStore {
  insertSchedules(schedules: readonly Schedule[]): Promise<void>;
  /** Those that exist, in the order asked. */
  readSchedules(ids: readonly string[]): Promise<Schedule[]>;
  listSchedules(filter: ScheduleFilter, page: Page): Promise<Paged<Schedule>>;
  /** All, or none and false where one is no longer as it was read. Ends what claims there are on them. */
  updateSchedules(updates: readonly ScheduleUpdate[]): Promise<boolean>;
  /** Answers with those that existed. */
  deleteSchedules(ids: readonly string[]): Promise<Schedule[]>;
}
