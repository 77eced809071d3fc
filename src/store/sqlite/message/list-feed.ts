import type { FeedCounts, FeedFilter } from "../../../domain/message/feed-filter.js";
import type { Message } from "../../../domain/message/message.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { NewMessages } from "../../../ports/feed-store.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import { serializeCursor } from "../../cursor.js";
import { stringify } from "../../rows/json-column.js";
import { FEED_STATUS_CONDITIONS, getCountOfStatus } from "../../rows/message-conditions.js";
import { MESSAGE_BYTES, MESSAGE_COLUMNS, type MessageRow } from "../../rows/message-row.js";
import type { Connection } from "../connection/connection.js";
import { readPage, SqlFilters } from "../connection/read-page.js";
import type { SharedRows } from "../run/shared-rows.js";
import { IS_IN_FEED, keepCountsOfLargeFeed, readKeptCounts } from "./feed-counts.js";
import { HAS_VERSION } from "./list-messages.js";
import { FROM_MESSAGES_AND_RUNS } from "./message-joins.js";
import { toMessages } from "./message-rows.js";

/** The expressions that the filters compare, of messages and of kept counts. */
const MESSAGE_COLUMNS_OF_FILTERS = { channel: "m.channel", tenant: "w.tenant", archived: "m.archived_at IS NOT NULL" };
const COUNT_COLUMNS = { channel: "c.channel", tenant: "NULLIF(c.tenant, '')", archived: "c.archived = 1" };

/** Adds the filters by which counts are kept: channel, tenant and whether messages are archived. */
function addKeptFilters(
  filters: SqlFilters,
  columns: typeof MESSAGE_COLUMNS_OF_FILTERS,
  filter: FeedFilter,
): SqlFilters {
  const { channel, tenant, has_tenant, granted, archived = "exclude" } = filter;
  filters
    .add(`${columns.channel} IN (SELECT row FROM channels WHERE key = ? OR id = ?)`, channel, 2)
    .add(has_tenant === true ? `${columns.tenant} = ?` : `(${columns.tenant} = ? OR ${columns.tenant} IS NULL)`, tenant)
    .add(
      `(${columns.tenant} IN (SELECT value FROM json_each(?))${granted?.untagged ? ` OR ${columns.tenant} IS NULL` : ""})`,
      granted && stringify(granted.tenants),
    );
  // A tenant together with `has_tenant: false` selects messages without a tenant (A-101a does not specify this case).
  if (has_tenant !== undefined) filters.conditions.push(`${columns.tenant} IS ${has_tenant ? "NOT " : ""}NULL`);
  if (archived !== "include") filters.conditions.push(`${archived === "only" ? "" : "NOT "}(${columns.archived})`);
  return filters;
}

/** Returns all filters except the status, which the counts ignore (Q-24). */
function buildFeedFilters(shared: SharedRows, filter: FeedFilter): SqlFilters {
  const { workflow_categories: categories } = filter;
  const filters = new SqlFilters()
    .add("m.recipient = ?", filter.recipient)
    .add("w.workflow = ?", filter.source)
    .add(HAS_VERSION, categories && stringify(shared.findVersions(categories).rows))
    .addPairs("COALESCE(m.data, w.data)", filter.trigger_data)
    .addBounds("m.inserted_at", filter.inserted_at);
  filters.conditions.push(...IS_IN_FEED);
  return addKeptFilters(filters, MESSAGE_COLUMNS_OF_FILTERS, filter);
}

/** Returns the kept counts of the messages that match the filter except the status, or null if they have to be counted. */
function findKeptCounts(db: Connection, filter: FeedFilter): FeedCounts | null {
  const { recipient, source, workflow_categories, trigger_data = {}, inserted_at = {} } = filter;
  if (source !== undefined || workflow_categories !== undefined) return null;
  if (Object.keys(trigger_data).length > 0 || Object.keys(inserted_at).length > 0) return null;
  const { conditions, values } = addKeptFilters(new SqlFilters(), COUNT_COLUMNS, filter);
  return readKeptCounts(db, recipient, conditions, values);
}

function countFeed(db: Connection, filters: SqlFilters): FeedCounts {
  const counts = db.get<FeedCounts>(
    `SELECT COUNT(*) AS total_count, COUNT(*) - COUNT(m.read_at) AS unread_count, COUNT(*) - COUNT(m.seen_at) AS unseen_count ${FROM_MESSAGES_AND_RUNS} WHERE ${filters.conditions.join(" AND ")}`,
    ...filters.values,
  );
  return { ...(counts as FeedCounts) };
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
  keepCountsOfLargeFeed(db, filter.recipient);
  return db.read(() => {
    const filters = buildFeedFilters(shared, filter);
    const counts = findKeptCounts(db, filter) ?? countFeed(db, filters);
    const status = filter.status ?? "all";
    const condition = FEED_STATUS_CONDITIONS[status];
    if (condition !== null) filters.conditions.push(condition);
    const { rows, page_info } = readPage<MessageRow>(
      db,
      {
        kind: "feed",
        columns: MESSAGE_COLUMNS,
        from: FROM_MESSAGES_AND_RUNS,
        bytes: MESSAGE_BYTES,
        key: "m.row",
        filters,
        count: getCountOfStatus(counts, status),
      },
      page,
    );
    const messages = toMessages(db, shared, rows);
    const items = messages.map((message, index) => ({
      message,
      cursor: serializeCursor("feed", (rows[index] as MessageRow).row),
    }));
    return { items, page_info, counts };
  });
}
