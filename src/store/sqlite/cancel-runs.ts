import type { CancelledRun, RunCancellation } from "../../ports/store.js";
import { cancelledRun, isCancellable } from "../cancelled-run.js";
import { removeActivity } from "./batches.js";
import type { Connection } from "./connection.js";
import {
  changesOf,
  RECIPIENT_RUN_CHANGES,
  RECIPIENT_RUN_COLUMNS,
  type RecipientRunRow,
  recipientRunOf,
} from "./run-rows.js";

const SELECT =
  `SELECT ${RECIPIENT_RUN_COLUMNS}, w.id AS run_id FROM workflow_runs w CROSS JOIN recipient_runs r ON r.workflow_run = w.row ` +
  "WHERE w.workflow = ? AND w.cancellation_key = ? AND (? IS NULL OR r.recipient IN (SELECT value FROM json_each(?))) ORDER BY r.row";

/** Cancels what has not ended, across all triggers with the key (E-353 to E-357); a worker that holds such a run loses it. */
export function cancelRuns(
  db: Connection,
  { workflow, cancellation_key, recipients, at }: RunCancellation,
): CancelledRun[] {
  const only = recipients && JSON.stringify(recipients);
  return db.write(() => {
    const update = db.statement(`UPDATE recipient_runs SET ${RECIPIENT_RUN_CHANGES} WHERE row = ?`);
    return db.all<RecipientRunRow & { run_id: string }>(SELECT, workflow, cancellation_key, only, only).map((row) => {
      const before = recipientRunOf(row, row.run_id);
      // In an open batch only the activity goes: the window, and the run that holds it, stay (E-279, E-280).
      if (removeActivity(db, row.row)) return { recipientRun: before, cancelled: true };
      if (!isCancellable(before)) return { recipientRun: before, cancelled: false };
      const recipientRun = cancelledRun(before, at);
      update.run(...changesOf(recipientRun), row.row);
      return { recipientRun, cancelled: true };
    });
  });
}
