import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import { cancelRun } from "../../../domain/run/cancel-run.js";
import { RECIPIENT_RUN_COLUMNS, type RecipientRunRow, toRecipientRun } from "../../rows/run-row.js";
import type { Transaction } from "../connection/transaction.js";
import { closeBatches } from "../run/batches.js";
import { updateRunRows } from "../run/run-rows.js";
import { deleteWaits, lockWaits } from "../run/waits.js";

const LOCK_UNFINISHED_RUNS = `
  SELECT ${RECIPIENT_RUN_COLUMNS}, w.id AS run_id FROM recipient_runs r JOIN workflow_runs w ON w.row = r.workflow_run
  WHERE r.recipient = $1 AND r.status NOT IN ('completed', 'cancelled') ORDER BY r.row FOR UPDATE OF r`;

/** Cancels a recipient's unfinished runs. A worker that holds such a run loses it. */
export async function endUnfinishedRuns(tx: Transaction, recipient: RecipientKey, at: number): Promise<void> {
  const runs = await tx.all<RecipientRunRow & { run_id: string }>(LOCK_UNFINISHED_RUNS, recipient);
  if (runs.length === 0) return;
  await closeBatches(tx, runs);
  await updateRunRows(
    tx,
    runs.map((found) => ({
      ...{ row: found.row, batch: found.batch, version: found.version, revision: null },
      run: cancelRun(toRecipientRun(found, found.run_id), at, { code: "recipient_deleted", detail: null }),
    })),
  );
  const rows = runs.map(({ row }) => row);
  await deleteWaits(tx, await lockWaits(tx, rows));
}
