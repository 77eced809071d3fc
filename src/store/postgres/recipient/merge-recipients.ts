import { type MessageBatch, renameActor } from "../../../domain/message/message.js";
import { MERGED_HISTORY_MS, mergeRecipients as mergeParts } from "../../../domain/recipient/merge-recipient.js";
import type { Recipient, RecipientKey } from "../../../domain/recipient/recipient.js";
import { cancelRun } from "../../../domain/run/cancel-run.js";
import type { CausedWork } from "../../../ports/due-store.js";
import { type JsonText, parseJson, stringify } from "../../rows/json-column.js";
import { RECIPIENT_RUN_COLUMNS, type RecipientRunRow, toRecipientRun } from "../../rows/run-row.js";
import type { Transaction } from "../connection/transaction.js";
import { moveMessages } from "../message/feed-counts.js";
import { closeBatches } from "../run/batches.js";
import { updateRunRows } from "../run/run-rows.js";
import { getShard } from "../run/shard.js";
import { deleteWaits, lockWaits } from "../run/waits.js";
import { deleteRecipients } from "./delete-recipients.js";
import { readRecipients, writeRecipients } from "./recipients.js";
import { lockObjectsOfSubscriber } from "./subscriptions.js";

const RUNS_OF_TRIGGERS = "SELECT row FROM recipient_runs WHERE workflow_run = ANY($1)";

const SELECT_BATCHES = `
  WITH renamed AS (UPDATE batch_activities SET actor = $2 WHERE recipient_run IN (${RUNS_OF_TRIGGERS}) AND actor = $3 RETURNING batch)
  SELECT DISTINCT batch FROM renamed`;

/** A message of a batch belongs to the run that waited for it. */
const SELECT_MESSAGES = `
  SELECT m.row, m.batch FROM batches b JOIN messages m ON m.recipient_run = b.waiting_run
  WHERE b.row = ANY($1) AND m.batch IS NOT NULL`;

/**
 * Names `into` as the actor of what `from` did since a time: triggers, activities, and messages of batches (E-414). No index finds
 * the triggers of an actor, because each trigger would pay for it, so this may take long in a large store.
 */
async function mergeActors(
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
  const messages = await tx.all<{ row: number; batch: JsonText<MessageBatch> }>(
    SELECT_MESSAGES,
    batches.map(({ batch }) => batch),
  );
  for (const { row, batch } of messages) {
    const renamed = stringify(renameActor(parseJson(batch), from, into));
    if (renamed !== batch) await tx.run("UPDATE messages SET batch = $2 WHERE row = $1", row, renamed);
  }
}

const LOCK_UNFINISHED_RUNS = `
  SELECT ${RECIPIENT_RUN_COLUMNS}, w.id AS run_id FROM recipient_runs r JOIN workflow_runs w ON w.row = r.workflow_run
  WHERE r.recipient = $1 AND r.status NOT IN ('completed', 'cancelled') ORDER BY r.row FOR UPDATE OF r`;

/** Cancels a recipient's unfinished runs. A worker that holds such a run loses it. */
async function endUnfinishedRuns(tx: Transaction, recipient: RecipientKey, at: number): Promise<void> {
  const runs = await tx.all<RecipientRunRow & { run_id: string }>(LOCK_UNFINISHED_RUNS, recipient);
  if (runs.length === 0) return;
  await closeBatches(tx, runs);
  await updateRunRows(
    tx,
    runs.map((found) => ({
      row: found.row,
      batch: found.batch,
      version: found.version,
      revision: null,
      run: cancelRun(toRecipientRun(found, found.run_id), at, { code: "recipient_deleted", detail: null }),
    })),
  );
  const rows = runs.map(({ row }) => row);
  await deleteWaits(tx, await lockWaits(tx, rows));
}

/** A message takes most of its fields from its run's row, so both move. */
const MOVE_RUNS = "UPDATE recipient_runs SET recipient = $1, shard = $3 WHERE recipient = $2";

/** Statements that move rows of which a recipient has one of each kind. Those that both have stay, and are deleted with the other recipient. */
const MOVE_UNIQUE_ROWS = [
  `WITH moved AS (DELETE FROM subscriptions WHERE recipient = $2 RETURNING *)
   INSERT INTO subscriptions (row, object, recipient, properties, inserted_at, updated_at)
   SELECT row, object, $1, properties, inserted_at, updated_at FROM moved ORDER BY row ON CONFLICT (object, recipient) DO NOTHING`,
  `WITH moved AS (DELETE FROM audience_members WHERE recipient = $2 RETURNING *)
   INSERT INTO audience_members (row, audience, recipient, tenant, inserted_at)
   SELECT row, audience, $1, tenant, inserted_at FROM moved ORDER BY row ON CONFLICT (audience, recipient, tenant) DO NOTHING`,
];

const LOCK_BOTH = "SELECT key FROM recipients WHERE key = ANY($1::text[]) ORDER BY key FOR UPDATE";

/**
 * Merges one recipient into another, with everything that belongs to it, and then deletes it. Returns null if one of
 * them does not exist or both are the same.
 */
export async function mergeRecipients(
  tx: Transaction,
  into: RecipientKey,
  from: RecipientKey,
  at: number,
): Promise<CausedWork | null> {
  const locked = await tx.all(LOCK_BOTH, [into, from]);
  const other = locked.length < 2 ? undefined : (await readRecipients(tx, [from])).get(from);
  if (other === undefined) return null;
  const change = (before: Recipient | null) => (before === null ? other : mergeParts(before, other));
  await writeRecipients(tx, [{ key: into, change }], at);
  await lockObjectsOfSubscriber(tx, from);
  const shard = getShard(into);
  // Nothing more is sent by runs that wait (E-054).
  await endUnfinishedRuns(tx, from, at);
  await tx.run(MOVE_RUNS, into, from, shard);
  await moveMessages(tx, { from, into, shard });
  for (const move of MOVE_UNIQUE_ROWS) await tx.run(move, into, from);
  await mergeActors(tx, { into, from, since: at - MERGED_HISTORY_MS });
  await deleteRecipients(tx, [from]);
  return tx.getCausedWork();
}
