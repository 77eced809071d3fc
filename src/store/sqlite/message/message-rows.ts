import { hasTrait } from "../../../domain/message/channel-types.js";
import type { Message, MessageBatch, MessageStatuses } from "../../../domain/message/message.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { JsonObject } from "../../../util/json.js";
import type { Connection } from "../connection/connection.js";
import type { TriggerData } from "../run/batches.js";
import { packMessageEvents, unpackMessageEvents } from "../run/event-codec.js";
import { createWorkflowRunReader, parseJson, toJson, type WorkflowRunRecord } from "../run/run-rows.js";
import type { SharedRows } from "../run/shared-rows.js";
import { createInsertCounter } from "./feed-counts.js";
import { insertSecrets } from "./message-secrets.js";
import { joinContent, type SplitContent, splitContent } from "./split-content.js";

export interface MessageRow {
  row: number;
  id: string;
  recipient_run: number;
  recipient_run_id: string;
  workflow_run: number;
  recipient: string;
  channel: number;
  step_ref: string;
  status: string;
  due_at: number | null;
  scheduled_at: number | null;
  attempts: number;
  seen_at: number | null;
  read_at: number | null;
  interacted_at: number | null;
  link_clicked_at: number | null;
  archived_at: number | null;
  inserted_at: number;
  updated_at: number;
  recipient_snapshot: string | null;
  metadata: string | null;
  data: string | null;
  events: string;
  /** Without the template's sources if `template_sources` is not null. */
  content: string;
  template_sources: number | null;
  batch: string | null;
  links: string | null;
}

const COLUMNS =
  "m.row, m.id, m.recipient_run, r.id AS recipient_run_id, r.workflow_run, m.recipient, m.channel, m.step_ref, m.status, m.due_at, m.scheduled_at, m.attempts, " +
  "m.seen_at, m.read_at, m.interacted_at, m.link_clicked_at, m.archived_at, m.inserted_at, m.updated_at, m.recipient_snapshot, m.metadata, m.data, m.events, m.content, m.template_sources, m.batch, m.links";

/** CROSS JOIN, here and elsewhere, keeps the join order as written: by row, or by an index of the messages. */
export const SELECT_MESSAGES = `SELECT ${COLUMNS} FROM messages m CROSS JOIN recipient_runs r ON r.row = m.recipient_run`;

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
    JSON.stringify(recipientRuns),
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
  "INSERT INTO messages (id, recipient_run, recipient, channel, step_ref, status, due_at, scheduled_at, attempts, seen_at, read_at, interacted_at, link_clicked_at, archived_at, " +
  "inserted_at, updated_at, recipient_snapshot, metadata, data, events, content, template_sources, batch, links) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

function readContent({ content: text, template_sources }: MessageRow, shared: SharedRows): JsonObject {
  const content = JSON.parse(text) as JsonObject;
  return template_sources === null
    ? content
    : joinContent({ content, sources: shared.readTemplateSources(template_sources) });
}

/** Returns a message's content, split if it contains sources of its template. Only messages of a feed do. */
function splitMessageContent({ channel, content }: Message): SplitContent {
  return hasTrait(channel.type, "isFeed") ? splitContent(content) : { content, sources: [] };
}

/**
 * Returns a row's message. The row does not repeat what its run has: workflow, version, categories, tenant, actor, and usually
 * the data.
 */
function toMessage(row: MessageRow, { run, version, isGuide }: WorkflowRunRecord, shared: SharedRows): Message {
  return {
    id: row.id,
    workflow_run_id: run.id,
    recipient_run_id: row.recipient_run_id,
    recipient: row.recipient as RecipientKey,
    actor: run.actor,
    ...(row.batch === null ? {} : { batch: JSON.parse(row.batch) as MessageBatch }),
    workflow: run.workflow,
    ...(isGuide ? { source: "guide" as const } : {}),
    ...(run.trigger_source.type === "broadcast" ? { source: "broadcast" as const } : {}),
    version_id: run.version_id,
    categories: [...version.categories],
    step_ref: row.step_ref,
    tenant: run.tenant,
    channel: shared.channel(row.channel),
    status: row.status as Message["status"],
    content: readContent(row, shared),
    data: parseJson<JsonObject>(row.data) ?? run.data,
    recipient_snapshot: parseJson(row.recipient_snapshot),
    metadata: parseJson(row.metadata),
    ...(row.links === null ? {} : { links: JSON.parse(row.links) as string[] }),
    scheduled_at: row.scheduled_at,
    due_at: row.due_at,
    attempts: row.attempts,
    seen_at: row.seen_at,
    read_at: row.read_at,
    interacted_at: row.interacted_at,
    link_clicked_at: row.link_clicked_at,
    archived_at: row.archived_at,
    events: unpackMessageEvents(row.events, row.inserted_at),
    inserted_at: row.inserted_at,
    updated_at: row.updated_at,
  };
}

/** Returns the messages of rows. Reads each run once. */
export function toMessages(db: Connection, shared: SharedRows, rows: readonly MessageRow[]): Message[] {
  const workflowRun = createWorkflowRunReader(db, shared);
  return rows.map((row) => toMessage(row, workflowRun(row.workflow_run), shared));
}

/** Returns a function that inserts messages of the runs of one trigger, whose data is stored once, with the trigger. */
export function createMessageInserter(
  db: Connection,
  shared: SharedRows,
): (message: Message, recipientRun: number, triggerData: TriggerData) => void {
  const insert = db.prepare(INSERT);
  const countInsert = createInsertCounter(db, shared);
  return (message, recipientRun, triggerData) => {
    const data = message.data === triggerData.value ? triggerData.text : JSON.stringify(message.data);
    const { content, sources } = splitMessageContent(message);
    const channel = shared.upsertChannel(message.channel);
    const { lastInsertRowid } = insert.run(
      message.id,
      recipientRun,
      message.recipient,
      channel,
      message.step_ref,
      message.status,
      message.due_at,
      message.scheduled_at,
      message.attempts,
      message.seen_at,
      message.read_at,
      message.interacted_at,
      message.link_clicked_at,
      message.archived_at,
      message.inserted_at,
      message.updated_at,
      toJson(message.recipient_snapshot),
      toJson(message.metadata),
      data === triggerData.text ? null : data,
      packMessageEvents(message.events, message.inserted_at),
      JSON.stringify(content),
      sources.length === 0 ? null : shared.upsertTemplateSources(sources),
      toJson(message.batch ?? null),
      toJson(message.links ?? null),
    );
    const row = Number(lastInsertRowid);
    shared.blocks.record("messages.status", message.status, row);
    shared.blocks.record("messages.channel", String(channel), row);
    shared.blocks.record("messages.workflow", message.workflow, row);
    shared.blocks.record("messages.tenant", message.tenant, row);
    countInsert(message, row);
    insertSecrets(db, message);
  };
}
