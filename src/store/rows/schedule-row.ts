import type { Schedule } from "../../domain/trigger/schedule.js";
import { isJsonObject } from "../../util/json.js";
import { decodeFields, describeTable, type RowOf, selectColumns, sumBytes } from "./table.js";
import { createListCheck } from "./value-checks.js";

export const SCHEDULES = describeTable<Schedule>()(
  "schedules",
  { row: "bigint" },
  {
    id: { type: "text" },
    workflow: { type: "text" },
    recipient: { type: "text" },
    actor: { type: "text?", isMutable: true },
    tenant: { type: "text?", isMutable: true },
    data: { type: "json?", isMutable: true, check: isJsonObject },
    repeats: { type: "json", isMutable: true, check: createListCheck(isJsonObject) },
    scheduled_at: { type: "bigint?", isMutable: true },
    ending_at: { type: "bigint?", isMutable: true },
    due_at: { type: "bigint?", isMutable: true, field: "next_occurrence_at" },
    last_occurrence_at: { type: "bigint?", isMutable: true },
    inserted_at: { type: "bigint" },
    updated_at: { type: "bigint", isMutable: true },
  },
);

export type ScheduleRow = RowOf<typeof SCHEDULES>;

/** The columns to select in `FROM schedules t`. */
export const SCHEDULE_COLUMNS = selectColumns(SCHEDULES, "t");

/** The bytes of a schedule in `FROM schedules t`. */
export const SCHEDULE_BYTES = sumBytes(SCHEDULES, "t");

export const toSchedule = (row: ScheduleRow): Schedule => decodeFields(SCHEDULES, row, {});
