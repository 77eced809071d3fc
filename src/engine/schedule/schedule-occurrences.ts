import type { Environment } from "../../domain/environment/environment.js";
import type { Recipient } from "../../domain/recipient/recipient.js";
import type { Schedule } from "../../domain/trigger/schedule.js";

/** The sources of the time zone for repeat rules: the recipient's, or else the account's (E-372). */
interface ZoneSource {
  recipient: Recipient | undefined;
  environment: Environment;
}

async function findNextRepeat(
  schedule: Schedule,
  after: number,
  { recipient, environment }: ZoneSource,
): Promise<number | null> {
  // Both modules load luxon, which schedules without repeats do not need.
  const [{ resolveZone }, { findNextOccurrence }] = await Promise.all([
    import("./time-windows.js"),
    import("./schedule-times.js"),
  ]);
  const { zone } = resolveZone([recipient?.properties.timezone, environment.timezone]);
  return findNextOccurrence(schedule, schedule.scheduled_at ?? schedule.inserted_at, after, zone);
}

/**
 * Returns the first occurrence of a new or changed schedule in milliseconds, or null. A schedule without repeats occurs at
 * its exact time, also if that is in the past (E-368), unless it is after the end (E-373). A schedule with repeats occurs
 * after `now` (EQ-62).
 */
export async function findFirstOccurrence(schedule: Schedule, now: number, zone: ZoneSource): Promise<number | null> {
  if (schedule.repeats.length > 0) return findNextRepeat(schedule, now, zone);
  const { scheduled_at, ending_at } = schedule;
  return scheduled_at === null || (ending_at !== null && scheduled_at > ending_at) ? null : scheduled_at;
}

/** Returns the next occurrence in milliseconds after one that ran or was skipped at `now`. Null without repeats. */
export async function findFollowingOccurrence(
  schedule: Schedule,
  now: number,
  zone: ZoneSource,
): Promise<number | null> {
  return schedule.repeats.length > 0 ? findNextRepeat(schedule, now, zone) : null;
}
