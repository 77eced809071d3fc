import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { Schedule } from "../../../domain/trigger/schedule.js";
import { type Claim, NO_CAUSED_WORK } from "../../../ports/due-store.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import type { Occurrence, OccurrenceResult, ScheduleFilter, ScheduleUpdate } from "../../../ports/schedule-store.js";
import { parseJson, stringify, toJson } from "../../rows/json-column.js";
import { SCHEDULE_BYTES } from "../../rows/row-bytes.js";
import type { Connection } from "../connection/connection.js";
import type { SqlValue } from "../connection/driver.js";
import { readPage, SqlFilters } from "../connection/read-page.js";
import type { SharedRows } from "../run/shared-rows.js";
import { leaseDueRows } from "./claim-due-work.js";
import { hasDueWork } from "./due-rows.js";
import { applyWorkflowRun } from "./insert-workflow-run.js";

interface ScheduleRow {
  row: number;
  id: string;
  workflow: string;
  recipient: string;
  actor: string | null;
  tenant: string | null;
  data: string | null;
  repeats: string;
  scheduled_at: number | null;
  ending_at: number | null;
  due_at: number | null;
  last_occurrence_at: number | null;
  inserted_at: number;
  updated_at: number;
}

const COLUMNS =
  "t.row, t.id, t.workflow, t.recipient, t.actor, t.tenant, t.data, t.repeats, t.scheduled_at, t.ending_at, t.due_at, t.last_occurrence_at, t.inserted_at, t.updated_at";
const FROM = "FROM schedules t";
const SELECT = `SELECT ${COLUMNS} ${FROM}`;

const INSERT =
  "INSERT INTO schedules (id, workflow, recipient, inserted_at, actor, tenant, data, repeats, scheduled_at, ending_at, due_at, last_occurrence_at, updated_at) " +
  "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

const UPDATE =
  "UPDATE schedules SET actor = ?, tenant = ?, data = ?, repeats = ?, scheduled_at = ?, ending_at = ?, due_at = ?, last_occurrence_at = ?, updated_at = ?, " +
  "claim_token = NULL, claim_until = NULL WHERE id = ?";

function toSchedule(row: ScheduleRow): Schedule {
  return {
    id: row.id,
    workflow: row.workflow,
    recipient: row.recipient as RecipientKey,
    actor: row.actor as RecipientKey | null,
    tenant: row.tenant,
    data: parseJson(row.data),
    repeats: JSON.parse(row.repeats),
    scheduled_at: row.scheduled_at,
    ending_at: row.ending_at,
    next_occurrence_at: row.due_at,
    last_occurrence_at: row.last_occurrence_at,
    inserted_at: row.inserted_at,
    updated_at: row.updated_at,
  };
}

/** Returns the values of a schedule that may change, in the order of the statements above. */
function toChangeValues(schedule: Schedule): SqlValue[] {
  return [
    schedule.actor,
    schedule.tenant,
    toJson(schedule.data),
    stringify(schedule.repeats),
    schedule.scheduled_at,
    schedule.ending_at,
    schedule.next_occurrence_at,
    schedule.last_occurrence_at,
    schedule.updated_at,
  ];
}

export function insertSchedules(db: Connection, schedules: readonly Schedule[]): void {
  db.write(() => {
    const insert = db.prepare(INSERT);
    for (const schedule of schedules)
      insert.run(schedule.id, schedule.workflow, schedule.recipient, schedule.inserted_at, ...toChangeValues(schedule));
  });
}

function selectSchedules(db: Connection, ids: readonly string[]): Schedule[] {
  return ids.flatMap((id) => {
    const row = db.get<ScheduleRow>(`${SELECT} WHERE t.id = ?`, id);
    return row ? [toSchedule(row)] : [];
  });
}

export function readSchedules(db: Connection, ids: readonly string[]): Schedule[] {
  return db.read(() => selectSchedules(db, ids));
}

/** Returns a condition with its value. The schedules of one recipient are read in order, without sorting. */
function matchRecipients(recipients: ScheduleFilter["recipients"]): [condition: string, value: string | undefined] {
  if (recipients?.length === 1) return ["t.recipient = ?", recipients[0]];
  return ["t.recipient IN (SELECT value FROM json_each(?))", recipients && stringify(recipients)];
}

export function listSchedules(db: Connection, filter: ScheduleFilter, page: PageRequest): Paged<Schedule> {
  const { recipients } = filter;
  const filters = new SqlFilters()
    // The plus keeps SQLite from reading all schedules of the workflow.
    .add(recipients === undefined ? "t.workflow = ?" : "+t.workflow = ?", filter.workflow)
    .add(...matchRecipients(recipients))
    .add("t.tenant = ?", filter.tenant);
  return db.read(() => {
    const query = {
      kind: "schedules",
      columns: COLUMNS,
      from: FROM,
      bytes: SCHEDULE_BYTES,
      key: recipients === undefined || recipients.length === 1 ? "t.row" : "+t.row",
      filters,
    } as const;
    const { rows, page_info } = readPage<ScheduleRow>(db, query, page);
    return { items: rows.map(toSchedule), page_info };
  });
}

function isUnchanged(db: Connection, { id, next_occurrence_at, last_occurrence_at, updated_at }: Schedule): boolean {
  const same = db.get(
    "SELECT 1 FROM schedules WHERE id = ? AND due_at IS ? AND last_occurrence_at IS ? AND updated_at = ?",
    id,
    next_occurrence_at,
    last_occurrence_at,
    updated_at,
  );
  return same !== undefined;
}

export function updateSchedules(db: Connection, updates: readonly ScheduleUpdate[]): boolean {
  return db.write(() => {
    if (!updates.every(({ before }) => isUnchanged(db, before))) return false;
    for (const { before, after } of updates) db.run(UPDATE, ...toChangeValues(after), before.id);
    return true;
  });
}

export function deleteSchedules(db: Connection, ids: readonly string[]): Schedule[] {
  return db.write(() => {
    const found = selectSchedules(db, [...new Set(ids)]);
    for (const { id } of found) db.run("DELETE FROM schedules WHERE id = ?", id);
    return found;
  });
}

export function claimDueSchedules(db: Connection, claim: Claim, limit: number): Schedule[] {
  if (!hasDueWork(db, "schedules", claim)) return [];
  return db.writeUnsynced(() => {
    const statement = db.prepare(`${SELECT} WHERE t.row = ?`);
    return leaseDueRows(db, "schedules", claim, limit).map((row) => toSchedule(statement.get(row) as ScheduleRow));
  });
}

export function saveOccurrences(
  db: Connection,
  shared: SharedRows,
  occurrences: readonly Occurrence[],
  token: string,
): OccurrenceResult[] {
  return db.write(() =>
    occurrences.map(({ schedule, run }): OccurrenceResult => {
      const held = db.get("SELECT 1 FROM schedules WHERE id = ? AND claim_token = ?", schedule.id, token);
      if (held === undefined) return { outcome: "lost" };
      const inserted = run && applyWorkflowRun(db, shared, run, 0);
      if (inserted?.outcome === "already_triggered") return inserted;
      db.run(UPDATE, ...toChangeValues(schedule), schedule.id);
      return inserted?.outcome === "inserted"
        ? { outcome: "saved", batchDecisions: inserted.batchDecisions, caused: inserted.caused }
        : { outcome: "saved", batchDecisions: new Map(), caused: NO_CAUSED_WORK };
    }),
  );
}
