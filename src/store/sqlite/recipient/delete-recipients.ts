import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import { cancelRun } from "../../../domain/run/cancel-run.js";
import type { Reason } from "../../../domain/run/outcome.js";
import { getStepKeyRange } from "../../../domain/run/recipient-step-key.js";
import { RECIPIENT_RUN_COLUMNS, type RecipientRunRow, toRecipientRun } from "../../rows/run-row.js";
import type { Connection } from "../connection/connection.js";
import { closeBatches } from "../run/batches.js";
import { RUN_ROWS_OF_RECIPIENT, updateRecipientRun } from "../run/run-rows.js";
import type { SharedRows } from "../run/shared-rows.js";
import { deleteWait } from "../run/waits.js";

/** Statements that delete what belongs to a recipient. Each binds the recipient's key once. */
const DELETIONS = [
  "DELETE FROM subscriptions WHERE recipient = ?",
  "DELETE FROM subscriptions WHERE object = ?",
  "DELETE FROM audience_members WHERE recipient = ?",
  "DELETE FROM user_changes WHERE user = ?",
  "DELETE FROM schedules WHERE recipient = ?",
  "DELETE FROM frequency_claims WHERE recipient = ?",
  "DELETE FROM delivery_logs WHERE message IN (SELECT id FROM messages WHERE recipient = ?)",
  "DELETE FROM message_secrets WHERE message IN (SELECT id FROM messages WHERE recipient = ?)",
  "DELETE FROM messages WHERE recipient = ?",
  "DELETE FROM feed_counts WHERE recipient = ?",
  `DELETE FROM batch_actors WHERE batch IN (SELECT batch FROM batch_activities WHERE recipient_run IN ${RUN_ROWS_OF_RECIPIENT})`,
  // Rows of deleted activities are used again, so the chain of a batch that no run waits for must not lead to them.
  `UPDATE batches SET open = 0, newest = NULL, hundredth = NULL WHERE row IN (SELECT batch FROM batch_activities WHERE recipient_run IN ${RUN_ROWS_OF_RECIPIENT})`,
  `DELETE FROM batch_activities WHERE recipient_run IN ${RUN_ROWS_OF_RECIPIENT}`,
  `DELETE FROM recipient_runs WHERE row IN ${RUN_ROWS_OF_RECIPIENT} AND status IN ('completed', 'cancelled')`,
];

/** Statements that delete the state of steps for a recipient. Each binds the bounds of the recipient's keys. */
const STEP_STATE_CHANGES = [
  // Another recipient with the same id would join the batch, although nothing of the deleted recipient is left in it.
  "UPDATE batches SET open = 0 WHERE open = 1 AND key >= ? AND key < ?",
  "DELETE FROM throttles WHERE key >= ? AND key < ?",
  "DELETE FROM throttle_passes WHERE key >= ? AND key < ?",
];

const SELECT_REMAINING_RUNS =
  `SELECT ${RECIPIENT_RUN_COLUMNS}, w.id AS run_id FROM recipient_runs r CROSS JOIN workflow_runs w ON w.row = r.workflow_run ` +
  `WHERE r.row IN ${RUN_ROWS_OF_RECIPIENT} ORDER BY r.row`;

const RECIPIENT_DELETED: Reason = { code: "recipient_deleted", detail: null };

/**
 * Ends the recipient's unfinished runs. A worker that holds such a run loses it, so that the run never continues for another
 * recipient with the same id.
 */
function endUnfinishedRuns(db: Connection, shared: SharedRows, key: RecipientKey, at: number): void {
  const runs = db.all<RecipientRunRow & { run_id: string }>(SELECT_REMAINING_RUNS, key);
  closeBatches(db, runs);
  for (const row of runs) {
    const ended = cancelRun(toRecipientRun(row, row.run_id), at, RECIPIENT_DELETED);
    updateRecipientRun(db, shared, ended, row.row);
    deleteWait(db, row.row);
  }
}

/** Deletes recipients with everything that belongs to them, and returns the keys that existed (E-053, EQ-03). */
export function deleteRecipients(
  db: Connection,
  shared: SharedRows,
  keys: readonly RecipientKey[],
  at: number,
): Set<RecipientKey> {
  return db.write(() => {
    const existed = new Set<RecipientKey>();
    for (const key of keys) {
      if (db.run("DELETE FROM recipients WHERE key = ?", key) === 0) continue;
      existed.add(key);
      for (const deletion of DELETIONS) db.run(deletion, key);
      const { from, below } = getStepKeyRange(key);
      for (const change of STEP_STATE_CHANGES) db.run(change, from, below);
      endUnfinishedRuns(db, shared, key, at);
    }
    return existed;
  });
}
