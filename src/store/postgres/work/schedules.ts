import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { Schedule } from "../../../domain/trigger/schedule.js";
import type { Claim } from "../../../ports/due-store.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import type { Occurrence, OccurrenceResult, ScheduleFilter, ScheduleUpdate } from "../../../ports/schedule-store.js";
import { parseJson, stringify, toJson } from "../../rows/json-column.js";
import { SCHEDULE_BYTES } from "../../rows/row-bytes.js";
import type { Connection } from "../connection/connection.js";
import { readPage } from "../connection/read-page.js";
import { SqlFilters } from "../connection/sql-filters.js";
import type { Transaction } from "../connection/transaction.js";
import { shareCancellationKeys } from "../run/cancellation-locks.js";
import type { SharedRows } from "../run/shared-rows.js";
import { hasCrashedWork, leaseCrashedRow } from "./crashed-claims.js";
import { hasDueWork } from "./due-rows.js";
import { insertSharedRows, writeWorkflowRun } from "./insert-workflow-run.js";
import { leaseDueRows } from "./lease-rows.js";

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

const ROWS =
  "(id text, workflow text, recipient text, actor text, tenant text, data text, repeats text, scheduled_at bigint, ending_at bigint, due_at bigint, last_occurrence_at bigint, inserted_at bigint, updated_at bigint)";

const INSERT = `
  INSERT INTO schedules (row, id, workflow, recipient, actor, tenant, data, repeats, scheduled_at, ending_at, due_at, last_occurrence_at, inserted_at, updated_at)
  SELECT nextval('schedules_row_seq'), c.id, c.workflow, c.recipient, c.actor, c.tenant, c.data, c.repeats, c.scheduled_at, c.ending_at, c.due_at,
    c.last_occurrence_at, c.inserted_at, c.updated_at
  FROM ROWS FROM (json_to_recordset($1::json) AS ${ROWS})
    WITH ORDINALITY AS c (id, workflow, recipient, actor, tenant, data, repeats, scheduled_at, ending_at, due_at, last_occurrence_at, inserted_at, updated_at, n)
  ORDER BY c.n`;

/** Writes what may change of schedules, and ends all claims on them. */
const UPDATE = `
  UPDATE schedules t SET actor = c.actor, tenant = c.tenant, data = c.data, repeats = c.repeats, scheduled_at = c.scheduled_at,
    ending_at = c.ending_at, due_at = c.due_at, last_occurrence_at = c.last_occurrence_at, updated_at = c.updated_at,
    claim_token = NULL, claim_until = NULL
  FROM json_to_recordset($1::json) AS c ${ROWS} WHERE t.id = c.id`;

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

/** Returns schedules as JSON for the statements above. */
function toRows(schedules: readonly Schedule[]): string {
  return stringify(
    schedules.map(({ next_occurrence_at, data, repeats, ...schedule }) => ({
      ...schedule,
      data: toJson(data),
      repeats: stringify(repeats),
      due_at: next_occurrence_at,
    })),
  );
}

function wakeSchedules(tx: Transaction, schedules: readonly Schedule[]): void {
  for (const { next_occurrence_at: dueAt } of schedules) if (dueAt !== null) tx.wake({ kind: "schedules", dueAt });
}

export async function insertSchedules(db: Connection, schedules: readonly Schedule[]): Promise<void> {
  await db.write(async (tx) => {
    await tx.run(INSERT, toRows(schedules));
    wakeSchedules(tx, schedules);
  });
}

export async function readSchedules(db: Connection, ids: readonly string[]): Promise<Schedule[]> {
  const rows = await db.all<ScheduleRow>(`SELECT ${COLUMNS} FROM schedules t WHERE t.id = ANY($1::text[])`, ids);
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
      columns: COLUMNS,
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
      `SELECT ${COLUMNS} FROM schedules t WHERE t.id = ANY($1::text[]) ORDER BY t.id FOR UPDATE`,
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
      `DELETE FROM schedules t WHERE t.row IN (SELECT row FROM schedules WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE) RETURNING ${COLUMNS}`,
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
  const isAlone = !(await hasDueWork(db, "schedules", claim));
  if (isAlone && !(await hasCrashedWork(db, "schedules", claim))) return [];
  return db.write(async (tx) => {
    const rows = isAlone
      ? await leaseCrashedRow<ScheduleRow>(tx, "schedules", claim, { columns: COLUMNS, crashes: db.crashes })
      : await leaseDueRows<ScheduleRow>(tx, "schedules", claim, limit, COLUMNS);
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
