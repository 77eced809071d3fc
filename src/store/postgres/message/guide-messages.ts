import type { Guide } from "../../../domain/guide/guide.js";
import { buildGuideOrigin } from "../../../domain/guide/guide-origin.js";
import type { Message } from "../../../domain/message/message.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { GuideEngagement } from "../../../ports/guide-store.js";
import { isFirstDisplay, MESSAGE_COLUMNS, type MessageRow, toDisplayColumns } from "../../rows/message-row.js";
import { allocateRows } from "../connection/allocate-rows.js";
import type { Reader, Transaction } from "../connection/transaction.js";
import { getShard } from "../run/shard.js";
import type { SharedRows } from "../run/shared-rows.js";
import { recordMessageEvents } from "../run/waits.js";
import { JOIN_WORKFLOW_RUN } from "./list-messages.js";
import { markMessages } from "./mark-messages.js";
import { FROM_MESSAGES, insertMessages, toMessages } from "./message-rows.js";

// The messages of a guide come from no run. The values that messages of one version and tenant share are in a row of
// workflow_runs that is marked as no run, with one row of recipient_runs below it: the message's origin. Lists of runs omit it.

/** The class of the advisory locks on users whose guide engagements are recorded. */
const LOCK_CLASS = 7_206;

const SELECT_BY_USER = `SELECT ${MESSAGE_COLUMNS} ${FROM_MESSAGES}${JOIN_WORKFLOW_RUN} WHERE m.recipient = $1 AND m.guide IS NOT NULL`;

const SELECT_ORIGIN =
  "SELECT r.row, r.workflow_run FROM workflow_runs w JOIN recipient_runs r ON r.workflow_run = w.row WHERE w.id = $1";

/** The rows from which messages of a guide take what they share. */
interface Origin {
  row: number;
  workflow_run: number;
}

/** Returns the row of recipient_runs for a guide's messages of a version and a tenant. Inserts it if needed. */
async function findOrInsertOrigin(
  tx: Transaction,
  shared: SharedRows,
  engagement: GuideEngagement,
  at: number,
): Promise<Origin> {
  const { guide, message } = engagement;
  const { id, tenant, version } = buildGuideOrigin(guide, message);
  const found = await tx.get<Origin>(SELECT_ORIGIN, id);
  if (found !== undefined) return found;
  const run = await tx.get<{ row: number }>(
    "INSERT INTO workflow_runs (id, workflow, version, tenant, data, settings, trigger_source, inserted_at, guide) VALUES ($1, $2, $3, $4, '{}', '{}', '{}', $5, 1) ON CONFLICT (id) DO NOTHING RETURNING row",
    id,
    guide.key,
    shared.getVersionRow(version),
    tenant,
    at,
  );
  // Another process has inserted it at the same time.
  if (run === undefined) return tx.getOne<Origin>(SELECT_ORIGIN, id);
  const [row = 0] = await allocateRows(tx, 1);
  await tx.run(
    "INSERT INTO recipient_runs (row, id, workflow_run, recipient, shard, status, error_count, inserted_at, updated_at, steps, events) VALUES ($1, $2, $3, '', $4, 'completed', 0, $5, $5, '[]', '[]')",
    row,
    id,
    run.row,
    getShard(""),
    at,
  );
  return { row, workflow_run: run.row };
}

/** Returns the shared rows that an engagement needs. */
export function listSharedRows({ guide, message }: GuideEngagement) {
  return { versions: [buildGuideOrigin(guide, message).version], messages: [message] };
}

export async function readGuideMessages(tx: Reader, shared: SharedRows, recipient: RecipientKey): Promise<Message[]> {
  const rows = await tx.all<MessageRow>(`${SELECT_BY_USER} ORDER BY m.row`, recipient);
  return toMessages(tx, shared, rows);
}

/**
 * Marks the message of an engaged guide step. The first engagement creates the message (E-196, A-291 to A-297). The
 * engagements of one user are recorded one after another, so that two of them create one message.
 */
export async function recordGuideEngagement(
  tx: Transaction,
  shared: SharedRows,
  engagement: GuideEngagement,
  at: number,
): Promise<Message> {
  const { message, action, data: eventData } = engagement;
  const { recipient, tenant, workflow: guide, step_ref } = message;
  await tx.all(`SELECT pg_advisory_xact_lock(${LOCK_CLASS}, hashtext($1))`, recipient);
  const known = await tx.get<MessageRow>(
    `${SELECT_BY_USER} AND m.guide = $2 AND m.step_ref = $3 AND ($4 OR w.tenant IS NOT DISTINCT FROM $5) ORDER BY m.row DESC LIMIT 1`,
    recipient,
    guide,
    step_ref,
    engagement.guide.scope === "global",
    tenant,
  );
  if (known === undefined) {
    const { row: recipientRun, workflow_run: workflowRun } = await findOrInsertOrigin(tx, shared, engagement, at);
    await insertMessages(tx, shared, [
      { message, recipientRun, workflowRun, trigger: { value: null, text: "" }, guide },
    ]);
    await recordMessageEvents(tx, [{ message, events: message.events }]);
  } else if (isFirstDisplay(known, engagement)) {
    const { content, data } = toDisplayColumns(engagement);
    await tx.run("UPDATE messages SET content = $2, data = $3 WHERE id = $1", known.id, content, data);
  }
  const [marked] = await markMessages(tx, shared, [known?.id ?? message.id], action, at, eventData);
  if (marked === undefined) throw new Error(`missing: ${message.id}`);
  return marked;
}

/**
 * Detaches the messages from the guide and returns their number. They stay, but the next engagement creates new ones
 * (A-290).
 */
export function resetGuide(
  tx: Transaction,
  recipient: RecipientKey,
  guide: Pick<Guide, "key" | "scope">,
  tenant: string | null,
): Promise<number> {
  return tx.run(
    "UPDATE messages m SET guide = NULL FROM recipient_runs r, workflow_runs w WHERE m.recipient = $1 AND m.guide = $2 AND r.row = m.recipient_run AND w.row = r.workflow_run AND w.guide = 1 AND ($3 OR w.tenant IS NOT DISTINCT FROM $4)",
    recipient,
    guide.key,
    guide.scope === "global",
    tenant,
  );
}
