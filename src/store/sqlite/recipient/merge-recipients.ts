import { type MessageBatch, renameActor } from "../../../domain/message/message.js";
import { MERGED_HISTORY_MS, mergeRecipients as mergeParts } from "../../../domain/recipient/merge-recipient.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import { cancelRun } from "../../../domain/run/cancel-run.js";
import type { CausedWork } from "../../../ports/due-store.js";
import { type JsonText, parseJson, stringify } from "../../rows/json-column.js";
import { RECIPIENT_RUN_COLUMNS, type RecipientRunRow, toRecipientRun } from "../../rows/run-row.js";
import type { Connection } from "../connection/connection.js";
import { closeBatches } from "../run/batches.js";
import { RUN_ROWS_OF_RECIPIENT, updateRecipientRun } from "../run/run-rows.js";
import { deleteWait } from "../run/waits.js";
import { deleteRecipientsInWrite } from "./delete-recipients.js";
import { changeRecipient, readRecipients } from "./recipients.js";

const LIST = "(SELECT value FROM json_each(?))";
const ACTIVITIES = `batch_activities WHERE recipient_run IN (SELECT row FROM recipient_runs WHERE workflow_run IN ${LIST}) AND actor = ?`;

const listRows = (rows: readonly { row: number }[]): string => stringify(rows.map(({ row }) => row));

/**
 * Names `into` as the actor of what `from` did since a time: triggers, activities, and messages of batches (E-414). Must run inside
 * a write. No index finds the triggers of an actor, because each trigger would pay for it.
 */
function mergeActors(
  db: Connection,
  { into, from, since }: { into: RecipientKey; from: RecipientKey; since: number },
): void {
  const triggers = listRows(
    db.all<{ row: number }>("SELECT row FROM workflow_runs WHERE actor = ? AND inserted_at >= ?", from, since),
  );
  const batches = listRows(db.all<{ row: number }>(`SELECT DISTINCT batch AS row FROM ${ACTIVITIES}`, triggers, from));
  db.run(`UPDATE workflow_runs SET actor = ? WHERE row IN ${LIST}`, into, triggers);
  db.run(`UPDATE ${ACTIVITIES.replace(" WHERE", " SET actor = ? WHERE")}`, into, triggers, from);
  // A message of a batch belongs to the run that waited for it.
  const messages = db.all<{ row: number; batch: JsonText<MessageBatch> }>(
    `SELECT m.row, m.batch FROM batches b CROSS JOIN messages m ON m.recipient_run = b.waiting_run WHERE b.row IN ${LIST} AND m.batch IS NOT NULL`,
    batches,
  );
  for (const { row, batch } of messages) {
    const renamed = stringify(renameActor(parseJson(batch), from, into));
    if (renamed !== batch) db.run("UPDATE messages SET batch = ? WHERE row = ?", renamed, row);
  }
}

const SELECT_UNFINISHED_RUNS = `
  SELECT ${RECIPIENT_RUN_COLUMNS}, w.id AS run_id FROM recipient_runs r CROSS JOIN workflow_runs w ON w.row = r.workflow_run
  WHERE r.row IN ${RUN_ROWS_OF_RECIPIENT} AND r.status NOT IN ('completed', 'cancelled') ORDER BY r.row`;

/** Cancels a recipient's unfinished runs. A worker that holds such a run loses it. Must run inside a write. */
function endUnfinishedRuns(db: Connection, recipient: RecipientKey, at: number): void {
  const runs = db.all<RecipientRunRow & { run_id: string }>(SELECT_UNFINISHED_RUNS, recipient);
  closeBatches(db, runs);
  for (const row of runs) {
    const ended = cancelRun(toRecipientRun(row, row.run_id), at, { code: "recipient_deleted", detail: null });
    updateRecipientRun(db, ended, row.row);
    deleteWait(db, row.row);
  }
}

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
export function mergeRecipients(db: Connection, into: RecipientKey, from: RecipientKey, at: number): CausedWork | null {
  const both = readRecipients(db, [into, from]);
  const other = both.get(from);
  if (other === undefined || !both.has(into) || into === from) return null;
  const { caused } = db.writeAndCollect(() => {
    changeRecipient(db, into, at, (before) => (before === null ? other : mergeParts(before, other)));
    // Nothing more is sent by runs that wait (E-054).
    endUnfinishedRuns(db, from, at);
    for (const move of MOVE_STATEMENTS) db.run(move, into, from);
    mergeActors(db, { into, from, since: at - MERGED_HISTORY_MS });
    deleteRecipientsInWrite(db, [from]);
  });
  return caused;
}
