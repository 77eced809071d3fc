import { type MessageBatch, renameActor } from "../../../domain/message/message.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import { stringify } from "../../rows/json-column.js";
import type { Transaction } from "../connection/transaction.js";

const RUNS_OF_TRIGGERS = "SELECT row FROM recipient_runs WHERE workflow_run = ANY($1)";

const SELECT_BATCHES = `
  WITH renamed AS (UPDATE batch_activities SET actor = $2 WHERE recipient_run IN (${RUNS_OF_TRIGGERS}) AND actor = $3 RETURNING batch)
  SELECT DISTINCT batch FROM renamed`;

/** A message of a batch belongs to the run that waited for it. */
const SELECT_MESSAGES = `
  SELECT m.row, m.batch FROM batches b JOIN messages m ON m.recipient_run = b.holder
  WHERE b.row = ANY($1) AND m.batch IS NOT NULL`;

/**
 * Names `into` as the actor of what `from` did since a time: triggers, activities, and messages of batches (E-414). No index finds
 * the triggers of an actor, because each trigger would pay for it, so this may take long in a large store.
 */
export async function mergeActors(
  tx: Transaction,
  { into, from, since }: { into: RecipientKey; from: RecipientKey; since: number },
): Promise<void> {
  await tx.all("SET LOCAL statement_timeout = 0");
  const triggers = await tx.all<{ row: number }>(
    "UPDATE workflow_runs SET actor = $1 WHERE actor = $2 AND inserted_at >= $3 RETURNING row",
    into,
    from,
    since,
  );
  if (triggers.length === 0) return;
  const batches = await tx.all<{ batch: number }>(
    SELECT_BATCHES,
    triggers.map(({ row }) => row),
    into,
    from,
  );
  const messages = await tx.all<{ row: number; batch: string }>(
    SELECT_MESSAGES,
    batches.map(({ batch }) => batch),
  );
  for (const { row, batch } of messages) {
    const renamed = stringify(renameActor(JSON.parse(batch) as MessageBatch, from, into));
    if (renamed !== batch) await tx.run("UPDATE messages SET batch = $2 WHERE row = $1", row, renamed);
  }
}
