import type { Message } from "../../../domain/message/message.js";
import type { MessageQuery } from "../../../ports/filters.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import { stringify } from "../../rows/json-column.js";
import { ENGAGEMENT_CONDITIONS } from "../../rows/message-conditions.js";
import { MESSAGE_BYTES, MESSAGE_COLUMNS, type MessageRow } from "../../rows/message-row.js";
import type { FoundVersions } from "../../rows/version-categories.js";
import { createTimeSource } from "../connection/block-times.js";
import type { Connection } from "../connection/connection.js";
import { readPage, SqlFilters } from "../connection/read-page.js";
import { type BlockSource, BlockSources } from "../connection/row-blocks.js";
import { RUN_ROW_BY_ID } from "../run/run-rows.js";
import type { SharedRows } from "../run/shared-rows.js";
import { FROM_MESSAGES_AND_RUNS } from "./message-joins.js";
import { getRareEngagements, toMessages } from "./message-rows.js";

/** The sources in a message's content, which are not in its row. */
const TEMPLATE_SOURCES = "(SELECT s.texts FROM template_sources s WHERE s.row = m.template_sources)";

/** Condition that the workflow run's version is in a JSON list. */
export const HAS_VERSION = "w.version IN (SELECT value FROM json_each(?))";

const SELECT_NEXT_OF_RECIPIENT = {
  older: "SELECT MAX(row) FROM messages WHERE recipient = ? AND row <= ?",
  newer: "SELECT MIN(row) FROM messages WHERE recipient = ? AND row >= ?",
};

/** Returns whether an index of the filters finds few messages. */
function isSelective({ ids, workflow_run_id, recipient_run_id }: MessageQuery): boolean {
  return [ids, workflow_run_id, recipient_run_id].some((one) => one !== undefined);
}

/** Returns where messages may be that match the filters; none if an index of the filters finds few messages. */
function findSources(
  db: Connection,
  filter: MessageQuery,
  versions: FoundVersions | undefined,
): readonly BlockSource[] {
  const { recipient, workflow, channel, status, statuses, tenant } = filter;
  if (isSelective(filter)) return [];
  const found = new BlockSources(db)
    .addValue("messages.status", status)
    .addValues("messages.status", statuses)
    .addValue("messages.workflow", workflow)
    .addValue("messages.tenant", tenant)
    .addValues("messages.channel", channel === undefined ? undefined : selectChannelRows(db, channel))
    .addValues("messages.workflow", versions?.workflows)
    .addValues("messages.engagement", getRareEngagements(filter.engagement_statuses))
    .addSource(createTimeSource(db, "messages", filter.inserted_at));
  // The messages of a recipient alone are read in the order of their index.
  return found.sources.length === 0 ? [] : found.addIndexed(SELECT_NEXT_OF_RECIPIENT, recipient).sources;
}

/** Returns the rows of the channels with a key or id. */
function selectChannelRows(db: Connection, channel: string): string[] {
  const rows = db.all<{ row: number }>("SELECT row FROM channels WHERE key = ? OR id = ?", channel, channel);
  return rows.map(({ row }) => String(row));
}

export function listMessages(
  db: Connection,
  shared: SharedRows,
  filter: MessageQuery,
  page: PageRequest,
): Paged<Message> {
  const { workflow_categories: categories } = filter;
  const versions = categories && db.read(() => shared.findVersions(categories));
  const filters = new SqlFilters()
    .add("w.workflow = ?", filter.workflow)
    .add(
      "m.recipient_run IN (SELECT q.row FROM recipient_runs q WHERE q.workflow_run = (SELECT row FROM workflow_runs WHERE id = ?))",
      filter.workflow_run_id,
    )
    .add(`m.recipient_run = ${RUN_ROW_BY_ID}`, filter.recipient_run_id)
    // The plus keeps SQLite from reading all messages of the recipient.
    .add(isSelective(filter) ? "+m.recipient = ?" : "m.recipient = ?", filter.recipient)
    .add("m.channel IN (SELECT row FROM channels WHERE key = ? OR id = ?)", filter.channel, 2)
    .add("m.status = ?", filter.status)
    .add("w.tenant = ?", filter.tenant)
    .addText(["w.workflow", "m.recipient", "m.content", TEMPLATE_SOURCES], ["m.id", "r.id", "w.id"], filter.text)
    .addAny("m.id", filter.ids)
    .addAny("m.status", filter.statuses)
    .add(HAS_VERSION, versions && stringify(versions.rows))
    .addPairs("COALESCE(m.data, w.data)", filter.trigger_data)
    .addBounds("m.inserted_at", filter.inserted_at);
  const engagement = filter.engagement_statuses?.map((status) => ENGAGEMENT_CONDITIONS[status]);
  if (engagement) filters.conditions.push(`(${engagement.join(" OR ") || "FALSE"})`);
  return db.read(() => {
    const { rows, page_info } = readPage<MessageRow>(
      db,
      {
        kind: "messages",
        columns: MESSAGE_COLUMNS,
        from: FROM_MESSAGES_AND_RUNS,
        bytes: MESSAGE_BYTES,
        key: "m.row",
        filters,
        sources: findSources(db, filter, versions),
      },
      page,
    );
    return { items: toMessages(db, shared, rows), page_info };
  });
}

const SELECT_IDS_AFTER =
  "SELECT id FROM messages WHERE row > COALESCE((SELECT row FROM messages WHERE id = ?), 0) ORDER BY row";

export function listMessageIds(db: Connection, after: string | null): string[] {
  return db.all<{ id: string }>(SELECT_IDS_AFTER, after).map(({ id }) => id);
}
