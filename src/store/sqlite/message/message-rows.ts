import { hasTrait } from "../../../domain/message/channel-types.js";
import type { DeliveryLog } from "../../../domain/message/delivery-log.js";
import { selectRetainedSecrets } from "../../../domain/message/delivery-secrets.js";
import type { DeliveryStatus, Message, MessageStatuses } from "../../../domain/message/message.js";
import type { JsonObject } from "../../../util/json.js";
import { type JsonText, parseJson, stringify } from "../../rows/json-column.js";
import {
  DELIVERY_LOGS,
  MESSAGE_COLUMNS,
  MESSAGES,
  type MessageRow,
  splitMessageContent,
  toDeliveryLog,
  toMessage,
} from "../../rows/message-row.js";
import type { TriggerData } from "../../rows/run-row.js";
import { encodeFields, listColumns, type RowOf } from "../../rows/table.js";
import type { Connection } from "../connection/connection.js";
import { createWorkflowRunReader } from "../run/run-rows.js";
import type { SharedRows } from "../run/shared-rows.js";

// CROSS JOIN, here and elsewhere, keeps the join order as written: by row, or by an index of the messages.

/** Messages with their recipient runs. */
const FROM_MESSAGES = "FROM messages m CROSS JOIN recipient_runs r ON r.row = m.recipient_run";

/**
 * Returns messages `i` in the order of an index, with their rows `m` and runs. Conditions compare the columns of `i`, so that only
 * the rows of messages that match are read. SQLite chooses the index if none is given.
 */
export const buildFromIndex = (index?: string): string =>
  `FROM messages i ${index === undefined ? "" : `INDEXED BY ${index} `}CROSS JOIN messages m ON m.row = i.row ` +
  "CROSS JOIN recipient_runs r ON r.row = m.recipient_run CROSS JOIN workflow_runs w ON w.row = r.workflow_run";

export const SELECT_MESSAGES = `SELECT ${MESSAGE_COLUMNS} ${FROM_MESSAGES}`;

type StatusColumns = [
  recipient_run: number,
  step_ref: string,
  status: DeliveryStatus,
  seen_at: number | null,
  read_at: number | null,
  interacted_at: number | null,
  link_clicked_at: number | null,
  archived_at: number | null,
];

/**
 * Returns the statuses of the messages of runs, by the runs' rows, in the order of each run. Leaves out the contents, which are
 * most of a message.
 */
export function readMessageStatuses(db: Connection, recipientRuns: readonly number[]): Map<number, MessageStatuses[]> {
  const statusesByRun = new Map<number, MessageStatuses[]>();
  const rows = db.allLists<StatusColumns>(
    "SELECT m.recipient_run, m.step_ref, m.status, m.seen_at, m.read_at, m.interacted_at, m.link_clicked_at, m.archived_at " +
      "FROM json_each(?) asked CROSS JOIN messages m ON m.recipient_run = asked.value ORDER BY asked.key, m.row",
    stringify(recipientRuns),
  );
  for (const [run, step_ref, status, seen_at, read_at, interacted_at, link_clicked_at, archived_at] of rows) {
    const statuses: MessageStatuses = {
      step_ref,
      status,
      seen_at,
      read_at,
      interacted_at,
      link_clicked_at,
      archived_at,
    };
    const known = statusesByRun.get(run);
    if (known) known.push(statuses);
    else statusesByRun.set(run, [statuses]);
  }
  return statusesByRun;
}

const INSERT_MESSAGE =
  `INSERT INTO messages (recipient_run, channel, data, content, template_sources, workflow_name, tenant_name, ${listColumns(MESSAGES.fields)}) ` +
  `VALUES (?, ?, ?, ?, ?, ?, ?, ${listColumns(MESSAGES.fields, () => "?")})`;

/** Returns the messages of rows. Reads each run once. */
export function toMessages(db: Connection, shared: SharedRows, rows: readonly MessageRow[]): Message[] {
  const workflowRun = createWorkflowRunReader(db, shared);
  return rows.map((row) => {
    const sources = row.template_sources === null ? null : shared.readTemplateSources(row.template_sources);
    return toMessage(row, workflowRun(row.workflow_run), { channel: shared.channel(row.channel), sources });
  });
}

/** Returns a function that inserts messages of the runs of one trigger, whose data is stored once, with the trigger. */
export function createMessageInserter(
  db: Connection,
  shared: SharedRows,
): (message: Message, recipientRun: number, triggerData: TriggerData) => void {
  const insert = db.prepare(INSERT_MESSAGE);
  return (message, recipientRun, triggerData) => {
    const data = message.data === triggerData.value ? triggerData.text : stringify(message.data);
    const { content, sources } = splitMessageContent(message);
    insert.run(
      recipientRun,
      shared.upsertChannel(message.channel),
      data === triggerData.text ? null : data,
      stringify(content),
      sources.length === 0 ? null : shared.upsertTemplateSources(sources),
      shared.upsertName(message.workflow),
      shared.upsertName(message.tenant),
      ...encodeFields(MESSAGES.fields, message),
    );
    insertSecrets(db, message);
  };
}

const INSERT_LOG = `INSERT INTO delivery_logs (${listColumns(DELIVERY_LOGS.fields)}) SELECT ${listColumns(DELIVERY_LOGS.fields, () => "?")} FROM messages WHERE id = ?`;

/** Inserts delivery logs, except those of messages that no longer exist. Must run inside a write. */
export function insertDeliveryLogs(db: Connection, logs: readonly DeliveryLog[]): void {
  const insert = db.prepare(INSERT_LOG);
  for (const log of logs) insert.run(...encodeFields(DELIVERY_LOGS.fields, log), log.message_id);
}

export function readDeliveryLogs(db: Connection, messageId: string): DeliveryLog[] {
  const select = "SELECT * FROM delivery_logs WHERE message = ? ORDER BY row DESC";
  return db.read(() => db.all<RowOf<typeof DELIVERY_LOGS>>(select, messageId)).map(toDeliveryLog);
}

/** Stores a new message's secrets. Must run inside the transaction that inserts the message. */
function insertSecrets(db: Connection, { id, secrets }: Message): void {
  if (secrets) db.run("INSERT INTO message_secrets (message, secrets) VALUES (?, ?)", id, stringify(secrets));
}

/** Returns the messages with the secrets that their deliveries need. Messages without secrets are unchanged. */
export function addSecrets(db: Connection, messages: Message[]): Message[] {
  const select = db.prepare<{ secrets: JsonText<JsonObject> }>("SELECT secrets FROM message_secrets WHERE message = ?");
  return messages.map((message) => {
    const found = hasTrait(message.channel.type, "hasSecrets") ? select.get(message.id) : undefined;
    return found === undefined ? message : { ...message, secrets: parseJson(found.secrets) };
  });
}

/** Stores the secrets that remain after a delivery attempt. Must run inside the transaction that saves the message. */
export function saveSecrets(db: Connection, message: Message): void {
  const { id, secrets } = message;
  if (secrets === undefined) return;
  const remainingSecrets = selectRetainedSecrets(message);
  if (remainingSecrets === null) db.run("DELETE FROM message_secrets WHERE message = ?", id);
  else if (remainingSecrets !== secrets)
    db.run("UPDATE message_secrets SET secrets = ? WHERE message = ?", stringify(remainingSecrets), id);
}
