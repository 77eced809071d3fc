import type { JsonObject } from "../../util/json.js";
import type { RecipientKey } from "../recipient/recipient.js";
import type { Trigger } from "./trigger.js";

export const REPEAT_FREQUENCIES = ["hourly", "daily", "weekly", "monthly"] as const;
export const REPEAT_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export const REPEAT_DAY_GROUPS = ["weekdays", "weekends"] as const;

/**
 * One rule of a recurring schedule, in the recipient's time zone (E-370, A-504). E-381 defines the defaults for null.
 */
export interface RepeatRule {
  frequency: (typeof REPEAT_FREQUENCIES)[number];
  /** The number of hours, days, weeks or months between occurrences, counted from the anchor. */
  interval: number;
  day_of_month: number | null;
  days: (typeof REPEAT_DAYS)[number][] | (typeof REPEAT_DAY_GROUPS)[number] | null;
  hours: number | null;
  minutes: number | null;
}

/**
 * The times of a schedule in milliseconds. Without rules it occurs once at `scheduled_at`, otherwise by its rules from
 * then on.
 */
export interface ScheduleTimes {
  repeats: RepeatRule[];
  scheduled_at: number | null;
  /** The time after which there is no occurrence. One at exactly this time still takes place (E-373). */
  ending_at: number | null;
}

/** A workflow's future triggers for one recipient (E-366). */
export interface Schedule extends ScheduleTimes {
  /** A UUID. */
  id: string;
  workflow: string;
  recipient: RecipientKey;
  actor: RecipientKey | null;
  tenant: string | null;
  data: JsonObject | null;
  /** The time of the next occurrence; null after the last one. */
  next_occurrence_at: number | null;
  last_occurrence_at: number | null;
  inserted_at: number;
  updated_at: number;
}

/** A request for schedules of one workflow, one per recipient. `payload` is the request in the API's format. */
export interface ScheduleRequest extends ScheduleTimes, Pick<Trigger, "recipients" | "actor" | "tenant" | "workflow"> {
  data: JsonObject | null;
  payload: JsonObject;
}

/** One change of several schedules. Absent fields are unchanged. */
export interface ScheduleChange extends Partial<ScheduleTimes>, Partial<Pick<Trigger, "actor" | "tenant">> {
  schedule_ids: string[];
  data?: JsonObject | null;
  payload: JsonObject;
}
