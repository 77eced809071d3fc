import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import { getStepKeyRange } from "../../../domain/run/recipient-step-key.js";
import type { Connection } from "../connection/connection.js";
import { closeBatches } from "../run/batches.js";
import { RUN_ROWS_OF_RECIPIENT } from "../run/run-rows.js";
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
  `UPDATE batches SET open = 0 WHERE row IN (SELECT batch FROM batch_activities WHERE recipient_run IN ${RUN_ROWS_OF_RECIPIENT})`,
  `DELETE FROM batch_activities WHERE recipient_run IN ${RUN_ROWS_OF_RECIPIENT}`,
];

/** Statements that delete the state of steps for a recipient. Each binds the bounds of the recipient's keys. */
const STEP_STATE_CHANGES = [
  // Another recipient with the same id would join the batch, although nothing of the deleted recipient is left in it.
  "UPDATE batches SET open = 0 WHERE open = 1 AND key >= ? AND key < ?",
  "DELETE FROM throttles WHERE key >= ? AND key < ?",
  "DELETE FROM throttle_passes WHERE key >= ? AND key < ?",
];

const SELECT_RUNS = `SELECT row, batch FROM recipient_runs WHERE row IN ${RUN_ROWS_OF_RECIPIENT} ORDER BY row`;

/**
 * Deletes the recipient's runs. A worker that holds one loses it, so that the run never continues for another
 * recipient with the same id.
 */
function deleteRuns(db: Connection, key: RecipientKey): void {
  const runs = db.all<{ row: number; batch: number | null }>(SELECT_RUNS, key);
  closeBatches(db, runs);
  for (const { row } of runs) {
    deleteWait(db, row);
    db.run("DELETE FROM recipient_runs WHERE row = ?", row);
  }
}

/** Deletes recipients with everything that belongs to them, and returns the keys that existed (E-053). */
export function deleteRecipients(db: Connection, keys: readonly RecipientKey[]): Set<RecipientKey> {
  return db.write(() => deleteRecipientsInWrite(db, keys));
}

/** Deletes recipients as `deleteRecipients` does. Must run inside a write. */
export function deleteRecipientsInWrite(db: Connection, keys: readonly RecipientKey[]): Set<RecipientKey> {
  const existed = new Set<RecipientKey>();
  for (const key of keys) {
    if (db.run("DELETE FROM recipients WHERE key = ?", key) === 0) continue;
    existed.add(key);
    for (const deletion of DELETIONS) db.run(deletion, key);
    const { from, below } = getStepKeyRange(key);
    for (const change of STEP_STATE_CHANGES) db.run(change, from, below);
    deleteRuns(db, key);
  }
  return existed;
}
