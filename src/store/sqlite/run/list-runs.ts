import type { RunQuery, TimeBounds } from "../../../ports/filters.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import type { StoredRun } from "../../../ports/run-store.js";
import { RECIPIENT_RUN_COLUMNS, type RecipientRunRow, RUN_BYTES, toRecipientRun } from "../../rows/run-row.js";
import { createTimeSource } from "../connection/block-times.js";
import type { Connection } from "../connection/connection.js";
import { readPage, SqlFilters } from "../connection/read-page.js";
import { type BlockSource, BlockSources } from "../connection/row-blocks.js";
import { createWorkflowRunReader, HAS_ERRORS, RUN_ROW_BY_ID, SELECT_NEXT_RUN_OF_RECIPIENT } from "./run-rows.js";
import type { SharedRows } from "./shared-rows.js";

const FROM = "FROM recipient_runs r CROSS JOIN workflow_runs w ON w.row = r.workflow_run";

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

/** Returns where runs may be that match the filters; none if an index of the filters finds few runs. */
function findSources(db: Connection, filter: RunQuery, times: TimeBounds): readonly BlockSource[] {
  if (filter.workflow_run_id !== undefined) return [];
  return new BlockSources(db)
    .addValue("runs.status", filter.status)
    .addValues("runs.status", filter.statuses)
    .addValue("runs.errors", filter.has_errors === true ? HAS_ERRORS : undefined)
    .addValue("runs.workflow", filter.workflow)
    .addValue("runs.tenant", filter.tenant)
    .addIndexed(SELECT_NEXT_RUN_OF_RECIPIENT, filter.recipient)
    .addSource(createTimeSource(db, "recipient_runs", times)).sources;
}

export function listRecipientRuns(
  db: Connection,
  shared: SharedRows,
  filter: RunQuery,
  page: PageRequest,
): Paged<StoredRun> {
  const { starting_at: gte, ending_at: lte } = filter;
  const times = { ...(gte === undefined ? {} : { gte }), ...(lte === undefined ? {} : { lte }) };
  const filters = new SqlFilters()
    .add("w.workflow = ?", filter.workflow)
    .add("r.workflow_run = (SELECT row FROM workflow_runs WHERE id = ?)", filter.workflow_run_id)
    .add("r.recipient = ?", filter.recipient)
    .add("r.status = ?", filter.status)
    .add("w.tenant = ?", filter.tenant)
    .addText(["w.workflow", "r.recipient"], ["r.id", "w.id"], filter.text)
    .addAny("r.status", filter.statuses)
    .addBounds("r.inserted_at", times);
  filters.conditions.push("w.guide = 0");
  if (filter.has_errors !== undefined) filters.conditions.push(`r.error_count ${filter.has_errors ? ">" : "="} 0`);
  return db.read(() => {
    const { rows, page_info } = readPage<RecipientRunRow>(
      db,
      {
        kind: "runs",
        columns: RECIPIENT_RUN_COLUMNS,
        from: FROM,
        bytes: RUN_BYTES,
        key: "r.row",
        filters,
        sources: findSources(db, filter, times),
      },
      page,
    );
    return { items: toStoredRuns(db, shared, rows), page_info };
  });
}
