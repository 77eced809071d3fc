import type { Workflow } from "../../../domain/workflow/workflow.js";
import type { IdKind, RunQuery } from "../../../ports/filters.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import type { StoredRun } from "../../../ports/run-store.js";
import { RECIPIENT_RUN_COLUMNS, type RecipientRunRow, RUN_BYTES, toRecipientRun } from "../../rows/run-row.js";
import type { Connection } from "../connection/connection.js";
import { isName, readPage, SqlFilters } from "../connection/read-page.js";
import { createWorkflowRunReader, RUN_BLOCKS, RUN_ROW_BY_ID, RUN_ROWS_OF_RECIPIENT } from "./run-rows.js";
import type { SharedRows } from "./shared-rows.js";

/** Returns the runs `i` in the order of an index, with their rows `r` and workflow runs, as `buildFromIndex` does for messages. */
const buildFrom = (index: string): string =>
  `FROM recipient_runs i ${index} CROSS JOIN recipient_runs r ON r.row = i.row CROSS JOIN workflow_runs w ON w.row = r.workflow_run`;

function toStoredRuns(db: Connection, shared: SharedRows, rows: readonly RecipientRunRow[]): StoredRun[] {
  const workflowRun = createWorkflowRunReader(db, shared);
  return rows.map((row) => {
    const { run, version } = workflowRun(row.workflow_run);
    const ownVersion = row.version === null ? version : shared.readVersion(row.version);
    return { run, recipientRun: toRecipientRun(row, run.id), version: ownVersion };
  });
}

export function readRecipientRun(db: Connection, shared: SharedRows, id: string): StoredRun | null {
  return db.read(() => {
    const row = db.get<RecipientRunRow>(
      `SELECT ${RECIPIENT_RUN_COLUMNS} FROM recipient_runs r JOIN workflow_runs w ON w.row = r.workflow_run WHERE r.row = ${RUN_ROW_BY_ID} AND w.guide = 0`,
      id,
    );
    return row ? (toStoredRuns(db, shared, [row])[0] ?? null) : null;
  });
}

export function listRecipientRuns(
  db: Connection,
  shared: SharedRows,
  filter: RunQuery,
  page: PageRequest,
): Paged<StoredRun> {
  const { starting_at: gte, ending_at: lte } = filter;
  const times = { ...(gte === undefined ? {} : { gte }), ...(lte === undefined ? {} : { lte }) };
  const isSelective = filter.workflow_run_id !== undefined || filter.recipient !== undefined;
  const filters = new SqlFilters()
    .add(isName("i.workflow_name"), filter.workflow)
    .add("i.workflow_run = (SELECT row FROM workflow_runs WHERE id = ?)", filter.workflow_run_id)
    .add(`i.row IN ${RUN_ROWS_OF_RECIPIENT}`, filter.recipient)
    .add("i.status = ?", filter.status)
    .add(isName("i.tenant_name"), filter.tenant)
    .addText(["w.workflow", "r.recipient"], ["r.id", "w.id"], filter.text)
    .addAny("i.status", filter.statuses)
    .addBounds("i.inserted_at", times);
  filters.conditions.push("w.guide = 0");
  if (filter.has_errors !== undefined) filters.conditions.push(`i.error_count ${filter.has_errors ? ">" : "="} 0`);
  return db.read(() => {
    const { rows, page_info } = readPage<RecipientRunRow>(
      db,
      {
        kind: "runs",
        columns: RECIPIENT_RUN_COLUMNS,
        from: buildFrom(isSelective ? "" : "INDEXED BY recipient_runs_for_lists"),
        bytes: RUN_BYTES,
        key: "i.row",
        filters,
      },
      page,
    );
    return { items: toStoredRuns(db, shared, rows), page_info };
  });
}

const SELECT_VERSIONS_SINCE =
  "SELECT w.version AS row FROM workflow_runs f JOIN workflow_runs w ON w.row >= f.row AND w.workflow = f.workflow " +
  "WHERE f.id = ? AND w.settings ->> '$.branch' IS f.settings ->> '$.branch' GROUP BY w.version ORDER BY max(w.row) DESC";

export function listVersionsSince(db: Connection, shared: SharedRows, workflowRunId: string): Workflow[] {
  return db.read(() =>
    db.all<{ row: number }>(SELECT_VERSIONS_SINCE, workflowRunId).map(({ row }) => shared.readVersion(row)),
  );
}

/** Condition for a range of the index of ids: every character that can follow a prefix is less than a tilde. */
const PREFIX_RANGE = "id >= ?1 AND id < ?1 || '~'";

const SELECT_BY_KIND: Record<IdKind, string> = {
  workflow_run: `SELECT id FROM workflow_runs WHERE ${PREFIX_RANGE} AND guide = 0`,
  message: `SELECT id FROM messages WHERE ${PREFIX_RANGE}`,
  schedule: `SELECT id FROM schedules WHERE ${PREFIX_RANGE}`,
  recipient_run:
    `${RUN_BLOCKS} SELECT q.id FROM block CROSS JOIN recipient_runs q JOIN workflow_runs w ON w.row = q.workflow_run ` +
    `WHERE q.row >> 11 = block.number AND substr(q.id, 1, 6) = substr(?1, 1, 6) AND ${PREFIX_RANGE.replaceAll("id ", "q.id ")} AND w.guide = 0`,
};

/** Returns up to `limit` ids that start with a prefix, in order. */
export function listIdsByPrefix(db: Connection, kind: IdKind, prefix: string, limit: number): string[] {
  return db.all<{ id: string }>(`${SELECT_BY_KIND[kind]} ORDER BY 1 LIMIT ?2`, prefix, limit).map(({ id }) => id);
}
