import { isDeepStrictEqual } from "node:util";
import { mergeUpserts } from "../../domain/recipient/merge-recipient.js";
import {
  collectDistinctRecipients,
  type RecipientKey,
  type RecipientUpsert,
} from "../../domain/recipient/recipient.js";
import type { Schedule } from "../../domain/trigger/schedule.js";
import type { ScheduleEntry } from "../../domain/trigger/schedules-file.js";
import { collectRecipientKeys } from "../../domain/trigger/trigger.js";
import type { ClockStore } from "../../ports/clock-store.js";
import type { Definitions } from "../../ports/definitions.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { ScheduleStore } from "../../ports/schedule-store.js";
import type { ScheduleChanges } from "../../ports/seed-store.js";
import { createContentUuid } from "../../util/ids.js";
import { getClockTime } from "../context/engine-context.js";
import { collectUpserts } from "../run/trigger-workflow.js";
import { buildSchedule, hasOccurred, setFirstOccurrences } from "./schedule-operations.js";

/** The stores that are read to compare schedules with their file. */
type PlanStore = Pick<ClockStore, "readClock"> &
  Pick<RecipientStore, "readRecipients"> &
  Pick<ScheduleStore, "readSchedules">;

interface SchedulesPlan {
  recipients: RecipientUpsert[];
  schedules: ScheduleChanges;
  /** The IDs of all schedules of the file. */
  ids: string[];
}

/** Returns the ID of the schedule of a recipient, which stays while the file, the key and the workflow stay. */
const createScheduleId = (file: string, { key, workflow }: ScheduleEntry, recipient: RecipientKey): string =>
  createContentUuid(JSON.stringify([file, key, workflow, recipient]));

/** Returns whether a schedule has the values of its entry, so that nothing has to be written. */
const hasValues = (before: Schedule, after: Schedule): boolean =>
  hasTimes(before, after) &&
  before.actor === after.actor &&
  before.tenant === after.tenant &&
  isDeepStrictEqual(before.data, after.data);

const hasTimes = (before: Schedule, after: Schedule): boolean =>
  before.scheduled_at === after.scheduled_at &&
  before.ending_at === after.ending_at &&
  isDeepStrictEqual(before.repeats, after.repeats);

/**
 * Plans what a changed schedules file changes in the store: new entries, entries with other values, and schedules in `knownIds`
 * whose entry no longer exists. A schedule whose times are unchanged keeps its next occurrence.
 */
export async function planSchedules(
  { store, definitions }: { store: PlanStore; definitions: Definitions },
  { file, entries }: { file: string; entries: readonly ScheduleEntry[] },
  knownIds: readonly string[],
): Promise<SchedulesPlan> {
  const now = getClockTime(await store.readClock());
  const environment = await definitions.environment();
  const known = await store.readRecipients([...new Set(entries.flatMap(collectRecipientKeys))]);
  const recipients = entries.flatMap((entry) => collectUpserts(entry, environment, known));
  const planned = entries.flatMap((entry) =>
    collectDistinctRecipients(entry.recipients).map((recipient) =>
      buildSchedule(createScheduleId(file, entry, recipient.key), entry, recipient, now),
    ),
  );
  const ids = planned.map(({ id }) => id);
  const existing = new Map((await store.readSchedules(ids)).map((schedule) => [schedule.id, schedule]));
  const changed = planned.flatMap((schedule): Schedule[] => {
    const before = existing.get(schedule.id);
    if (before === undefined) return [schedule];
    if (hasValues(before, schedule)) return [];
    const { inserted_at, last_occurrence_at, next_occurrence_at } = before;
    return [{ ...schedule, inserted_at, last_occurrence_at, next_occurrence_at }];
  });
  // The time zone of a recipient that the file identifies is not stored yet.
  const readRecipients: RecipientStore["readRecipients"] = async (keys) =>
    mergeUpserts(
      await store.readRecipients(keys),
      recipients.filter(({ key }) => keys.includes(key)),
      now,
    );
  const timed = await setFirstOccurrences({ store: { readRecipients }, definitions }, changed, now);
  const saved = timed.map((schedule): Schedule => {
    const before = existing.get(schedule.id);
    if (before === undefined) return schedule;
    if (hasTimes(before, schedule)) return { ...schedule, next_occurrence_at: before.next_occurrence_at };
    const isPast = before.scheduled_at === schedule.scheduled_at && hasOccurred(schedule, {});
    return isPast ? { ...schedule, next_occurrence_at: null } : schedule;
  });
  return { recipients, schedules: { saved, removed: knownIds.filter((id) => !ids.includes(id)) }, ids };
}
