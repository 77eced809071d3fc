import { retryRun } from "../../../domain/run/fail-run.js";
import type { RecipientRun } from "../../../domain/run/workflow-run.js";
import { toJson } from "../../rows/json-column.js";
import {
  RECIPIENT_RUN_COLUMNS,
  RECIPIENT_RUNS,
  type RecipientRunRow,
  toRecipientRun,
  toWorkflowRunRecord,
  WORKFLOW_RUN_COLUMNS,
  type WorkflowRunRecord,
  type WorkflowRunRow,
} from "../../rows/run-row.js";
import { encodeFields } from "../../rows/table.js";
import { BlockValues, recordChangedValues, recordNewValues } from "../connection/block-values.js";
import type { Reader, Transaction } from "../connection/transaction.js";
import { recordOutboundRuns } from "./outbound-events.js";
import { getShard } from "./shard.js";
import type { SharedRows } from "./shared-rows.js";

/** A value of a row list. Texts are not empty and contain no control characters, as JSON and fixed words do. */
type ListValue = string | number | boolean | null;

/** A column of a row list: its name and type in the statement, and its value for each item. */
interface ListColumn<Item> {
  name: string;
  type: string;
  /** Whether the values are JSON texts of the column's texts, which may be any. */
  isAnyText?: boolean;
  getValue(item: Item): ListValue;
}

const ROW_SEPARATOR = "\x1e";
const VALUE_SEPARATOR = "\x1f";

/**
 * Returns items as one text for {@link buildRowList}. PostgreSQL reads it in half of the time of a JSON list, whose keys are
 * repeated in each row.
 */
function formatRowList<Item>(columns: readonly ListColumn<Item>[], items: readonly Item[]): string {
  let text = "";
  for (const [index, item] of items.entries()) {
    if (index > 0) text += ROW_SEPARATOR;
    let separator = "";
    for (const { getValue } of columns) {
      text += separator + (getValue(item) ?? "");
      separator = VALUE_SEPARATOR;
    }
  }
  return text;
}

/** Builds the source of a statement that reads the rows of a text. An empty value is NULL. */
function buildRowList<Item>(columns: readonly ListColumn<Item>[], parameter: string): string {
  const values = columns.map(({ name, type, isAnyText = false }, index) => {
    const value = `v.list[${index + 1}]`;
    return `${isAnyText ? `${value}::json #>> '{}'` : `${value}::${type}`} AS ${name}`;
  });
  // `OFFSET 0` keeps the planner from splitting a line again for each of its values.
  return `(SELECT ${values.join(", ")} FROM (
    SELECT string_to_array(line, E'\\x1f', '') AS list FROM unnest(string_to_array(${parameter}, E'\\x1e')) AS line OFFSET 0
  ) v)`;
}

const SELECT_WORKFLOW_RUNS = `SELECT ${WORKFLOW_RUN_COLUMNS} FROM workflow_runs w`;

async function toRecords(
  tx: Reader,
  shared: SharedRows,
  rows: readonly WorkflowRunRow[],
): Promise<WorkflowRunRecord[]> {
  await shared.load(tx, { versions: rows.map(({ version }) => version) });
  return rows.map((row) => toWorkflowRunRecord(row, shared.version(row.version)));
}

export async function findWorkflowRun(tx: Reader, shared: SharedRows, id: string): Promise<WorkflowRunRecord | null> {
  const rows = await tx.all<WorkflowRunRow>(`${SELECT_WORKFLOW_RUNS} WHERE id = $1 AND guide = 0`, id);
  return (await toRecords(tx, shared, rows))[0] ?? null;
}

/** Returns workflow runs by row. Recipient runs share them, so a row may be asked for many times. */
export async function readWorkflowRuns(
  tx: Reader,
  shared: SharedRows,
  rows: readonly number[],
): Promise<Map<number, WorkflowRunRecord>> {
  if (rows.length === 0) return new Map();
  const found = await tx.all<WorkflowRunRow>(`${SELECT_WORKFLOW_RUNS} WHERE row = ANY($1)`, [...new Set(rows)]);
  return new Map((await toRecords(tx, shared, found)).map((record) => [record.row, record]));
}

/** A new recipient run, with its row and the row of the batch that it waits for. */
export interface NewRun {
  row: number;
  run: RecipientRun;
  batch: number | null;
}

const COPY_COLUMNS = ["row", "workflow_run", "shard", "batch", ...RECIPIENT_RUNS.fields.map(({ name }) => name)];

/** The row of a workflow run, with the values by which its runs are listed. */
interface TriggerRow {
  row: number;
  workflow: string;
  tenant: string | null;
}

/** Inserts new recipient runs of one trigger, and reports when they are due. */
export async function insertRunRows(
  tx: Transaction,
  { row: workflowRun, workflow, tenant }: TriggerRow,
  runs: readonly NewRun[],
): Promise<void> {
  await tx.copy(
    "recipient_runs",
    COPY_COLUMNS,
    runs.map(({ row, run, batch }) => [
      ...[row, workflowRun, getShard(run.recipient), batch],
      ...encodeFields(RECIPIENT_RUNS.fields, run),
    ]),
  );
  const values = new BlockValues();
  for (const { row, run } of runs) {
    values.add("runs.status", run.status, row);
    values.add("runs.workflow", workflow, row);
    values.add("runs.tenant", tenant, row);
  }
  await recordNewValues(tx, values);
  wakeRuns(
    tx,
    runs.map(({ row, run }) => ({ row, run, workflowRun, workflow, tenant })),
  );
  await recordOutboundRuns(
    tx,
    runs.map(({ run }) => ({ before: null, after: run })),
  );
}

/** A changed recipient run with its row and that of its workflow run. */
interface ChangedRun {
  row: number;
  run: RecipientRun;
  workflowRun: number;
  workflow: string | null;
  tenant: string | null;
}

/** Reports when runs are due: the runs of a trigger that are due together as one range, others by the shard of their recipient. */
export function wakeRuns(tx: Transaction, runs: readonly ChangedRun[]): void {
  const groups = new Map<string, { first: ChangedRun; dueAt: number; rows: number[] }>();
  for (const changed of runs) {
    const { row, run, workflowRun } = changed;
    if (run.due_at === null) continue;
    const key = `${workflowRun} ${run.due_at}`;
    const group = groups.get(key);
    if (group) group.rows.push(row);
    else groups.set(key, { first: changed, dueAt: run.due_at, rows: [row] });
  }
  for (const { first, dueAt, rows } of groups.values()) {
    const { run, workflowRun, workflow, tenant } = first;
    if (rows.length === 1) tx.wake({ kind: "runs", dueAt, shard: getShard(run.recipient), size: 1 });
    else
      tx.wake({
        kind: "runs",
        dueAt,
        workflowRunRow: workflowRun,
        workflowRunId: run.workflow_run_id,
        workflow,
        tenant,
        rows: { from: Math.min(...rows), to: Math.max(...rows) },
        size: rows.length,
      });
  }
}

/** A run to write over its row, with the columns that are not part of the run. */
interface RunUpdate {
  row: number;
  run: RecipientRun;
  batch: number | null;
  version: number | null;
  /** The revision that the row must have unless it is leased; null if the row is locked. */
  revision: number | null;
  isLeased?: boolean;
}

/** Returns the condition for a run `r` that a claim still holds: by its lease, or unchanged since it was read. */
export const buildHeldCondition = (token: string): string =>
  `CASE WHEN c.is_leased THEN r.claim_token = ${token} ELSE r.claim_token IS NULL AND r.revision = c.revision END`;

/** The columns of a change that are written to the row. */
const WRITTEN_COLUMNS: readonly ListColumn<RunUpdate>[] = [
  ...RECIPIENT_RUNS.mutableFields.map(({ name, type, isJson, values, encode }) => {
    const isAnyText = type === "text" && !isJson && values === undefined;
    const getValue = ({ run }: RunUpdate) => (isAnyText ? toJson(encode(run)) : encode(run));
    return { name, type, isAnyText, getValue };
  }),
  { name: "batch", type: "bigint", getValue: ({ batch }) => batch },
  { name: "version", type: "bigint", getValue: ({ version }) => version },
];
const CHANGE_COLUMNS: readonly ListColumn<RunUpdate>[] = [
  { name: "row", type: "bigint", getValue: ({ row }) => row },
  { name: "revision", type: "integer", getValue: ({ revision }) => revision },
  { name: "is_leased", type: "boolean", getValue: ({ isLeased = false }) => isLeased },
  ...WRITTEN_COLUMNS,
];

const buildUpdate = (guard: string): string => `
  UPDATE recipient_runs r
  SET ${WRITTEN_COLUMNS.map(({ name }) => `${name} = c.${name}`).join(", ")},
    claim_token = NULL, claim_until = NULL, revision = r.revision + 1
  FROM ${buildRowList(CHANGE_COLUMNS, "$1")} c WHERE r.row = c.row${guard} RETURNING r.row`;
const UPDATE_LOCKED = buildUpdate("");
const UPDATE_HELD = buildUpdate(` AND ${buildHeldCondition("$2")}`);

/**
 * Stores runs after an advance or a cancellation, which ends their claims. With a token, rows that another claim holds or that
 * were changed since they were read stay as they are. Returns the rows that were changed, in no order.
 */
export async function updateRunRows(
  tx: Transaction,
  updates: readonly RunUpdate[],
  token: string | null = null,
): Promise<number[]> {
  if (updates.length === 0) return [];
  // In order of the rows, so that transactions wait for each other without deadlocks.
  const inOrder = [...updates].sort((one, other) => one.row - other.row);
  const list = formatRowList(CHANGE_COLUMNS, inOrder);
  const changed =
    token === null
      ? await tx.all<{ row: number }>(UPDATE_LOCKED, list)
      : await tx.all<{ row: number }>(UPDATE_HELD, list, token);
  const statuses = new Map(updates.map(({ row, run }) => [row, run.status]));
  const values = new BlockValues();
  for (const { row } of changed) values.add("runs.status", statuses.get(row) ?? null, row);
  await recordChangedValues(tx, values);
  return changed.map(({ row }) => row);
}

const SELECT = `SELECT ${RECIPIENT_RUN_COLUMNS}, w.id AS run_id, w.workflow, w.tenant
  FROM recipient_runs r JOIN workflow_runs w ON w.row = r.workflow_run
  WHERE r.id = ANY($1::text[]) ORDER BY r.row FOR NO KEY UPDATE OF r`;

/** Makes failed runs due again and returns their IDs. Runs with another status are left as they are. */
export async function retryRuns(tx: Transaction, ids: readonly string[], at: number): Promise<string[]> {
  const found = await tx.all<RecipientRunRow & { run_id: string; workflow: string; tenant: string | null }>(
    SELECT,
    ids,
  );
  const retried = found.flatMap((row) => {
    const run = retryRun(toRecipientRun(row, row.run_id), at);
    return run === null ? [] : [{ ...row, run, workflowRun: row.workflow_run, revision: null }];
  });
  await updateRunRows(tx, retried);
  wakeRuns(tx, retried);
  return retried.map(({ id }) => id);
}
