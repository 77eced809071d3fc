import type { JsonObject } from "../../util/json.js";
import type { RecipientKey } from "../recipient/recipient.js";
import type { Trigger } from "./trigger.js";

export const REPEAT_FREQUENCIES = ["hourly", "daily", "weekly", "monthly"] as const;
export const REPEAT_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export const REPEAT_DAY_GROUPS = ["weekdays", "weekends"] as const;

/** One rule of a recurring schedule (E-370, A-504), in the recipient's time zone. Null takes what E-381 says. */
export interface RepeatRule {
  frequency: (typeof REPEAT_FREQUENCIES)[number];
  /** Every so many hours, days, weeks or months, counted from the anchor's. */
  interval: number;
  day_of_month: number | null;
  days: (typeof REPEAT_DAYS)[number][] | (typeof REPEAT_DAY_GROUPS)[number] | null;
  hours: number | null;
  minutes: number | null;
}

/** When a schedule occurs: once at `scheduled_at` where nothing repeats, else by its rules from then on. Milliseconds. */
export interface ScheduleTimes {
  repeats: RepeatRule[];
  scheduled_at: number | null;
  /** No occurrence after it; one at this very moment still counts (E-373). */
  ending_at: number | null;
}

/** A workflow's future triggers for one recipient (E-366). */
export interface Schedule extends ScheduleTimes {
  /** UUID. */
  id: string;
  workflow: string;
  recipient: RecipientKey;
  actor: RecipientKey | null;
  tenant: string | null;
  data: JsonObject | null;
  /** Null: it has no occurrence left. */
  next_occurrence_at: number | null;
  last_occurrence_at: number | null;
  inserted_at: number;
  updated_at: number;
}

/** Schedules of one workflow asked for, one per recipient. `payload` is the same as the API takes it. */
export interface ScheduleRequest extends ScheduleTimes, Pick<Trigger, "recipients" | "actor" | "tenant" | "workflow"> {
  data: JsonObject | null;
  payload: JsonObject;
}

/** The same change for several schedules; what is absent stays. */
export interface ScheduleChange extends Partial<ScheduleTimes>, Partial<Pick<Trigger, "actor" | "tenant">> {
  schedule_ids: string[];
  data?: JsonObject | null;
  payload: JsonObject;
}
