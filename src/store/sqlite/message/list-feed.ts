import type { FeedCounts, FeedFilter } from "../../../domain/message/feed-filter.js";
import type { Message } from "../../../domain/message/message.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { NewMessages } from "../../../ports/feed-store.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import { zip } from "../../../util/zip.js";
import { serializeCursor } from "../../cursor.js";
import { stringify } from "../../rows/json-column.js";
import { FEED_STATUS_CONDITIONS, getCountOfStatus } from "../../rows/message-conditions.js";
import { MESSAGE_BYTES, MESSAGE_COLUMNS, type MessageRow } from "../../rows/message-row.js";
import type { Connection } from "../connection/connection.js";
import { isAnyName, isName, readPage, SqlFilters } from "../connection/read-page.js";
import type { SharedRows } from "../run/shared-rows.js";
import { HAS_VERSION } from "./list-messages.js";
import { buildFromIndex, toMessages } from "./message-rows.js";

const SELECT_FEED_CHANNELS =
  "SELECT row FROM channels WHERE type = 'in_app_feed' AND (?1 IS NULL OR key = ?1 OR id = ?1)";

/** Returns all filters except the status, which the counts ignore. */
function buildFeedFilters(db: Connection, shared: SharedRows, filter: FeedFilter): SqlFilters {
  const { workflow_categories: categories, tenant, has_tenant, granted, archived = "exclude" } = filter;
  const versions = categories && shared.findVersions(categories);
  const isTenant = isName("i.tenant_name");
  const channels = db.all<{ row: number }>(SELECT_FEED_CHANNELS, filter.channel ?? null);
  const filters = new SqlFilters()
    .add("i.recipient = ?", filter.recipient)
    .addAny(
      "i.channel",
      channels.map(({ row }) => row),
    )
    .add("i.status = ?", "delivered")
    .add(has_tenant === true ? isTenant : `(${isTenant} OR i.tenant_name IS NULL)`, tenant)
    .add(
      `(${isAnyName("i.tenant_name")}${granted?.untagged ? " OR i.tenant_name IS NULL" : ""})`,
      granted && stringify(granted.tenants),
    )
    .add(isName("i.workflow_name"), filter.source)
    .add(isAnyName("i.workflow_name"), versions && stringify(versions.workflows))
    .add(HAS_VERSION, versions && stringify(versions.rows))
    .addPairs("COALESCE(m.data, w.data)", filter.trigger_data)
    .addBounds("i.inserted_at", filter.inserted_at);
  // A tenant together with `has_tenant: false` selects messages without a tenant (A-101a does not specify this case).
  if (has_tenant !== undefined) filters.conditions.push(`i.tenant_name IS ${has_tenant ? "NOT " : ""}NULL`);
  if (archived !== "include") filters.conditions.push(`i.archived_at IS ${archived === "only" ? "NOT " : ""}NULL`);
  return filters;
}

/** Counts the messages of a feed by their index. Reads their rows only if a filter needs them. */
function countFeed(db: Connection, { conditions, values }: SqlFilters): FeedCounts {
  const where = conditions.join(" AND ");
  const from = /\b[mw]\./.test(where) ? buildFromIndex() : "FROM messages i";
  const counts = db.getOne<FeedCounts>(
    `SELECT COUNT(*) AS total_count, COUNT(*) - COUNT(i.read_at) AS unread_count, COUNT(*) - COUNT(i.seen_at) AS unseen_count ${from} WHERE ${where}`,
    ...values,
  );
  return { ...counts };
}

/** Maximum number of new rows that are searched for recipients. With more, `recipients` is null. */
const MAX_NEW_ROWS = 5_000;

const NO_MESSAGE = { row: 0, id: "" };

/**
 * Returns the recipients of the messages after a cursor, and the new cursor. It is a message's id and not its row, because
 * the next message gets the same row once the newest is deleted.
 */
export function readNewMessages(db: Connection, cursor: string | null): NewMessages {
  return db.read(() => {
    const newest = db.get<typeof NO_MESSAGE>("SELECT row, id FROM messages ORDER BY row DESC LIMIT 1") ?? NO_MESSAGE;
    const before =
      cursor === "" ? NO_MESSAGE : db.get<{ row: number }>("SELECT row FROM messages WHERE id = ?", cursor);
    if (before === undefined || newest.row - before.row > MAX_NEW_ROWS) return { cursor: newest.id, recipients: null };
    // Without NOT INDEXED, SQLite would read the whole index by recipient, which has the recipients in order.
    const rows = db.all<{ recipient: RecipientKey }>(
      "SELECT DISTINCT recipient FROM messages NOT INDEXED WHERE row > ?",
      before.row,
    );
    return { cursor: newest.id, recipients: rows.map(({ recipient }) => recipient) };
  });
}

export function listFeed(
  db: Connection,
  shared: SharedRows,
  filter: FeedFilter,
  page: PageRequest,
): Paged<{ message: Message; cursor: string }> & { counts: FeedCounts } {
  return db.read(() => {
    const filters = buildFeedFilters(db, shared, filter);
    const counts = countFeed(db, filters);
    const status = filter.status ?? "all";
    const condition = FEED_STATUS_CONDITIONS[status]?.replace("m.", "i.");
    if (condition !== undefined) filters.conditions.push(condition);
    const { rows, page_info } = readPage<MessageRow>(
      db,
      {
        kind: "feed",
        columns: MESSAGE_COLUMNS,
        from: buildFromIndex(),
        bytes: MESSAGE_BYTES,
        key: "i.row",
        filters,
        count: getCountOfStatus(counts, status),
      },
      page,
    );
    const items = zip(toMessages(db, shared, rows), rows).map(([message, { row }]) => ({
      message,
      cursor: serializeCursor("feed", row),
    }));
    return { items, page_info, counts };
  });
}
