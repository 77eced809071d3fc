import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import { cancelRun } from "../../../domain/run/cancel-run.js";
import type { Reason } from "../../../domain/run/outcome.js";
import { getStepKeyRange } from "../../../domain/run/recipient-step-key.js";
import { RECIPIENT_RUN_COLUMNS, type RecipientRunRow, toRecipientRun } from "../../rows/run-row.js";
import type { Transaction } from "../connection/transaction.js";
import { deleteMessagesOfRecipients } from "../message/feed-counts.js";
import { closeBatches } from "../run/batches.js";
import { updateRunRows } from "../run/run-rows.js";
import { deleteWaits, lockWaits } from "../run/waits.js";

const RUNS_OF_RECIPIENTS = "(SELECT row FROM recipient_runs WHERE recipient = ANY($1::text[]))";
const MESSAGES_OF_RECIPIENTS = "(SELECT id FROM messages WHERE recipient = ANY($1::text[]))";

/** Statements that delete what belongs to recipients. Each binds the recipients' keys. */
const DELETIONS = [
  "DELETE FROM subscriptions WHERE recipient = ANY($1::text[])",
  "DELETE FROM subscriptions WHERE object = ANY($1::text[])",
  "DELETE FROM audience_members WHERE recipient = ANY($1::text[])",
  'DELETE FROM user_changes WHERE "user" = ANY($1::text[])',
  "DELETE FROM schedules WHERE recipient = ANY($1::text[])",
  "DELETE FROM frequency_claims WHERE recipient = ANY($1::text[])",
  `DELETE FROM delivery_logs WHERE message IN ${MESSAGES_OF_RECIPIENTS}`,
  `DELETE FROM message_secrets WHERE message IN ${MESSAGES_OF_RECIPIENTS}`,
  `UPDATE batches SET open = 0 WHERE row IN (SELECT batch FROM batch_activities WHERE recipient_run IN ${RUNS_OF_RECIPIENTS})`,
  `DELETE FROM batch_activities WHERE recipient_run IN ${RUNS_OF_RECIPIENTS}`,
  "DELETE FROM recipient_runs WHERE recipient = ANY($1::text[]) AND status IN ('completed', 'cancelled')",
];

/** Statements that delete the state of steps for a recipient. Each binds the bounds of the recipient's keys. */
const STEP_STATE_CHANGES = [
  // Another recipient with the same id would join the batch, although nothing of the deleted recipient is left in it.
  "UPDATE batches SET open = 0 WHERE open = 1 AND key >= $1 AND key < $2",
  "DELETE FROM throttles WHERE key >= $1 AND key < $2",
  "DELETE FROM throttle_passes WHERE key >= $1 AND key < $2",
];

const LOCK_RECIPIENTS = "SELECT key FROM recipients WHERE key = ANY($1::text[]) ORDER BY key FOR UPDATE";

const LOCK_REMAINING_RUNS =
  `SELECT ${RECIPIENT_RUN_COLUMNS}, w.id AS run_id FROM recipient_runs r JOIN workflow_runs w ON w.row = r.workflow_run ` +
  "WHERE r.recipient = ANY($1::text[]) ORDER BY r.row FOR UPDATE OF r";

const RECIPIENT_DELETED: Reason = { code: "recipient_deleted", detail: null };

/**
 * Ends the recipients' unfinished runs. A worker that holds such a run loses it, so that the run never continues for another
 * recipient with the same id.
 */
async function endUnfinishedRuns(tx: Transaction, keys: readonly RecipientKey[], at: number): Promise<void> {
  const runs = await tx.all<RecipientRunRow & { run_id: string }>(LOCK_REMAINING_RUNS, keys);
  if (runs.length === 0) return;
  await closeBatches(tx, runs);
  await updateRunRows(
    tx,
    runs.map((found) => ({
      ...{ row: found.row, batch: found.batch, version: found.version, revision: null },
      run: cancelRun(toRecipientRun(found, found.run_id), at, RECIPIENT_DELETED),
    })),
  );
  const waiting = await lockWaits(
    tx,
    runs.map(({ row }) => row),
  );
  await deleteWaits(tx, waiting);
}

/** Deletes recipients with everything that belongs to them, and returns the keys that existed (E-053, EQ-03). */
export async function deleteRecipients(
  tx: Transaction,
  keys: readonly RecipientKey[],
  at: number,
): Promise<Set<RecipientKey>> {
  const existing = (await tx.all<{ key: RecipientKey }>(LOCK_RECIPIENTS, keys)).map(({ key }) => key);
  if (existing.length === 0) return new Set();
  await tx.run("DELETE FROM recipients WHERE key = ANY($1::text[])", existing);
  for (const deletion of DELETIONS) await tx.run(deletion, existing);
  await deleteMessagesOfRecipients(tx, existing);
  for (const key of existing) {
    const { from, below } = getStepKeyRange(key);
    for (const change of STEP_STATE_CHANGES) await tx.run(change, from, below);
  }
  await endUnfinishedRuns(tx, existing, at);
  return new Set(existing);
}
