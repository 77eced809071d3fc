import type { RepeatRule, Schedule } from "../../../src/domain/trigger/schedule.js";
import { systemIds } from "../../../src/util/ids.js";
import { HOUR, NOW, user } from "./sample-runs.js";

export const DAILY: RepeatRule = {
  frequency: "daily",
  interval: 1,
  day_of_month: null,
  days: ["mon", "fri"],
  hours: 9,
  minutes: 30,
};

export function sampleSchedule(over: Partial<Schedule> = {}): Schedule {
  return {
    id: systemIds.uuid(),
    workflow: "digest",
    recipient: user("ada"),
    actor: null,
    tenant: null,
    data: null,
    repeats: [DAILY],
    scheduled_at: null,
    ending_at: null,
    next_occurrence_at: NOW + HOUR,
    last_occurrence_at: null,
    inserted_at: NOW,
    updated_at: NOW,
    ...over,
  };
}
