import { hasTrait } from "../../domain/message/channel-types.js";
import type { DeliveryLog } from "../../domain/message/delivery-log.js";
import { DELIVERY_STATUSES, type Message, type MessageChannel } from "../../domain/message/message.js";
import type { GuideEngagement } from "../../ports/guide-store.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { packMessageEvents, unpackMessageEvents } from "./event-codec.js";
import { type JsonText, parseJson, stringify } from "./json-column.js";
import type { WorkflowRunRecord } from "./run-row.js";
import { decodeFields, describeTable, pickFields, type RowOf, selectColumns, sumBytes } from "./table.js";
import { createListCheck, isEvent, isText } from "./value-checks.js";

/** A rendered block of an in-app feed message. Its `content` is the template's source, which all messages of a step share. */
type RenderedBlock = JsonObject & { content: string; rendered: string };

function isRenderedBlock(block: unknown): block is RenderedBlock {
  return isJsonObject(block) && typeof block.content === "string" && typeof block.rendered === "string";
}

/** A message's content without the template's sources, and the sources in the order of their blocks. */
interface SplitContent {
  content: JsonObject;
  sources: readonly string[];
}

/** Replaces the source of each rendered block by an empty text. The keys stay, so that their order does. */
function splitContent(content: JsonObject): SplitContent {
  const { blocks } = content;
  const sources: string[] = [];
  if (!Array.isArray(blocks)) return { content, sources };
  const blocksWithoutSources = blocks.map((block) => {
    if (!isRenderedBlock(block)) return block;
    sources.push(block.content);
    return { ...block, content: "" };
  });
  return { content: { ...content, blocks: blocksWithoutSources }, sources };
}

/** Returns the sources of {@link splitContent} alone. */
function listSources({ blocks }: JsonObject): string[] {
  return Array.isArray(blocks) ? blocks.filter(isRenderedBlock).map(({ content }) => content) : [];
}

/** Returns the content that {@link splitContent} split. */
function joinContent({ content, sources }: SplitContent): JsonObject {
  const { blocks } = content;
  if (!Array.isArray(blocks)) return content;
  let next = 0;
  for (const block of blocks) if (isRenderedBlock(block)) block.content = sources[next++] ?? "";
  return content;
}

/** Returns the value of a field that is absent without one. */
const decodeOptional = (text: string | null): unknown => (text === null ? undefined : JSON.parse(text));

export const MESSAGES = describeTable<Message>()(
  "messages",
  {
    row: "bigint",
    recipient_run: "bigint",
    channel: "bigint",
    /** Null if the message has the data of its trigger. */
    data: { type: "json?", check: isJsonObject },
    /** Without the template's sources if `template_sources` is not null. */
    content: { type: "json", check: isJsonObject },
    template_sources: "bigint?",
    guide: "text?",
  },
  {
    id: { type: "text" },
    recipient: { type: "text" },
    step_ref: { type: "text" },
    status: { type: "text", isMutable: true, values: DELIVERY_STATUSES },
    recipient_snapshot: { type: "json?", check: isJsonObject },
    metadata: { type: "json?", isMutable: true, check: isJsonObject },
    batch: {
      type: "json?",
      decode: decodeOptional,
      check: (batch) => isJsonObject(batch) && createListCheck(isText)(batch.actors),
    },
    links: { type: "json?", decode: decodeOptional, check: createListCheck(isText) },
    scheduled_at: { type: "bigint?", isMutable: true },
    due_at: { type: "bigint?", isMutable: true },
    attempts: { type: "integer", isMutable: true },
    seen_at: { type: "bigint?", isMutable: true },
    read_at: { type: "bigint?", isMutable: true },
    interacted_at: { type: "bigint?", isMutable: true },
    link_clicked_at: { type: "bigint?", isMutable: true },
    archived_at: { type: "bigint?", isMutable: true },
    events: {
      type: "json",
      isMutable: true,
      encode: ({ events, inserted_at }) => packMessageEvents(events, inserted_at),
      decode: (text: string, { inserted_at }) => unpackMessageEvents(text, inserted_at as number),
      check: createListCheck(isEvent),
    },
    inserted_at: { type: "bigint" },
    updated_at: { type: "bigint", isMutable: true },
  },
  { recipientRunRows: ["recipient_run"] },
);

/** The fields that engagement changes. */
export const MARKED_FIELDS = pickFields(
  MESSAGES,
  ...["seen_at", "read_at", "interacted_at", "link_clicked_at", "archived_at", "events", "updated_at"],
);

/** The fields that a delivery changes. */
export const DELIVERED_FIELDS = pickFields(
  MESSAGES,
  ...["status", "due_at", "scheduled_at", "attempts", "metadata", "events", "updated_at"],
);

/** The fields that change when a message is queued again, or its vendor reports its status. */
export const CHANGED_FIELDS = pickFields(MESSAGES, "status", "due_at", "attempts", "events", "updated_at");

export type MessageRow = Omit<RowOf<typeof MESSAGES>, "guide"> & { recipient_run_id: string; workflow_run: number };

/** The columns to select in `FROM messages m … recipient_runs r`. */
export const MESSAGE_COLUMNS = `${selectColumns(MESSAGES, "m", ["guide"])}, r.id AS recipient_run_id, r.workflow_run`;

/** The bytes of a message in `FROM messages m … workflow_runs w`. It has its run's data if it has no own. */
export const MESSAGE_BYTES = sumBytes(MESSAGES, "m", { data: "w.data" });

function readContent(text: JsonText<JsonObject>, sources: readonly string[] | null): JsonObject {
  const content = parseJson(text);
  return sources === null ? content : joinContent({ content, sources });
}

/** Returns the sources that {@link splitMessageContent} leaves out. */
export function listMessageSources({ channel, content }: Message): readonly string[] {
  return hasTrait(channel.type, "isFeed") ? listSources(content) : [];
}

/** Returns a message's content, split if it contains sources of its template. Only messages of a feed do. */
export function splitMessageContent({ channel, content }: Message): SplitContent {
  return hasTrait(channel.type, "isFeed") ? splitContent(content) : { content, sources: [] };
}

/**
 * Returns a row's message. `channel` and `sources` are the shared rows that it refers to. The row does not repeat what its run has: workflow, version, categories, tenant, actor, and usually
 * the data.
 */
export function toMessage(
  row: MessageRow,
  { run, version, isGuide }: WorkflowRunRecord,
  { channel, sources }: { channel: MessageChannel; sources: readonly string[] | null },
): Message {
  return decodeFields(MESSAGES, row, {
    workflow_run_id: run.id,
    recipient_run_id: row.recipient_run_id,
    actor: run.actor,
    workflow: run.workflow,
    ...(isGuide ? { source: "guide" as const } : {}),
    ...(run.trigger_source.type === "broadcast" ? { source: "broadcast" as const } : {}),
    version_id: run.version_id,
    categories: [...version.categories],
    tenant: run.tenant,
    channel,
    content: readContent(row.content, sources),
    data: parseJson<JsonObject>(row.data) ?? run.data,
  });
}

/**
 * Returns whether an engagement is a `seen` of a guide's message that is not seen. It sets the content and the data, which only `seen`
 * carries: clients send engagements without waiting, so that another one may arrive first and create the message.
 */
export function isFirstDisplay({ seen_at }: Pick<MessageRow, "seen_at">, { action }: GuideEngagement): boolean {
  return action === "seen" && seen_at === null;
}

/** Returns the columns of a message with what the client displayed. */
export function toDisplayColumns({ message }: GuideEngagement): { content: string; data: string } {
  return { content: stringify(message.content), data: stringify(message.data) };
}

export const DELIVERY_LOGS = describeTable<DeliveryLog>()(
  "delivery_logs",
  { row: "bigint" },
  {
    id: { type: "text" },
    message: { type: "text", field: "message_id" },
    service: { type: "text", field: "service_name" },
    request: { type: "json", check: isJsonObject },
    response: { type: "json", check: isJsonObject },
    at: { type: "bigint" },
  },
);

export const toDeliveryLog = (row: RowOf<typeof DELIVERY_LOGS>): DeliveryLog => decodeFields(DELIVERY_LOGS, row, {});
