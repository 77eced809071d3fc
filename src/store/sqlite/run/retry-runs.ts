import { retryRun } from "../../../domain/run/fail-run.js";
import { RECIPIENT_RUN_COLUMNS, type RecipientRunRow, toRecipientRun } from "../../rows/run-row.js";
import type { Connection } from "../connection/connection.js";
import { RUN_ROW_BY_ID, updateRecipientRun } from "./run-rows.js";

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
