import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import { cancelRun } from "../../../domain/run/cancel-run.js";
import { RECIPIENT_RUN_COLUMNS, type RecipientRunRow, toRecipientRun } from "../../rows/run-row.js";
import type { Connection } from "../connection/connection.js";
import { closeBatches } from "../run/batches.js";
import { RUN_ROWS_OF_RECIPIENT, updateRecipientRun } from "../run/run-rows.js";
import type { SharedRows } from "../run/shared-rows.js";
import { deleteWait } from "../run/waits.js";

const SELECT_UNFINISHED_RUNS = `
  SELECT ${RECIPIENT_RUN_COLUMNS}, w.id AS run_id FROM recipient_runs r CROSS JOIN workflow_runs w ON w.row = r.workflow_run
  WHERE r.row IN ${RUN_ROWS_OF_RECIPIENT} AND r.status NOT IN ('completed', 'cancelled') ORDER BY r.row`;

/** Cancels a recipient's unfinished runs. A worker that holds such a run loses it. Must run inside a write. */
export function endUnfinishedRuns(db: Connection, shared: SharedRows, recipient: RecipientKey, at: number): void {
  const runs = db.all<RecipientRunRow & { run_id: string }>(SELECT_UNFINISHED_RUNS, recipient);
  closeBatches(db, runs);
  for (const row of runs) {
    const ended = cancelRun(toRecipientRun(row, row.run_id), at, { code: "recipient_deleted", detail: null });
    updateRecipientRun(db, shared, ended, row.row);
    deleteWait(db, row.row);
  }
}
