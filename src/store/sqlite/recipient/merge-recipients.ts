import { mergeRecipients as mergeParts } from "../../../domain/recipient/merge-recipient.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { Connection } from "../connection/connection.js";
import { deleteRecipients } from "./delete-recipients.js";
import { changeRecipient, readRecipients } from "./recipients.js";

/** Each takes the key merged into, then the other's; a pair that both have is left to go with the other. */
const MOVE_STATEMENTS = [
  // With their messages, which their runs' rows tell most of. A run on its way ends with the other (E-053).
  "UPDATE recipient_runs SET recipient = ? WHERE recipient = ? AND status IN ('completed', 'cancelled')",
  "UPDATE messages SET recipient = ? WHERE recipient = ?",
  "UPDATE OR IGNORE subscriptions SET recipient = ? WHERE recipient = ?",
  "UPDATE OR IGNORE audience_members SET recipient = ? WHERE recipient = ?",
];

/** Merges one recipient into another, with all that is theirs; the other is then deleted. */
export function mergeRecipients(db: Connection, into: RecipientKey, from: RecipientKey, at: number): boolean {
  const both = readRecipients(db, [into, from]);
  const other = both.get(from);
  if (other === undefined || !both.has(into) || into === from) return false;
  db.write(() => {
    changeRecipient(db, into, at, (before) => (before === null ? other : mergeParts(before, other)));
    for (const move of MOVE_STATEMENTS) db.run(move, into, from);
  });
  deleteRecipients(db, [from], at);
  return true;
}
