import type { Schedule } from "../../../domain/trigger/schedule.js";
import type { Claim } from "../../../ports/due-store.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import type { Occurrence, OccurrenceResult, ScheduleFilter, ScheduleUpdate } from "../../../ports/schedule-store.js";
import type { ScheduleChanges } from "../../../ports/seed-store.js";
import { stringify } from "../../rows/json-column.js";
import { SCHEDULE_BYTES, SCHEDULE_COLUMNS, SCHEDULES, type ScheduleRow, toSchedule } from "../../rows/schedule-row.js";
import { encodeRecord, listColumns, listTypes } from "../../rows/table.js";
import { buildRecords } from "../connection/build-records.js";
import type { Connection } from "../connection/connection.js";
import { readPage } from "../connection/read-page.js";
import { SqlFilters } from "../connection/sql-filters.js";
import type { Transaction } from "../connection/transaction.js";
import { shareCancellationKeys } from "../run/cancel-runs.js";
import type { SharedRows } from "../run/shared-rows.js";
import { hasDueWork, leaseDueRows } from "./due-rows.js";
import { insertSharedRows, writeWorkflowRun } from "./insert-workflow-run.js";

const INSERT = `
  INSERT INTO schedules (row, ${listColumns(SCHEDULES.fields)})
  SELECT nextval('schedules_row_seq'), ${listColumns(SCHEDULES.fields, (name) => `c.${name}`)}
  FROM ${buildRecords(listTypes(SCHEDULES.fields))} ORDER BY c.n`;

/** Writes what may change of schedules, and ends all claims on them. */
const UPDATE = `
  UPDATE schedules t SET ${listColumns(SCHEDULES.mutableFields, (name) => `${name} = c.${name}`)}, claim_token = NULL, claim_until = NULL
  FROM json_to_recordset($1::json) AS c (${listTypes(SCHEDULES.fields)}) WHERE t.id = c.id`;

/** Returns schedules as JSON for the statements above. */
const toRows = (schedules: readonly Schedule[]): string =>
  stringify(schedules.map((schedule) => encodeRecord(SCHEDULES.fields, schedule)));

function wakeSchedules(tx: Transaction, schedules: readonly Schedule[]): void {
  for (const { next_occurrence_at: dueAt } of schedules) if (dueAt !== null) tx.wake({ kind: "schedules", dueAt });
}

const UPSERT = `${INSERT}
  ON CONFLICT (id) DO UPDATE SET ${listColumns(SCHEDULES.mutableFields, (name) => `${name} = excluded.${name}`)}, claim_token = NULL, claim_until = NULL`;

/** Writes and deletes schedules in the current transaction. Ends all claims on them. */
export async function applyScheduleChanges(tx: Transaction, { saved, removed }: ScheduleChanges): Promise<void> {
  await tx.run(UPSERT, toRows(saved));
  await tx.run("DELETE FROM schedules WHERE id = ANY($1::text[])", removed);
  wakeSchedules(tx, saved);
}

export async function insertSchedules(db: Connection, schedules: readonly Schedule[]): Promise<void> {
  await db.write(async (tx) => {
    await tx.run(INSERT, toRows(schedules));
    wakeSchedules(tx, schedules);
  });
}

export async function readSchedules(db: Connection, ids: readonly string[]): Promise<Schedule[]> {
  const rows = await db.all<ScheduleRow>(
    `SELECT ${SCHEDULE_COLUMNS} FROM schedules t WHERE t.id = ANY($1::text[])`,
    ids,
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const row = byId.get(id);
    return row ? [toSchedule(row)] : [];
  });
}

export function listSchedules(db: Connection, filter: ScheduleFilter, page: PageRequest): Promise<Paged<Schedule>> {
  const filters = new SqlFilters()
    .add("t.workflow = ?", filter.workflow)
    .addAny("t.recipient", filter.recipients)
    .add("t.tenant = ?", filter.tenant);
  return db.read(async (tx) => {
    const query = {
      kind: "schedules",
      columns: SCHEDULE_COLUMNS,
      from: "FROM schedules t",
      bytes: SCHEDULE_BYTES,
      key: "t.row",
      filters,
      isSelective: filter.recipients !== undefined,
    } as const;
    const { rows, page_info } = await readPage<ScheduleRow>(tx, query, page);
    return { items: rows.map(toSchedule), page_info };
  });
}

export function updateSchedules(db: Connection, updates: readonly ScheduleUpdate[]): Promise<boolean> {
  return db.write(async (tx) => {
    const ids = updates.map(({ before }) => before.id);
    const rows = await tx.all<ScheduleRow>(
      `SELECT ${SCHEDULE_COLUMNS} FROM schedules t WHERE t.id = ANY($1::text[]) ORDER BY t.id FOR UPDATE`,
      ids,
    );
    const stored = new Map(rows.map((row) => [row.id, row]));
    const isUnchanged = ({ id, next_occurrence_at, last_occurrence_at, updated_at }: Schedule): boolean => {
      const row = stored.get(id);
      if (row?.due_at !== next_occurrence_at) return false;
      return row.last_occurrence_at === last_occurrence_at && row.updated_at === updated_at;
    };
    if (!updates.every(({ before }) => isUnchanged(before))) return false;
    const changed = updates.map(({ before, after }) => ({ ...after, id: before.id }));
    await tx.run(UPDATE, toRows(changed));
    wakeSchedules(tx, changed);
    return true;
  });
}

export function deleteSchedules(db: Connection, ids: readonly string[]): Promise<Schedule[]> {
  return db.write(async (tx) => {
    const rows = await tx.all<ScheduleRow>(
      `DELETE FROM schedules t WHERE t.row IN (SELECT row FROM schedules WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE) RETURNING ${SCHEDULE_COLUMNS}`,
      ids,
    );
    const byId = new Map(rows.map((row) => [row.id, row]));
    return [...new Set(ids)].flatMap((id) => {
      const row = byId.get(id);
      return row ? [toSchedule(row)] : [];
    });
  });
}

export async function claimDueSchedules(db: Connection, claim: Claim, limit: number): Promise<Schedule[]> {
  if (!(await hasDueWork(db, "schedules", claim))) return [];
  return db.write(async (tx) => {
    const options = { limit, columns: SCHEDULE_COLUMNS, deathsAlone: db.deathsAlone };
    const rows = await leaseDueRows<ScheduleRow>(tx, "schedules", claim, options);
    return rows.map(toSchedule);
  });
}

export async function saveOccurrences(
  db: Connection,
  shared: SharedRows,
  occurrences: readonly Occurrence[],
  token: string,
): Promise<OccurrenceResult[]> {
  const runs = await insertSharedRows(
    db,
    shared,
    occurrences.flatMap(({ run }) => run ?? []),
  );
  return db.write(async (tx) => {
    await shareCancellationKeys(tx, runs);
    const held = await tx.all<{ id: string }>(
      "SELECT id FROM schedules WHERE id = ANY($1::text[]) AND claim_token = $2 ORDER BY id FOR UPDATE",
      occurrences.map(({ schedule }) => schedule.id),
      token,
    );
    const isHeld = new Set(held.map(({ id }) => id));
    const saved: Schedule[] = [];
    const results: OccurrenceResult[] = [];
    for (const { schedule, run } of occurrences) {
      if (!isHeld.delete(schedule.id)) {
        results.push({ outcome: "lost" });
        continue;
      }
      const inserted = run && (await writeWorkflowRun(tx, shared, run, 0));
      if (inserted?.outcome === "already_triggered") {
        isHeld.add(schedule.id);
        results.push(inserted);
        continue;
      }
      saved.push(schedule);
      const batchDecisions = inserted?.outcome === "inserted" ? inserted.batchDecisions : new Map();
      results.push({ outcome: "saved", batchDecisions, caused: tx.getCausedWork() });
    }
    await tx.run(UPDATE, toRows(saved));
    wakeSchedules(tx, saved);
    return results;
  });
}
