import { MERGED_HISTORY_MS, mergeRecipients as mergeParts } from "../../../domain/recipient/merge-recipient.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { CausedWork } from "../../../ports/due-store.js";
import type { Connection } from "../connection/connection.js";
import { RUN_ROWS_OF_RECIPIENT } from "../run/run-rows.js";
import type { SharedRows } from "../run/shared-rows.js";
import { deleteRecipientsInWrite } from "./delete-recipients.js";
import { endUnfinishedRuns } from "./end-unfinished-runs.js";
import { mergeActors } from "./merge-actors.js";
import { changeRecipient, readRecipients } from "./recipients.js";

/**
 * Statements that move what belongs to a recipient. Each binds the key merged into, then the other key. Pairs that both
 * recipients have stay, and are deleted with the other one.
 */
const MOVE_STATEMENTS = [
  // A message takes most of its fields from its run's row, so both move.
  `UPDATE recipient_runs SET recipient = ? WHERE row IN ${RUN_ROWS_OF_RECIPIENT}`,
  "UPDATE messages SET recipient = ? WHERE recipient = ?",
  "UPDATE OR IGNORE subscriptions SET recipient = ? WHERE recipient = ?",
  "UPDATE OR IGNORE audience_members SET recipient = ? WHERE recipient = ?",
];

/**
 * Merges one recipient into another, with everything that belongs to it, and then deletes it. Returns null if one of
 * them does not exist or both are the same.
 */
export function mergeRecipients(
  db: Connection,
  shared: SharedRows,
  into: RecipientKey,
  from: RecipientKey,
  at: number,
): CausedWork | null {
  const both = readRecipients(db, [into, from]);
  const other = both.get(from);
  if (other === undefined || !both.has(into) || into === from) return null;
  const { caused } = db.writeAndCollect(() => {
    changeRecipient(db, into, at, (before) => (before === null ? other : mergeParts(before, other)));
    // Nothing more is sent by runs that wait (E-054).
    endUnfinishedRuns(db, shared, from, at);
    for (const move of MOVE_STATEMENTS) db.run(move, into, from);
    // The counts of the feed are kept again after they are read.
    db.run("DELETE FROM feed_counts WHERE recipient = ?", into);
    mergeActors(db, { into, from, since: at - MERGED_HISTORY_MS });
    deleteRecipientsInWrite(db, [from]);
  });
  return caused;
}
