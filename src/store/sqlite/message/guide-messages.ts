import type { Guide } from "../../../domain/guide/guide.js";
import { buildGuideOrigin } from "../../../domain/guide/guide-origin.js";
import type { Message } from "../../../domain/message/message.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { CausedWork } from "../../../ports/due-store.js";
import type { GuideEngagement } from "../../../ports/guide-store.js";
import { isFirstDisplay, MESSAGE_COLUMNS, type MessageRow, toDisplayColumns } from "../../rows/message-row.js";
import type { Connection } from "../connection/connection.js";
import { RUN_ROW_BY_ID } from "../run/run-rows.js";
import type { SharedRows } from "../run/shared-rows.js";
import { recordMessageEvents } from "../run/waits.js";
import { markMessagesInWrite } from "./mark-messages.js";
import { createMessageInserter, toMessages } from "./message-rows.js";

// The messages of a guide come from no run. The values that messages of one version and tenant share are in a row of
// workflow_runs that is marked as no run, with one row of recipient_runs below it: the message's origin. Lists of runs omit it.

/** Few messages of a user belong to guides, but the planner would choose the index of all messages by recipient. */
const SELECT_BY_USER = `SELECT ${MESSAGE_COLUMNS} FROM messages m INDEXED BY messages_by_guide CROSS JOIN recipient_runs r ON r.row = m.recipient_run CROSS JOIN workflow_runs w ON w.row = r.workflow_run WHERE m.recipient = ? AND m.guide IS NOT NULL`;

/** Returns whether engagement counts in all tenants, as SQLite's number. */
const isGlobal = ({ scope }: Pick<Guide, "scope">): number => (scope === "global" ? 1 : 0);

/**
 * Returns the row of recipient_runs for a guide's messages of a version and a tenant. Inserts it if needed; must run inside
 * a write.
 */
function findOrInsertOrigin(db: Connection, shared: SharedRows, engagement: GuideEngagement, at: number): number {
  const { guide, message } = engagement;
  const { id, tenant, version } = buildGuideOrigin(guide, message);
  const found = db.get<{ row: number }>(`SELECT row FROM recipient_runs WHERE row = ${RUN_ROW_BY_ID}`, id);
  if (found) return found.row;
  const run = db.insert(
    "INSERT INTO workflow_runs (id, workflow, version, tenant, data, settings, trigger_source, inserted_at, guide) VALUES (?, ?, ?, ?, '{}', '{}', '{}', ?, 1)",
    id,
    guide.key,
    shared.upsertVersion(version),
    tenant,
    at,
  );
  return db.insert(
    "INSERT INTO recipient_runs (id, workflow_run, recipient, status, error_count, inserted_at, updated_at, steps, events, workflow_name, tenant_name) VALUES (?, ?, '', 'completed', 0, ?, ?, '[]', '[]', ?, ?)",
    id,
    run,
    at,
    at,
    shared.upsertName(guide.key),
    shared.upsertName(tenant),
  );
}

export function readGuideMessages(db: Connection, shared: SharedRows, recipient: RecipientKey): Message[] {
  return db.read(() => toMessages(db, shared, db.all<MessageRow>(`${SELECT_BY_USER} ORDER BY m.row`, recipient)));
}

/** Marks the message of an engaged guide step. The first engagement creates the message (E-196, A-291 to A-297). */
export function recordGuideEngagement(
  db: Connection,
  shared: SharedRows,
  engagement: GuideEngagement,
  at: number,
): { message: Message; caused: CausedWork } {
  const { result, caused } = db.writeAndCollect(() => {
    const { message, action, data: eventData } = engagement;
    const { recipient, tenant, workflow: guide, step_ref } = message;
    const known = db.get<MessageRow>(
      `${SELECT_BY_USER} AND m.guide = ? AND m.step_ref = ? AND (? OR w.tenant IS ?) ORDER BY m.row DESC LIMIT 1`,
      recipient,
      guide,
      step_ref,
      isGlobal(engagement.guide),
      tenant,
    );
    if (known === undefined) {
      const origin = findOrInsertOrigin(db, shared, engagement, at);
      createMessageInserter(db, shared)(message, origin, { value: null, text: "" });
      db.run("UPDATE messages SET guide = ? WHERE id = ?", guide, message.id);
      recordMessageEvents(db, [{ message, events: message.events }]);
    } else if (isFirstDisplay(known, engagement)) {
      const { content, data } = toDisplayColumns(engagement);
      db.run("UPDATE messages SET content = ?, data = ? WHERE id = ?", content, data, known.id);
    }
    const [marked] = markMessagesInWrite(db, shared, [known?.id ?? message.id], action, at, eventData);
    if (marked === undefined) throw new Error(`missing: ${message.id}`);
    return marked;
  });
  return { message: result, caused };
}

/**
 * Detaches the messages from the guide and returns their number. They stay, but the next engagement creates new ones
 * (A-290).
 */
export function resetGuide(
  db: Connection,
  recipient: RecipientKey,
  guide: Pick<Guide, "key" | "scope">,
  tenant: string | null,
): number {
  return db.write(() =>
    db.run(
      "UPDATE messages SET guide = NULL WHERE recipient = ? AND guide = ? AND EXISTS (SELECT 1 FROM recipient_runs r CROSS JOIN workflow_runs w ON w.row = r.workflow_run WHERE r.row = messages.recipient_run AND w.guide = 1 AND (? OR w.tenant IS ?))",
      recipient,
      guide.key,
      isGlobal(guide),
      tenant,
    ),
  );
}
