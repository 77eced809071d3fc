import { hasTrait } from "../../../domain/message/channel-types.js";
import type { DeliveryLog } from "../../../domain/message/delivery-log.js";
import { selectRetainedSecrets } from "../../../domain/message/delivery-secrets.js";
import type { Message, MessageStatuses } from "../../../domain/message/message.js";
import type { JsonObject } from "../../../util/json.js";
import { zip } from "../../../util/zip.js";
import { type JsonText, parseJson, stringify } from "../../rows/json-column.js";
import {
  DELIVERY_LOGS,
  MESSAGE_COLUMNS,
  MESSAGES,
  type MessageRow,
  toDeliveryLog,
  toMessage,
} from "../../rows/message-row.js";
import type { TriggerData } from "../../rows/run-row.js";
import { encodeFields, encodeRecord, listColumns, listTypes, type RowOf, selectColumns } from "../../rows/table.js";
import { allocateRows } from "../connection/allocate-rows.js";
import { BlockValues, recordNewValues } from "../connection/block-values.js";
import { buildRecords } from "../connection/build-records.js";
import type { CopyValue, Reader, Transaction } from "../connection/transaction.js";
import { recordOutboundMessages } from "../run/outbound-events.js";
import { readWorkflowRuns } from "../run/run-rows.js";
import { getShard } from "../run/shard.js";
import type { SharedRows } from "../run/shared-rows.js";
import { countChanges } from "./feed-counts.js";

export const FROM_MESSAGES = "FROM messages m JOIN recipient_runs r ON r.row = m.recipient_run";
export const SELECT_MESSAGES = `SELECT ${MESSAGE_COLUMNS} ${FROM_MESSAGES}`;

/** Returns the messages of rows. Reads each run, channel and template once. */
export async function toMessages(tx: Reader, shared: SharedRows, rows: readonly MessageRow[]): Promise<Message[]> {
  if (rows.length === 0) return [];
  const workflowRuns = await readWorkflowRuns(
    tx,
    shared,
    rows.map(({ workflow_run }) => workflow_run),
  );
  await shared.load(tx, {
    channels: rows.map(({ channel }) => channel),
    templateSources: rows.flatMap(({ template_sources }) => template_sources ?? []),
  });
  return rows.map((row) => {
    const run = workflowRuns.get(row.workflow_run);
    if (run === undefined) throw new Error(`workflow_runs: row ${row.workflow_run} is missing`);
    const sources = row.template_sources === null ? null : shared.templateSource(row.template_sources);
    return toMessage(row, run, { channel: shared.channel(row.channel), sources });
  });
}

/** Returns the rows of the ids that exist, in the order of the ids, each once. With `lock`, they are locked in order of rows. */
export async function selectMessageRows(
  tx: Reader,
  ids: readonly string[],
  { lock = false } = {},
): Promise<MessageRow[]> {
  if (ids.length === 0) return [];
  const rows = await tx.all<MessageRow>(
    `${SELECT_MESSAGES} WHERE m.id = ANY($1::text[]) ORDER BY m.row${lock ? " FOR UPDATE OF m" : ""}`,
    ids,
  );
  const rowsById = new Map(rows.map((row) => [row.id, row]));
  return [...new Set(ids)].flatMap((id) => rowsById.get(id) ?? []);
}

/**
 * Returns the statuses of the messages of runs, by the runs' rows, in the order of each run. Leaves out the contents, which are
 * most of a message.
 */
export async function readMessageStatuses(
  tx: Reader,
  recipientRuns: readonly number[],
): Promise<Map<number, MessageStatuses[]>> {
  const statusesByRun = new Map<number, MessageStatuses[]>();
  if (recipientRuns.length === 0) return statusesByRun;
  const rows = await tx.all<MessageStatuses & { recipient_run: number }>(
    "SELECT recipient_run, step_ref, status, seen_at, read_at, interacted_at, link_clicked_at, archived_at " +
      "FROM messages WHERE recipient_run = ANY($1) ORDER BY recipient_run, row",
    recipientRuns,
  );
  for (const { recipient_run, ...statuses } of rows) {
    const known = statusesByRun.get(recipient_run);
    if (known) known.push(statuses);
    else statusesByRun.set(recipient_run, [statuses]);
  }
  return statusesByRun;
}

/** A new message with the rows of its runs and the trigger data, which is stored once, with the trigger. */
interface NewMessage {
  message: Message;
  recipientRun: number;
  workflowRun: number;
  trigger: TriggerData;
  /** The guide whose message it is. */
  guide?: string;
}

const COLUMNS = [
  ...["row", "recipient_run", "shard", "channel", "data", "content", "template_sources", "guide"],
  ...MESSAGES.fields.map(({ name }) => name),
];

function toColumns(
  shared: SharedRows,
  row: number,
  { message, recipientRun, trigger, guide }: NewMessage,
): CopyValue[] {
  const data = message.data === trigger.value ? trigger.text : stringify(message.data);
  const { channel, templateSources, content } = shared.getMessageParts(message);
  return [
    ...[row, recipientRun, getShard(message.recipient), channel],
    ...[data === trigger.text ? null : data, content, templateSources, guide ?? null],
    ...encodeFields(MESSAGES.fields, message),
  ];
}

function addBlockValues(
  values: BlockValues,
  shared: SharedRows,
  row: number,
  { message, workflowRun }: NewMessage,
): void {
  const { status, workflow, tenant, channel } = message;
  values.add("messages.status", status, row);
  values.add("messages.channel", String(shared.getChannelRow(channel)), row);
  values.add("messages.workflow", workflow, row);
  values.add("messages.tenant", tenant, row);
  values.add("messages.workflow_run", String(workflowRun), row);
}

/** Inserts messages, whose channels and template sources `shared.insert` has inserted before the transaction. */
export async function insertMessages(
  tx: Transaction,
  shared: SharedRows,
  messages: readonly NewMessage[],
): Promise<void> {
  if (messages.length === 0) return;
  const numbered = zip(messages, await allocateRows(tx, messages.length));
  await tx.copy(
    "messages",
    COLUMNS,
    numbered.map(([message, row]) => toColumns(shared, row, message)),
  );
  const values = new BlockValues();
  for (const [message, row] of numbered) addBlockValues(values, shared, row, message);
  await recordNewValues(tx, values);
  await countChanges(
    tx,
    shared,
    messages.map(({ message }) => ({ message, before: null, after: message })),
  );
  await insertSecrets(
    tx,
    messages.map(({ message }) => message),
  );
  wakeDeliveries(
    tx,
    messages.map(({ message }) => message),
  );
  await recordOutboundMessages(
    tx,
    messages.map(({ message }) => ({ message: message.id, first: 0, last: message.events.length })),
  );
}

/** Reports the deliveries of messages that become due, each channel and time once. */
export function wakeDeliveries(tx: Transaction, messages: readonly Message[]): void {
  const sizes = new Map<string, { channel: string; dueAt: number; size: number }>();
  for (const { channel, due_at: dueAt } of messages) {
    if (dueAt === null) continue;
    const key = `${dueAt} ${channel.id}`;
    const known = sizes.get(key) ?? { channel: channel.id, dueAt, size: 0 };
    known.size++;
    sizes.set(key, known);
  }
  for (const one of sizes.values()) tx.wake({ kind: "messages", ...one });
}

const INSERT = `
  INSERT INTO delivery_logs (${listColumns(DELIVERY_LOGS.fields)})
  SELECT ${listColumns(DELIVERY_LOGS.fields, (name) => `c.${name}`)} FROM ${buildRecords(listTypes(DELIVERY_LOGS.fields))}
  WHERE EXISTS (SELECT 1 FROM messages m WHERE m.id = c.message)
  ORDER BY c.n`;

/** Inserts delivery logs, except those of messages that no longer exist. */
export async function insertDeliveryLogs(tx: Transaction, logs: readonly DeliveryLog[]): Promise<void> {
  if (logs.length === 0) return;
  await tx.run(INSERT, stringify(logs.map((log) => encodeRecord(DELIVERY_LOGS.fields, log))));
}

export async function readDeliveryLogs(tx: Reader, messageId: string): Promise<DeliveryLog[]> {
  const select = `SELECT ${selectColumns(DELIVERY_LOGS, "l")} FROM delivery_logs l WHERE l.message = $1 ORDER BY l.row DESC`;
  return (await tx.all<RowOf<typeof DELIVERY_LOGS>>(select, messageId)).map(toDeliveryLog);
}

// Secrets are not in `messages`, so that code that reads or copies messages cannot expose them.

/** Stores the secrets of new messages. */
async function insertSecrets(tx: Transaction, messages: readonly Message[]): Promise<void> {
  const rows = messages.flatMap(({ id, secrets }) => (secrets ? [[id, stringify(secrets)]] : []));
  if (rows.length > 0) await tx.copy("message_secrets", ["message", "secrets"], rows);
}

/** Returns the messages with the secrets that their deliveries need. Messages without secrets are unchanged. */
export async function addSecrets(tx: Reader, messages: Message[]): Promise<Message[]> {
  const ids = messages.filter(({ channel }) => hasTrait(channel.type, "hasSecrets")).map(({ id }) => id);
  if (ids.length === 0) return messages;
  const rows = await tx.all<{ message: string; secrets: JsonText<JsonObject> }>(
    "SELECT message, secrets FROM message_secrets WHERE message = ANY($1::text[])",
    ids,
  );
  const found = new Map(rows.map(({ message, secrets }) => [message, secrets]));
  return messages.map((message) => {
    const secrets = found.get(message.id);
    return secrets === undefined ? message : { ...message, secrets: parseJson(secrets) };
  });
}

/** Stores the secrets that remain after delivery attempts. */
export async function saveSecrets(tx: Transaction, messages: readonly Message[]): Promise<void> {
  for (const message of messages) {
    const { id, secrets } = message;
    if (secrets === undefined) continue;
    const remaining = selectRetainedSecrets(message);
    if (remaining === null) await tx.run("DELETE FROM message_secrets WHERE message = $1", id);
    else if (remaining !== secrets)
      await tx.run("UPDATE message_secrets SET secrets = $1 WHERE message = $2", stringify(remaining), id);
  }
}
