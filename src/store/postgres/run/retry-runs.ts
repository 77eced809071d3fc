import { retryRun } from "../../../domain/run/fail-run.js";
import { RECIPIENT_RUN_COLUMNS, type RecipientRunRow, toRecipientRun } from "../../rows/run-row.js";
import type { Transaction } from "../connection/transaction.js";
import { updateRunRows, wakeRuns } from "./run-rows.js";

const SELECT = `SELECT ${RECIPIENT_RUN_COLUMNS}, w.id AS run_id, w.tenant
  FROM recipient_runs r JOIN workflow_runs w ON w.row = r.workflow_run
  WHERE r.id = ANY($1::text[]) ORDER BY r.row FOR NO KEY UPDATE OF r`;

/** Makes failed runs due again and returns their IDs. Runs with another status are left as they are. */
export async function retryRuns(tx: Transaction, ids: readonly string[], at: number): Promise<string[]> {
  const found = await tx.all<RecipientRunRow & { run_id: string; tenant: string | null }>(SELECT, ids);
  const retried = found.flatMap((row) => {
    const run = retryRun(toRecipientRun(row, row.run_id), at);
    return run === null ? [] : [{ ...row, run, workflowRun: row.workflow_run, revision: null }];
  });
  await updateRunRows(tx, retried);
  wakeRuns(tx, retried);
  return retried.map(({ id }) => id);
}
