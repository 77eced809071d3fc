import type { Message } from "../../../domain/message/message.js";
import type { MessageQuery } from "../../../ports/filters.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import { ENGAGEMENT_CONDITIONS } from "../../rows/message-conditions.js";
import { MESSAGE_BYTES, MESSAGE_COLUMNS, type MessageRow } from "../../rows/message-row.js";
import type { FoundVersions } from "../../rows/version-categories.js";
import { type BlockSource, bindBlockSource } from "../connection/block-values.js";
import { bindRowRange, readPage } from "../connection/read-page.js";
import { SqlFilters } from "../connection/sql-filters.js";
import type { Reader } from "../connection/transaction.js";
import type { SharedRows } from "../run/shared-rows.js";
import { FROM_MESSAGES, toMessages } from "./message-rows.js";

export const JOIN_WORKFLOW_RUN = " JOIN workflow_runs w ON w.row = r.workflow_run";

/** The sources in a message's content, which are not in its row. */
const TEMPLATE_SOURCES = "(SELECT s.texts FROM template_sources s WHERE s.row = m.template_sources)";

/** Condition that the workflow run's version is in a list. */
export const HAS_VERSION = "w.version = ANY(?::bigint[])";

const WORKFLOW_RUN_BY_ID = "(SELECT row FROM workflow_runs WHERE id = ?)";

/** With up to so many messages that wait for a delivery, reading and sorting all of them is faster than looking for blocks. */
const MAX_READ_MESSAGES = 2_000;

/** Returns whether a list of queued messages reads those that wait for a delivery by their index. Every queued one does. */
async function usesDueIndex(tx: Reader, { status }: MessageQuery): Promise<boolean> {
  if (status !== "queued") return false;
  const next = `SELECT 1 FROM messages WHERE due_at IS NOT NULL OFFSET ${MAX_READ_MESSAGES} LIMIT 1`;
  return (await tx.get(next)) === undefined;
}

/** Returns where messages may be that match the filters. */
async function findSources(
  tx: Reader,
  filters: SqlFilters,
  filter: MessageQuery,
  versions: FoundVersions | undefined,
): Promise<BlockSource[]> {
  const { workflow, workflow_run_id, channel, status, tenant } = filter;
  const toList = (value: string | undefined) => (value === undefined ? undefined : [value]);
  const workflowRuns =
    workflow_run_id === undefined ? undefined : await selectRows(tx, SELECT_WORKFLOW_RUN, workflow_run_id);
  const channels = channel === undefined ? undefined : await selectRows(tx, SELECT_CHANNELS, channel);
  // The first one is read, the others are looked up, so those that match the fewest messages come first.
  return [
    ...bindBlockSource(filters, "messages.workflow_run", workflowRuns),
    ...bindBlockSource(filters, "messages.tenant", toList(tenant)),
    ...bindBlockSource(filters, "messages.workflow", toList(workflow)),
    ...bindBlockSource(filters, "messages.workflow", versions?.workflows),
    ...bindBlockSource(filters, "messages.channel", channels),
    ...bindBlockSource(filters, "messages.status", toList(status)),
    ...bindBlockSource(filters, "messages.status", filter.statuses),
  ];
}

const SELECT_WORKFLOW_RUN = "SELECT row FROM workflow_runs WHERE id = $1";
const SELECT_CHANNELS = "SELECT row FROM channels WHERE key = $1 OR id = $1";

/** Returns row numbers as texts. Without any row, no block matches. */
async function selectRows(tx: Reader, sql: string, value: string): Promise<string[]> {
  const rows = await tx.all<{ row: number }>(sql, value);
  return rows.length === 0 ? [""] : rows.map(({ row }) => String(row));
}

export async function listMessages(
  tx: Reader,
  shared: SharedRows,
  filter: MessageQuery,
  page: PageRequest,
): Promise<Paged<Message>> {
  const { workflow_categories: categories } = filter;
  const versions = categories && (await shared.findVersions(tx, categories));
  const filters = new SqlFilters()
    .add("w.workflow = ?", filter.workflow)
    .add(`r.workflow_run = ${WORKFLOW_RUN_BY_ID}`, filter.workflow_run_id)
    .add("m.recipient_run = (SELECT row FROM recipient_runs WHERE id = ? LIMIT 1)", filter.recipient_run_id)
    .add("m.recipient = ?", filter.recipient)
    .add("m.channel IN (SELECT row FROM channels WHERE key = ? OR id = ?)", filter.channel)
    .add("m.status = ?", filter.status)
    .add("w.tenant = ?", filter.tenant)
    .addText(["w.workflow", "m.recipient", "m.content", TEMPLATE_SOURCES], ["m.id", "r.id", "w.id"], filter.text)
    .addAny("m.id", filter.ids)
    .addAny("m.status", filter.statuses)
    .add(HAS_VERSION, versions?.rows)
    .addPairs("COALESCE(m.data, w.data)", filter.trigger_data)
    .addBounds("m.inserted_at", filter.inserted_at);
  const engagement = filter.engagement_statuses?.map((status) => ENGAGEMENT_CONDITIONS[status]);
  if (engagement) filters.conditions.push(`(${engagement.join(" OR ") || "FALSE"})`);
  const isByTime = filter.ids === undefined && filter.recipient === undefined && filter.recipient_run_id === undefined;
  const isByDueTime = isByTime && (await usesDueIndex(tx, filter));
  if (isByDueTime) filters.conditions.push("m.due_at IS NOT NULL");
  const range = isByTime ? await bindRowRange(tx, "messages", filter.inserted_at, filters) : undefined;
  const { rows, page_info } = await readPage<MessageRow>(
    tx,
    {
      kind: "messages",
      columns: MESSAGE_COLUMNS,
      from: FROM_MESSAGES + JOIN_WORKFLOW_RUN,
      bytes: MESSAGE_BYTES,
      key: "m.row",
      filters,
      rows: range,
      isSelective: filter.ids !== undefined || isByDueTime,
      sources: isByTime && !isByDueTime ? await findSources(tx, filters, filter, versions) : [],
    },
    page,
  );
  return { items: await toMessages(tx, shared, rows), page_info };
}

const SELECT_IDS_AFTER =
  "SELECT id FROM messages WHERE row > COALESCE((SELECT row FROM messages WHERE id = $1), 0) ORDER BY row";

export async function listMessageIds(tx: Reader, after: string | null): Promise<string[]> {
  return (await tx.all<{ id: string }>(SELECT_IDS_AFTER, after)).map(({ id }) => id);
}
