import type { Schedule } from "../../../domain/trigger/schedule.js";
import { type Claim, NO_CAUSED_WORK } from "../../../ports/due-store.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import type { Occurrence, OccurrenceResult, ScheduleFilter, ScheduleUpdate } from "../../../ports/schedule-store.js";
import type { ScheduleChanges } from "../../../ports/seed-store.js";
import { stringify } from "../../rows/json-column.js";
import { SCHEDULE_BYTES, SCHEDULE_COLUMNS, SCHEDULES, type ScheduleRow, toSchedule } from "../../rows/schedule-row.js";
import { encodeFields, listColumns } from "../../rows/table.js";
import type { Connection } from "../connection/connection.js";
import { readPage, SqlFilters } from "../connection/read-page.js";
import type { SharedRows } from "../run/shared-rows.js";
import { leaseDueRows } from "./claim-due-work.js";
import { hasDueWork } from "./due-rows.js";
import { applyWorkflowRun } from "./insert-workflow-run.js";

const FROM = "FROM schedules t";
const SELECT = `SELECT ${SCHEDULE_COLUMNS} ${FROM}`;

const INSERT = `INSERT INTO schedules (${listColumns(SCHEDULES.fields)}) VALUES (${listColumns(SCHEDULES.fields, () => "?")})`;

const UPDATE = `UPDATE schedules SET ${listColumns(SCHEDULES.mutableFields, (name) => `${name} = ?`)}, claim_token = NULL, claim_until = NULL WHERE id = ?`;

const UPSERT = `${INSERT} ON CONFLICT (id) DO UPDATE SET ${listColumns(SCHEDULES.mutableFields, (name) => `${name} = excluded.${name}`)}, claim_token = NULL, claim_until = NULL`;

/** Writes and deletes schedules in the current transaction. Ends all claims on them. */
export function applyScheduleChanges(db: Connection, { saved, removed }: ScheduleChanges): void {
  for (const schedule of saved) db.run(UPSERT, ...encodeFields(SCHEDULES.fields, schedule));
  for (const id of removed) db.run("DELETE FROM schedules WHERE id = ?", id);
}

export function insertSchedules(db: Connection, schedules: readonly Schedule[]): void {
  db.write(() => {
    const insert = db.prepare(INSERT);
    for (const schedule of schedules) insert.run(...encodeFields(SCHEDULES.fields, schedule));
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
      columns: SCHEDULE_COLUMNS,
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
    for (const { before, after } of updates) db.run(UPDATE, ...encodeFields(SCHEDULES.mutableFields, after), before.id);
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
    const select = `${SELECT} WHERE t.row = ?`;
    return leaseDueRows(db, "schedules", claim, limit).map((row) => toSchedule(db.getOne<ScheduleRow>(select, row)));
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
      db.run(UPDATE, ...encodeFields(SCHEDULES.mutableFields, schedule), schedule.id);
      return inserted?.outcome === "inserted"
        ? { outcome: "saved", batchDecisions: inserted.batchDecisions, caused: inserted.caused }
        : { outcome: "saved", batchDecisions: new Map(), caused: NO_CAUSED_WORK };
    }),
  );
}
