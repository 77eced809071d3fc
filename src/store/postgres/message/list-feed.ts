import type { FeedCounts, FeedFilter } from "../../../domain/message/feed-filter.js";
import type { Message } from "../../../domain/message/message.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { NewMessages } from "../../../ports/feed-store.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import { zip } from "../../../util/zip.js";
import { serializeCursor } from "../../cursor.js";
import { FEED_STATUS_CONDITIONS, getCountOfStatus } from "../../rows/message-conditions.js";
import { MESSAGE_BYTES, MESSAGE_COLUMNS, type MessageRow } from "../../rows/message-row.js";
import { BLOCK_ROWS } from "../connection/allocate-rows.js";
import type { Connection } from "../connection/connection.js";
import { readPage } from "../connection/read-page.js";
import { SqlFilters } from "../connection/sql-filters.js";
import { type Reader, readTransactionBounds } from "../connection/transaction.js";
import type { SharedRows } from "../run/shared-rows.js";
import { IS_IN_FEED, readKeptCounts } from "./feed-counts.js";
import { HAS_VERSION, JOIN_WORKFLOW_RUN } from "./list-messages.js";
import { FROM_MESSAGES, toMessages } from "./message-rows.js";

/** The expressions that the filters compare, of messages and of kept counts. */
const MESSAGE_COLUMNS_OF_FILTERS = { channel: "m.channel", tenant: "w.tenant", archived: "m.archived_at IS NOT NULL" };
const COUNT_COLUMNS = { channel: "c.channel", tenant: "NULLIF(c.tenant, '')", archived: "c.archived = 1" };

/** Adds the filters by which counts are kept: channel, tenant and whether messages are archived. */
function addKeptFilters(
  filters: SqlFilters,
  columns: typeof MESSAGE_COLUMNS_OF_FILTERS,
  { channel, tenant, has_tenant, granted, archived = "exclude" }: FeedFilter,
): SqlFilters {
  filters
    .add(`${columns.channel} IN (SELECT row FROM channels WHERE key = ? OR id = ?)`, channel)
    .add(has_tenant === true ? `${columns.tenant} = ?` : `(${columns.tenant} = ? OR ${columns.tenant} IS NULL)`, tenant)
    .add(
      `(${columns.tenant} = ANY(?::text[])${granted?.untagged ? ` OR ${columns.tenant} IS NULL` : ""})`,
      granted?.tenants,
    );
  // A tenant together with `has_tenant: false` selects messages without a tenant (A-101a does not specify this case).
  if (has_tenant !== undefined) filters.conditions.push(`${columns.tenant} IS ${has_tenant ? "NOT " : ""}NULL`);
  if (archived !== "include") filters.conditions.push(`${archived === "only" ? "" : "NOT "}(${columns.archived})`);
  return filters;
}

/** Returns all filters except the status, which the counts ignore (Q-24). */
async function buildFeedFilters(tx: Reader, shared: SharedRows, filter: FeedFilter): Promise<SqlFilters> {
  const { workflow_categories: categories } = filter;
  const filters = new SqlFilters()
    .add("m.recipient = ?", filter.recipient)
    .add("w.workflow = ?", filter.source)
    .add(HAS_VERSION, categories && (await shared.findVersions(tx, categories)).rows)
    .addPairs("COALESCE(m.data, w.data)", filter.trigger_data)
    .addBounds("m.inserted_at", filter.inserted_at);
  filters.conditions.push(...IS_IN_FEED);
  return addKeptFilters(filters, MESSAGE_COLUMNS_OF_FILTERS, filter);
}

/** Returns the kept counts of the messages that match the filter except the status, or null if they have to be counted. */
async function findKeptCounts(tx: Reader, filter: FeedFilter): Promise<FeedCounts | null> {
  const { recipient, source, workflow_categories, trigger_data = {}, inserted_at = {} } = filter;
  if (source !== undefined || workflow_categories !== undefined) return null;
  if (Object.keys(trigger_data).length > 0 || Object.keys(inserted_at).length > 0) return null;
  const filters = new SqlFilters().add("c.recipient = ?", recipient);
  return readKeptCounts(tx, recipient, addKeptFilters(filters, COUNT_COLUMNS, filter));
}

/** Counts the messages of a feed. Joins their runs only if a filter needs them. */
function countFeed(tx: Reader, { conditions, values }: SqlFilters): Promise<FeedCounts> {
  const where = conditions.join(" AND ");
  const from = /\bw\./.test(where) ? FROM_MESSAGES + JOIN_WORKFLOW_RUN : "FROM messages m";
  return tx.getOne<FeedCounts>(
    `SELECT count(*) AS total_count, count(*) - count(m.read_at) AS unread_count, count(*) - count(m.seen_at) AS unseen_count ${from} WHERE ${where}`,
    ...values,
  );
}

export async function listFeed(
  tx: Reader,
  shared: SharedRows,
  filter: FeedFilter,
  page: PageRequest,
): Promise<Paged<{ message: Message; cursor: string }> & { counts: FeedCounts }> {
  const filters = await buildFeedFilters(tx, shared, filter);
  const counts = (await findKeptCounts(tx, filter)) ?? (await countFeed(tx, filters));
  const status = filter.status ?? "all";
  const condition = FEED_STATUS_CONDITIONS[status];
  if (condition !== null) filters.conditions.push(condition);
  const { rows, page_info } = await readPage<MessageRow>(
    tx,
    {
      kind: "feed",
      columns: MESSAGE_COLUMNS,
      from: FROM_MESSAGES + JOIN_WORKFLOW_RUN,
      bytes: MESSAGE_BYTES,
      key: "m.row",
      filters,
      count: getCountOfStatus(counts, status),
    },
    page,
  );
  const items = zip(await toMessages(tx, shared, rows), rows).map(([message, { row }]) => ({
    message,
    cursor: serializeCursor("feed", row),
  }));
  return { items, page_info, counts };
}

/** Maximum number of new rows that are searched for recipients. With more, `recipients` is null. */
const MAX_NEW_ROWS = 5_000;

/**
 * The position of a reader. It has read all messages of transactions below `xid`. Transactions from `xid` on write only rows
 * from `row` on, and those from `nextXid` on only rows from `nextRow` on, because a transaction numbers its rows after it has
 * got its id. So no index of the ids is needed.
 */
interface Position {
  /** How often the store was cleared. */
  clears: number;
  xid: number;
  row: number;
  nextXid: number;
  nextRow: number;
}

const CURSOR = /^(\d{1,16})\.(\d{1,16})\.(\d{1,16})\.(\d{1,16})\.(\d{1,16})$/;

function parsePosition(cursor: string | null): Position | null {
  const match = cursor === null ? null : CURSOR.exec(cursor);
  if (match === null) return null;
  const [clears = 0, xid = 0, row = 0, nextXid = 0, nextRow = 0] = match.slice(1).map(Number);
  return { clears, xid, row, nextXid, nextRow };
}

const formatPosition = ({ clears, xid, row, nextXid, nextRow }: Position): string =>
  [clears, xid, row, nextXid, nextRow].join(".");

const SELECT_NEXT_ROW = `
  SELECT (b.last_value + b.is_called::integer) * ${BLOCK_ROWS} AS next_row, c.last_value + c.is_called::integer AS clears FROM row_blocks b, store_clears c`;

/**
 * Returns the recipients of the messages that were committed after a cursor, and the new cursor. Messages are numbered before
 * they are committed, so reading on from the newest number would skip those that are committed late.
 */
export async function readNewMessages(db: Connection, cursor: string | null): Promise<NewMessages> {
  const before = parsePosition(cursor);
  // In this order: transactions that start after the second statement number their rows after the first one.
  const { next_row: nextRow, clears } = await db.getOne<{ next_row: number; clears: number }>(SELECT_NEXT_ROW);
  const { oldest: xid, newest: nextXid } = await readTransactionBounds(db);
  const row = before === null ? 0 : xid >= before.nextXid ? before.nextRow : before.row;
  const position = formatPosition({ clears, xid, row, nextXid, nextRow });
  if (before === null || before.clears !== clears) return { cursor: position, recipients: null };
  const rows = await db.all<{ recipient: RecipientKey; xid: number }>(
    `SELECT recipient, xid::text::bigint AS xid FROM messages WHERE row >= $1 ORDER BY row LIMIT ${MAX_NEW_ROWS + 1}`,
    before.row,
  );
  if (rows.length > MAX_NEW_ROWS) return { cursor: position, recipients: null };
  const found = rows.filter((one) => one.xid >= before.xid && one.xid < xid).map(({ recipient }) => recipient);
  return found.length === 0
    ? { cursor: formatPosition(before), recipients: [] }
    : { cursor: position, recipients: [...new Set(found)] };
}
