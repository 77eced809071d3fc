import type { Environment } from "../../domain/environment/environment.js";
import type { Recipient } from "../../domain/recipient/recipient.js";
import type { Schedule } from "../../domain/trigger/schedule.js";

/** Whose time zone the rules run in: the recipient's, else the account's (E-372). */
interface ZoneSource {
  recipient: Recipient | undefined;
  environment: Environment;
}

async function findNextRepeat(
  schedule: Schedule,
  after: number,
  { recipient, environment }: ZoneSource,
): Promise<number | null> {
  // Both load luxon: one-offs do without.
  const [{ resolveZone }, { findNextOccurrence: nextOccurrence }] = await Promise.all([
    import("./time-windows.js"),
    import("./schedule-times.js"),
  ]);
  const { zone } = resolveZone([recipient?.properties.timezone, environment.timezone]);
  return nextOccurrence(schedule, schedule.scheduled_at ?? schedule.inserted_at, after, zone);
}

/**
 * When a new or changed schedule occurs first, in milliseconds; null for never. A one-off at its exact moment, past ones
 * included (E-368), unless that is after its end (E-373); a recurring one later than now (EQ-62).
 */
export async function findFirstOccurrence(schedule: Schedule, now: number, zone: ZoneSource): Promise<number | null> {
  if (schedule.repeats.length > 0) return findNextRepeat(schedule, now, zone);
  const { scheduled_at, ending_at } = schedule;
  return scheduled_at === null || (ending_at !== null && scheduled_at > ending_at) ? null : scheduled_at;
}

/** When a schedule occurs again after it did, or was skipped, at `now`. */
export async function findFollowingOccurrence(
  schedule: Schedule,
  now: number,
  zone: ZoneSource,
): Promise<number | null> {
  return schedule.repeats.length > 0 ? findNextRepeat(schedule, now, zone) : null;
}
