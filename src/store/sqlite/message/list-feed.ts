import type { FeedArchived, FeedCounts, FeedFilter, FeedStatus } from "../../../domain/message/feed-filter.js";
import type { Message } from "../../../domain/message/message.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { NewMessages } from "../../../ports/feed-store.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import { serializeCursor } from "../../cursor.js";
import type { Connection } from "../connection/connection.js";
import { readPage, SqlFilters } from "../connection/read-page.js";
import type { SharedRows } from "../run/shared-rows.js";
import { HAS_CATEGORY } from "./list-messages.js";
import { type MessageRow, SELECT_MESSAGES, toMessages } from "./message-rows.js";

const JOIN_RUN = " CROSS JOIN workflow_runs w ON w.row = r.workflow_run";
const FROM = `FROM messages m CROSS JOIN recipient_runs r ON r.row = m.recipient_run${JOIN_RUN}`;

const STATUS_CONDITIONS: Record<FeedStatus, string | null> = {
  unread: "m.read_at IS NULL",
  read: "m.read_at IS NOT NULL",
  unseen: "m.seen_at IS NULL",
  seen: "m.seen_at IS NOT NULL",
  all: null,
};

const ARCHIVED_CONDITIONS: Record<FeedArchived, string | null> = {
  exclude: "m.archived_at IS NULL",
  only: "m.archived_at IS NOT NULL",
  include: null,
};

/** Returns all filters except the status, which the counts ignore. */
function buildFeedFilters(filter: FeedFilter): SqlFilters {
  const { channel, tenant, has_tenant, granted, inserted_at } = filter;
  const filters = new SqlFilters()
    .add("m.recipient = ?", filter.recipient)
    .add("m.channel IN (SELECT row FROM channels WHERE key = ? OR id = ?)", channel, 2)
    .add("w.workflow = ?", filter.source)
    .add(HAS_CATEGORY, filter.workflow_categories && JSON.stringify(filter.workflow_categories))
    .addPairs("COALESCE(m.data, w.data)", filter.trigger_data)
    .addBounds("m.inserted_at", inserted_at)
    .add(has_tenant === true ? "w.tenant = ?" : "(w.tenant = ? OR w.tenant IS NULL)", tenant)
    .add(
      `(w.tenant IN (SELECT value FROM json_each(?))${granted?.untagged ? " OR w.tenant IS NULL" : ""})`,
      granted && JSON.stringify(granted.tenants),
    );
  filters.conditions.push(
    "m.channel IN (SELECT row FROM channels WHERE type = 'in_app_feed')",
    "m.status = 'delivered'",
  );
  // A tenant together with `has_tenant: false` selects messages without a tenant (A-101a does not specify this case).
  if (has_tenant !== undefined) filters.conditions.push(`w.tenant IS ${has_tenant ? "NOT " : ""}NULL`);
  const archived = ARCHIVED_CONDITIONS[filter.archived ?? "exclude"];
  if (archived !== null) filters.conditions.push(archived);
  return filters;
}

function countFeed(db: Connection, filters: SqlFilters): FeedCounts {
  const counts = db.get<FeedCounts>(
    `SELECT COUNT(*) AS total_count, COUNT(*) - COUNT(m.read_at) AS unread_count, COUNT(*) - COUNT(m.seen_at) AS unseen_count ${FROM} WHERE ${filters.conditions.join(" AND ")}`,
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
    const rows = db.all<{ recipient: RecipientKey }>(
      "SELECT DISTINCT recipient FROM messages WHERE row > ?",
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
    const filters = buildFeedFilters(filter);
    const counts = countFeed(db, filters);
    const status = STATUS_CONDITIONS[filter.status ?? "all"];
    if (status !== null) filters.conditions.push(status);
    const { rows, page_info } = readPage<MessageRow>(
      db,
      { kind: "feed", select: SELECT_MESSAGES + JOIN_RUN, from: FROM, key: "m.row", filters },
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
