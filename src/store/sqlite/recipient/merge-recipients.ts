import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import { deepMerge } from "../../../util/json.js";
import type { Connection } from "../connection/connection.js";
import { deleteRecipients } from "./delete-recipients.js";
import { changeRecipient, readRecipients } from "./recipients.js";

/** Each takes the key merged into, then the other's; a pair that both have is left to go with the other. */
const MOVES = [
  // With their messages, which their runs' rows tell most of. A run on its way ends with the other (E-053).
  "UPDATE recipient_runs SET recipient = ? WHERE recipient = ? AND status IN ('completed', 'cancelled')",
  "UPDATE messages SET recipient = ? WHERE recipient = ?",
  "UPDATE OR IGNORE subscriptions SET recipient = ? WHERE recipient = ?",
  "UPDATE OR IGNORE audience_members SET recipient = ? WHERE recipient = ?",
];

/** the one merged into wins; preferences and channel data come where it has none of that name. */
export function mergeRecipients(db: Connection, into: RecipientKey, from: RecipientKey, at: number): boolean {
  const both = readRecipients(db, [into, from]);
  const other = both.get(from);
  if (other === undefined || !both.has(into) || into === from) return false;
  db.write(() => {
    changeRecipient(db, into, at, (before) => ({
      properties: deepMerge(other.properties, before?.properties ?? {}),
      preferences: { ...other.preferences, ...before?.preferences },
      channel_data: { ...other.channel_data, ...before?.channel_data },
    }));
    for (const move of MOVES) db.run(move, into, from);
  });
  deleteRecipients(db, [from], at);
  return true;
}
