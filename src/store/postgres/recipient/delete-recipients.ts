import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import { getStepKeyRange } from "../../../domain/run/recipient-step-key.js";
import type { Transaction } from "../connection/transaction.js";
import { deleteMessagesOfRecipients } from "../message/feed-counts.js";
import { closeBatches } from "../run/batches.js";
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
];

/** Statements that delete the state of steps for a recipient. Each binds the bounds of the recipient's keys. */
const STEP_STATE_CHANGES = [
  // Another recipient with the same id would join the batch, although nothing of the deleted recipient is left in it.
  "UPDATE batches SET open = 0 WHERE open = 1 AND key >= $1 AND key < $2",
  "DELETE FROM throttles WHERE key >= $1 AND key < $2",
  "DELETE FROM throttle_passes WHERE key >= $1 AND key < $2",
];

const LOCK_RECIPIENTS = "SELECT key FROM recipients WHERE key = ANY($1::text[]) ORDER BY key FOR UPDATE";

const LOCK_RUNS = "SELECT row, batch FROM recipient_runs WHERE recipient = ANY($1::text[]) ORDER BY row FOR UPDATE";

/**
 * Deletes the recipients' runs. A worker that holds one loses it, so that the run never continues for another
 * recipient with the same id.
 */
async function deleteRuns(tx: Transaction, keys: readonly RecipientKey[]): Promise<void> {
  const runs = await tx.all<{ row: number; batch: number | null }>(LOCK_RUNS, keys);
  if (runs.length === 0) return;
  await closeBatches(tx, runs);
  const rows = runs.map(({ row }) => row);
  await deleteWaits(tx, await lockWaits(tx, rows));
  await tx.run("DELETE FROM recipient_runs WHERE row = ANY($1)", rows);
}

/** Deletes recipients with everything that belongs to them, and returns the keys that existed (E-053). */
export async function deleteRecipients(tx: Transaction, keys: readonly RecipientKey[]): Promise<Set<RecipientKey>> {
  const existing = (await tx.all<{ key: RecipientKey }>(LOCK_RECIPIENTS, keys)).map(({ key }) => key);
  if (existing.length === 0) return new Set();
  await tx.run("DELETE FROM recipients WHERE key = ANY($1::text[])", existing);
  for (const deletion of DELETIONS) await tx.run(deletion, existing);
  await deleteMessagesOfRecipients(tx, existing);
  for (const key of existing) {
    const { from, below } = getStepKeyRange(key);
    for (const change of STEP_STATE_CHANGES) await tx.run(change, from, below);
  }
  await deleteRuns(tx, existing);
  return new Set(existing);
}
