import type { Recipient, RecipientKey } from "../../domain/recipient/recipient.js";
import { REPEAT_DAYS, type RepeatRule, type Schedule } from "../../domain/trigger/schedule.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import { toIsoTime } from "../../util/iso-time.js";
import type { Json, JsonObject } from "../../util/json.js";
import { serializeReferencedRecipient } from "./serialize-recipient.js";

function toIsoOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : toIsoTime(milliseconds);
}

/** Returns `recipient.schedule` of a run that a schedule started (E-376, T-012). */
export function buildScheduleView({ id, last_occurrence_at, next_occurrence_at }: Schedule): JsonObject {
  return {
    id,
    last_occurrence_at: toIsoOrNull(last_occurrence_at),
    next_occurrence_at: toIsoOrNull(next_occurrence_at),
  };
}

/** Returns the days as the list that the API uses, whether they were given as a list or as a group. */
function toDayList({ days }: RepeatRule): Json {
  if (days === "weekdays") return REPEAT_DAYS.slice(0, 5);
  return days === "weekends" ? REPEAT_DAYS.slice(5) : days;
}

/** Returns the API's `Schedule`, with its recipient and actor expanded. */
function serializeSchedule(schedule: Schedule, recipients: ReadonlyMap<RecipientKey, Recipient>): JsonObject {
  const serializeParty = (key: RecipientKey): JsonObject =>
    serializeReferencedRecipient(key, recipients, schedule.inserted_at);
  return {
    __typename: "Schedule",
    ...buildScheduleView(schedule),
    workflow: schedule.workflow,
    recipient: serializeParty(schedule.recipient),
    actor: schedule.actor === null ? null : serializeParty(schedule.actor),
    tenant: schedule.tenant,
    data: schedule.data,
    repeats: schedule.repeats.map((rule): Json => ({ __typename: "ScheduleRepeat", ...rule, days: toDayList(rule) })),
    inserted_at: toIsoTime(schedule.inserted_at),
    updated_at: toIsoTime(schedule.updated_at),
  };
}

export async function serializeSchedules(store: RecipientStore, schedules: readonly Schedule[]): Promise<JsonObject[]> {
  const keys = schedules.flatMap(({ recipient, actor }) => (actor === null ? [recipient] : [recipient, actor]));
  const recipients = await store.readRecipients([...new Set(keys)]);
  return schedules.map((schedule) => serializeSchedule(schedule, recipients));
}
