import { retryRun } from "../../../domain/run/fail-run.js";
import type { RecipientRun } from "../../../domain/run/workflow-run.js";
import { stringify } from "../../rows/json-column.js";
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
import { buildRow, type ColumnValue, encodeFields, listColumns } from "../../rows/table.js";
import type { Connection } from "../connection/connection.js";
import type { SharedRows } from "./shared-rows.js";

/**
 * Lists the blocks of 2,048 rows, the newest first. The index of recipient run ids contains the first six characters of each id
 * by block, so a lookup searches each block: half a microsecond each. The limit keeps a damaged row number from making the
 * search endless.
 */
export const RUN_BLOCKS =
  "WITH RECURSIVE block (number) AS (SELECT MAX(row) >> 11 FROM recipient_runs UNION ALL SELECT number - 1 FROM block WHERE number > 0 LIMIT 1000000)";

/** Subquery for the row of the recipient run with an id, which is bound once. */
export const RUN_ROW_BY_ID =
  `(${RUN_BLOCKS} ` +
  "SELECT q.row FROM (SELECT ? AS id) asked CROSS JOIN block CROSS JOIN recipient_runs q " +
  "WHERE q.row >> 11 = block.number AND substr(q.id, 1, 6) = substr(asked.id, 1, 6) AND q.id = asked.id LIMIT 1)";

/** Subquery for the rows of the runs of a recipient, which is bound once. */
export const RUN_ROWS_OF_RECIPIENT =
  `(${RUN_BLOCKS} ` +
  "SELECT q.row FROM (SELECT ? AS recipient) asked CROSS JOIN block CROSS JOIN recipient_runs q " +
  "WHERE q.row >> 11 = block.number AND q.recipient = asked.recipient)";

const SELECT_WORKFLOW_RUN = `SELECT ${WORKFLOW_RUN_COLUMNS} FROM workflow_runs w`;

export function findWorkflowRun(db: Connection, shared: SharedRows, id: string): WorkflowRunRecord | null {
  const row = db.get<WorkflowRunRow>(`${SELECT_WORKFLOW_RUN} WHERE id = ? AND guide = 0`, id);
  return row ? toWorkflowRunRecord(row, shared.readVersion(row.version)) : null;
}

/** Returns a function that reads workflow runs, each only once, because its recipient runs share it. */
export function createWorkflowRunReader(db: Connection, shared: SharedRows): (row: number) => WorkflowRunRecord {
  const known = new Map<number, WorkflowRunRecord>();
  return (row) => {
    let read = known.get(row);
    if (read === undefined) {
      const found = db.getOne<WorkflowRunRow>(`${SELECT_WORKFLOW_RUN} WHERE row = ?`, row);
      read = toWorkflowRunRecord(found, shared.readVersion(found.version));
      known.set(row, read);
    }
    return read;
  };
}

/** Returns the recipient runs of rows, in the order of the rows. */
export function selectRecipientRunRows(db: Connection, rows: readonly number[]): RecipientRunRow[] {
  return db
    .allLists<ColumnValue[]>(
      `SELECT ${RECIPIENT_RUN_COLUMNS} FROM json_each(?) asked CROSS JOIN recipient_runs r ON r.row = asked.value ORDER BY asked.key`,
      stringify(rows),
    )
    .map((values) => buildRow<RecipientRunRow>(RECIPIENT_RUNS.columns, values));
}

const UPDATE_RECIPIENT_RUN = `UPDATE recipient_runs SET ${listColumns(RECIPIENT_RUNS.mutableFields, (name) => `${name} = ?`)}, claim_token = NULL, claim_until = NULL WHERE row = ?`;

/** Stores a run after an advance or cancellation, which ends its claim. Must run inside a write. */
export function updateRecipientRun(db: Connection, run: RecipientRun, row: number): void {
  db.run(UPDATE_RECIPIENT_RUN, ...encodeFields(RECIPIENT_RUNS.mutableFields, run), row);
}

const SELECT = `SELECT ${RECIPIENT_RUN_COLUMNS}, w.id AS run_id FROM recipient_runs r JOIN workflow_runs w ON w.row = r.workflow_run WHERE r.row = ${RUN_ROW_BY_ID}`;

/** Makes failed runs due again and returns their IDs. Runs with another status are left as they are. */
export function retryRuns(db: Connection, ids: readonly string[], at: number): string[] {
  return db.write(() =>
    ids.filter((id) => {
      const row = db.get<RecipientRunRow & { run_id: string }>(SELECT, id);
      const run = row === undefined ? null : retryRun(toRecipientRun(row, row.run_id), at);
      if (row === undefined || run === null) return false;
      updateRecipientRun(db, run, row.row);
      return true;
    }),
  );
}
