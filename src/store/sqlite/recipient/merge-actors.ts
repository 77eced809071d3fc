import { type MessageBatch, renameActor } from "../../../domain/message/message.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import { stringify } from "../../rows/json-column.js";
import type { Connection } from "../connection/connection.js";

const LIST = "(SELECT value FROM json_each(?))";
const ACTIVITIES = `batch_activities WHERE recipient_run IN (SELECT row FROM recipient_runs WHERE workflow_run IN ${LIST}) AND actor = ?`;

const listRows = (rows: readonly { row: number }[]): string => stringify(rows.map(({ row }) => row));

/**
 * Names `into` as the actor of what `from` did since a time: triggers, activities, and messages of batches (E-414). Must run inside
 * a write. No index finds the triggers of an actor, because each trigger would pay for it.
 */
export function mergeActors(
  db: Connection,
  { into, from, since }: { into: RecipientKey; from: RecipientKey; since: number },
): void {
  const triggers = listRows(
    db.all<{ row: number }>("SELECT row FROM workflow_runs WHERE actor = ? AND inserted_at >= ?", from, since),
  );
  const batches = listRows(db.all<{ row: number }>(`SELECT DISTINCT batch AS row FROM ${ACTIVITIES}`, triggers, from));
  db.run(`UPDATE workflow_runs SET actor = ? WHERE row IN ${LIST}`, into, triggers);
  db.run(`UPDATE ${ACTIVITIES.replace(" WHERE", " SET actor = ? WHERE")}`, into, triggers, from);
  db.run(`UPDATE OR IGNORE batch_actors SET actor = ? WHERE batch IN ${LIST} AND actor = ?`, into, batches, from);
  db.run(`DELETE FROM batch_actors WHERE batch IN ${LIST} AND actor = ?`, batches, from);
  // A message of a batch belongs to the run that waited for it.
  const messages = db.all<{ row: number; batch: string }>(
    `SELECT m.row, m.batch FROM batches b CROSS JOIN messages m ON m.recipient_run = b.holder WHERE b.row IN ${LIST} AND m.batch IS NOT NULL`,
    batches,
  );
  for (const { row, batch } of messages) {
    const renamed = stringify(renameActor(JSON.parse(batch) as MessageBatch, from, into));
    if (renamed !== batch) db.run("UPDATE messages SET batch = ? WHERE row = ?", renamed, row);
  }
}
