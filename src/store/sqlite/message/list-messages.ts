import type { Message } from "../../../domain/message/message.js";
import type { MessageQuery } from "../../../ports/filters.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import { stringify } from "../../rows/json-column.js";
import { ENGAGEMENT_CONDITIONS } from "../../rows/message-conditions.js";
import { MESSAGE_BYTES, MESSAGE_COLUMNS, type MessageRow } from "../../rows/message-row.js";
import type { Connection } from "../connection/connection.js";
import { isAnyName, isName, readPage, SqlFilters } from "../connection/read-page.js";
import { RUN_ROW_BY_ID } from "../run/run-rows.js";
import type { SharedRows } from "../run/shared-rows.js";
import { buildFromIndex, toMessages } from "./message-rows.js";

/** The sources in a message's content, which are not in its row. */
const TEMPLATE_SOURCES = "(SELECT s.texts FROM template_sources s WHERE s.row = m.template_sources)";

/** Condition that the workflow run's version is in a JSON list. */
export const HAS_VERSION = "w.version IN (SELECT value FROM json_each(?))";

const SELECT_CHANNELS = "SELECT row FROM channels WHERE key = ?1 OR id = ?1";

/** Returns whether an index of the filters finds few messages. */
const isSelective = ({ ids, workflow_run_id, recipient_run_id }: MessageQuery): boolean =>
  [ids, workflow_run_id, recipient_run_id].some((one) => one !== undefined);

function buildFilters(db: Connection, shared: SharedRows, filter: MessageQuery): SqlFilters {
  const { channel, workflow_categories: categories } = filter;
  const channels = channel === undefined ? undefined : db.all<{ row: number }>(SELECT_CHANNELS, channel);
  const versions = categories && shared.findVersions(categories);
  const filters = new SqlFilters()
    .add(isName("i.workflow_name"), filter.workflow)
    .add(
      "i.recipient_run IN (SELECT q.row FROM recipient_runs q WHERE q.workflow_run = (SELECT row FROM workflow_runs WHERE id = ?))",
      filter.workflow_run_id,
    )
    .add(`i.recipient_run = ${RUN_ROW_BY_ID}`, filter.recipient_run_id)
    // The plus keeps SQLite from reading all messages of the recipient.
    .add(isSelective(filter) ? "+i.recipient = ?" : "i.recipient = ?", filter.recipient)
    .addAny(
      "i.channel",
      channels?.map(({ row }) => row),
    )
    .add("i.status = ?", filter.status)
    .add(isName("i.tenant_name"), filter.tenant)
    .addText(["w.workflow", "m.recipient", "m.content", TEMPLATE_SOURCES], ["m.id", "r.id", "w.id"], filter.text)
    .addAny("i.id", filter.ids)
    .addAny("i.status", filter.statuses)
    .add(isAnyName("i.workflow_name"), versions && stringify(versions.workflows))
    .add(HAS_VERSION, versions && stringify(versions.rows))
    .addPairs("COALESCE(m.data, w.data)", filter.trigger_data)
    .addBounds("i.inserted_at", filter.inserted_at);
  const engagement = filter.engagement_statuses?.map((status) => ENGAGEMENT_CONDITIONS[status].replace("m.", "i."));
  if (engagement) filters.conditions.push(`(${engagement.join(" OR ") || "FALSE"})`);
  return filters;
}

export function listMessages(
  db: Connection,
  shared: SharedRows,
  filter: MessageQuery,
  page: PageRequest,
): Paged<Message> {
  // The messages of a recipient are read in the order of their own index.
  const index = isSelective(filter) || filter.recipient !== undefined ? undefined : "messages_for_lists";
  return db.read(() => {
    const { rows, page_info } = readPage<MessageRow>(
      db,
      {
        kind: "messages",
        columns: MESSAGE_COLUMNS,
        from: buildFromIndex(index),
        bytes: MESSAGE_BYTES,
        key: "i.row",
        filters: buildFilters(db, shared, filter),
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
