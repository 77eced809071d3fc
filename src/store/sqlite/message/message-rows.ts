import type { Message, MessageStatuses } from "../../../domain/message/message.js";
import { stringify } from "../../rows/json-column.js";
import { MESSAGE_COLUMNS, MESSAGES, type MessageRow, splitMessageContent, toMessage } from "../../rows/message-row.js";
import { encodeFields, listColumns } from "../../rows/table.js";
import type { Connection } from "../connection/connection.js";
import type { TriggerData } from "../run/batches.js";
import { createWorkflowRunReader } from "../run/run-rows.js";
import type { SharedRows } from "../run/shared-rows.js";
import { FROM_MESSAGES } from "./message-joins.js";
import { insertSecrets } from "./message-secrets.js";

export const SELECT_MESSAGES = `SELECT ${MESSAGE_COLUMNS} ${FROM_MESSAGES}`;

type StatusColumns = [
  recipient_run: number,
  step_ref: string,
  status: string,
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
      status: status as Message["status"],
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

const INSERT =
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
  const insert = db.prepare(INSERT);
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
