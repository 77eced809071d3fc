import type { Recipient, RecipientKey } from "../../domain/recipient/recipient.js";
import { REPEAT_DAYS, type RepeatRule, type Schedule } from "../../domain/trigger/schedule.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import { isoTime } from "../../util/iso-time.js";
import type { Json, JsonObject } from "../../util/json.js";
import { referredShape } from "./recipient-shapes.js";

function isoOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : isoTime(milliseconds);
}

/** `recipient.schedule` of a run that a schedule started (E-376, T-012). */
export function scheduleView({ id, last_occurrence_at, next_occurrence_at }: Schedule): JsonObject {
  return {
    id,
    last_occurrence_at: isoOrNull(last_occurrence_at),
    next_occurrence_at: isoOrNull(next_occurrence_at),
  };
}

/** Returns the days as the list that the API answers, whether they were given as one or as a group. */
function dayList({ days }: RepeatRule): Json {
  if (days === "weekdays") return REPEAT_DAYS.slice(0, 5);
  return days === "weekends" ? REPEAT_DAYS.slice(5) : days;
}

/** The API's `Schedule`, with its recipient and actor expanded. */
function scheduleShape(schedule: Schedule, people: ReadonlyMap<RecipientKey, Recipient>): JsonObject {
  const person = (key: RecipientKey): JsonObject => referredShape(key, people, schedule.inserted_at);
  return {
    __typename: "Schedule",
    ...scheduleView(schedule),
    workflow: schedule.workflow,
    recipient: person(schedule.recipient),
    actor: schedule.actor === null ? null : person(schedule.actor),
    tenant: schedule.tenant,
    data: schedule.data,
    repeats: schedule.repeats.map((rule): Json => ({ __typename: "ScheduleRepeat", ...rule, days: dayList(rule) })),
    inserted_at: isoTime(schedule.inserted_at),
    updated_at: isoTime(schedule.updated_at),
  };
}

export async function scheduleShapes(store: RecipientStore, schedules: readonly Schedule[]): Promise<JsonObject[]> {
  const keys = schedules.flatMap(({ recipient, actor }) => (actor === null ? [recipient] : [recipient, actor]));
  const people = await store.readRecipients([...new Set(keys)]);
  return schedules.map((schedule) => scheduleShape(schedule, people));
}
