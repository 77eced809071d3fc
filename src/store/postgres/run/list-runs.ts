import { hasEndedStatus } from "../../../domain/run/run-status.js";
import type { Workflow } from "../../../domain/workflow/workflow.js";
import type { IdKind, RunQuery } from "../../../ports/filters.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import type { StoredRun } from "../../../ports/run-store.js";
import { RECIPIENT_RUN_COLUMNS, type RecipientRunRow, RUN_BYTES, toRecipientRun } from "../../rows/run-row.js";
import { bindBlockSource } from "../connection/block-values.js";
import { bindRowRange, readPage } from "../connection/read-page.js";
import { buildJson, SqlFilters } from "../connection/sql-filters.js";
import type { Reader } from "../connection/transaction.js";
import { readWorkflowRuns } from "./run-rows.js";
import type { SharedRows } from "./shared-rows.js";

const FROM = "FROM recipient_runs r JOIN workflow_runs w ON w.row = r.workflow_run";

async function toStoredRuns(tx: Reader, shared: SharedRows, rows: readonly RecipientRunRow[]): Promise<StoredRun[]> {
  const workflowRuns = await readWorkflowRuns(
    tx,
    shared,
    rows.map(({ workflow_run }) => workflow_run),
  );
  await shared.load(tx, { versions: rows.flatMap(({ version }) => version ?? []) });
  return rows.map((row) => {
    const read = workflowRuns.get(row.workflow_run);
    if (read === undefined) throw new Error(`workflow_runs: row ${row.workflow_run} is missing`);
    const version = row.version === null ? read.version : shared.version(row.version);
    return { run: read.run, recipientRun: toRecipientRun(row, read.run.id), version };
  });
}

export async function readRecipientRun(tx: Reader, shared: SharedRows, id: string): Promise<StoredRun | null> {
  const rows = await tx.all<RecipientRunRow>(
    `SELECT ${RECIPIENT_RUN_COLUMNS} ${FROM} WHERE r.id = $1 AND w.guide = 0 LIMIT 1`,
    id,
  );
  return (await toStoredRuns(tx, shared, rows))[0] ?? null;
}

/** Returns where runs may be that match the filters; none if an index of the filters finds few runs. */
function findSources(
  filters: SqlFilters,
  { workflow_run_id, recipient, tenant, workflow, status, statuses }: RunQuery,
) {
  if (workflow_run_id !== undefined || recipient !== undefined) return [];
  const toList = (value: string | undefined) => (value === undefined ? undefined : [value]);
  // The first one is read, the others are looked up, so those that match the fewest runs come first.
  return [
    ...bindBlockSource(filters, "runs.tenant", toList(tenant)),
    ...bindBlockSource(filters, "runs.workflow", toList(workflow)),
    ...bindBlockSource(filters, "runs.status", toList(status)),
    ...bindBlockSource(filters, "runs.status", statuses),
  ];
}

/** With up to so many runs of a status, reading all of them is faster than looking for the blocks of other filters. */
const MAX_READ_RUNS = 2_000;

/** Returns whether a list reads the runs of its status by their index. Only runs that continue are in it. */
async function usesStatusIndex(
  tx: Reader,
  { workflow_run_id, recipient, tenant, workflow, status }: RunQuery,
): Promise<boolean> {
  if (status === undefined || hasEndedStatus(status)) return false;
  if (workflow_run_id !== undefined || recipient !== undefined) return false;
  if (tenant === undefined && workflow === undefined) return true;
  const next = `SELECT 1 FROM recipient_runs WHERE status = $1 OFFSET ${MAX_READ_RUNS} LIMIT 1`;
  return (await tx.get(next, status)) === undefined;
}

export async function listRecipientRuns(
  tx: Reader,
  shared: SharedRows,
  filter: RunQuery,
  page: PageRequest,
): Promise<Paged<StoredRun>> {
  const times = { gte: filter.starting_at, lte: filter.ending_at };
  const isByStatus = await usesStatusIndex(tx, filter);
  const filters = new SqlFilters()
    .add("w.workflow = ?", filter.workflow)
    .add("r.workflow_run = (SELECT row FROM workflow_runs WHERE id = ?)", filter.workflow_run_id)
    .add("r.recipient = ?", filter.recipient)
    .add("r.status = ?", isByStatus ? undefined : filter.status)
    .add("w.tenant = ?", filter.tenant)
    .addText(["w.workflow", "r.recipient"], ["r.id", "w.id"], filter.text)
    .addAny("r.status", filter.statuses)
    .addBounds("r.inserted_at", times);
  filters.conditions.push("w.guide = 0");
  if (filter.has_errors !== undefined) filters.conditions.push(`r.error_count ${filter.has_errors ? ">" : "="} 0`);
  const isByTime = filter.workflow_run_id === undefined && filter.recipient === undefined;
  const range = isByTime ? await bindRowRange(tx, "recipient_runs", times, filters) : undefined;
  const { rows, page_info } = await readPage<RecipientRunRow>(
    tx,
    {
      kind: "runs",
      columns: RECIPIENT_RUN_COLUMNS,
      from: FROM,
      bytes: RUN_BYTES,
      key: "r.row",
      filters,
      rows: range,
      sources: isByStatus ? [] : findSources(filters, filter),
      group: isByStatus ? { column: "r.status", value: filters.bind(String(filter.status)) } : undefined,
    },
    page,
  );
  return { items: await toStoredRuns(tx, shared, rows), page_info };
}

const SELECT_VERSIONS_SINCE = `
  SELECT w.version FROM workflow_runs f JOIN workflow_runs w ON w.row >= f.row AND w.workflow = f.workflow
  WHERE f.id = $1 AND ${buildJson("w.settings")} ->> 'branch' IS NOT DISTINCT FROM ${buildJson("f.settings")} ->> 'branch'
  GROUP BY w.version ORDER BY max(w.row) DESC`;

export async function listVersionsSince(tx: Reader, shared: SharedRows, workflowRunId: string): Promise<Workflow[]> {
  const versions = (await tx.all<{ version: number }>(SELECT_VERSIONS_SINCE, workflowRunId)).map((row) => row.version);
  await shared.load(tx, { versions });
  return versions.map((row) => shared.version(row));
}

/** Condition for a range of the index of ids: every character that can follow a prefix is less than a tilde. */
const PREFIX_RANGE = "q.id >= $1 AND q.id < $1 || '~'";

const SELECT_BY_KIND: Record<IdKind, string> = {
  workflow_run: `SELECT q.id FROM workflow_runs q WHERE ${PREFIX_RANGE} AND q.guide = 0`,
  message: `SELECT q.id FROM messages q WHERE ${PREFIX_RANGE}`,
  schedule: `SELECT q.id FROM schedules q WHERE ${PREFIX_RANGE}`,
  recipient_run: `SELECT q.id FROM recipient_runs q JOIN workflow_runs w ON w.row = q.workflow_run WHERE ${PREFIX_RANGE} AND w.guide = 0`,
};

/** Returns up to `limit` ids that start with a prefix, in order. */
export async function listIdsByPrefix(tx: Reader, kind: IdKind, prefix: string, limit: number): Promise<string[]> {
  const rows = await tx.all<{ id: string }>(`${SELECT_BY_KIND[kind]} ORDER BY q.id LIMIT $2`, prefix, limit);
  return rows.map(({ id }) => id);
}
