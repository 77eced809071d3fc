import { MERGED_HISTORY_MS, mergeRecipients as mergeParts } from "../../../domain/recipient/merge-recipient.js";
import type { Recipient, RecipientKey } from "../../../domain/recipient/recipient.js";
import type { Transaction } from "../connection/transaction.js";
import { moveMessages } from "../message/feed-counts.js";
import { getShard } from "../run/shard.js";
import { deleteRecipients } from "./delete-recipients.js";
import { endUnfinishedRuns } from "./end-unfinished-runs.js";
import { mergeActors } from "./merge-actors.js";
import { readRecipients, writeRecipients } from "./recipients.js";
import { lockObjectsOfSubscriber } from "./subscriptions.js";

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
 * Merges one recipient into another, with everything that belongs to it, and then deletes it. Returns false if one of
 * them does not exist or both are the same.
 */
export async function mergeRecipients(
  tx: Transaction,
  into: RecipientKey,
  from: RecipientKey,
  at: number,
): Promise<boolean> {
  const locked = await tx.all(LOCK_BOTH, [into, from]);
  if (locked.length < 2) return false;
  const other = (await readRecipients(tx, [from])).get(from) as Recipient;
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
  return true;
}
