import { hasTrait } from "../../domain/message/channel-types.js";
import type { Message, MessageBatch, MessageChannel } from "../../domain/message/message.js";
import type { RecipientKey } from "../../domain/recipient/recipient.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { unpackMessageEvents } from "./event-codec.js";
import { parseJson } from "./json-column.js";
import type { WorkflowRunRecord } from "./run-row.js";

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

/** The columns to select in `FROM messages m … recipient_runs r`. */
export const MESSAGE_COLUMNS =
  "m.row, m.id, m.recipient_run, r.id AS recipient_run_id, r.workflow_run, m.recipient, m.channel, m.step_ref, m.status, m.due_at, m.scheduled_at, m.attempts, " +
  "m.seen_at, m.read_at, m.interacted_at, m.link_clicked_at, m.archived_at, m.inserted_at, m.updated_at, m.recipient_snapshot, m.metadata, m.data, m.events, m.content, m.template_sources, m.batch, m.links";

function readContent(text: string, sources: readonly string[] | null): JsonObject {
  const content = JSON.parse(text) as JsonObject;
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
    channel,
    status: row.status as Message["status"],
    content: readContent(row.content, sources),
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
