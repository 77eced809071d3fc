import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { NewMessages } from "../../../ports/feed-store.js";
import { BLOCK_ROWS } from "../connection/allocate-rows.js";
import type { Connection } from "../connection/connection.js";
import { readTransactionBounds } from "../connection/read-transaction-bounds.js";

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
  const { next_row: nextRow, clears } = (await db.get(SELECT_NEXT_ROW)) as { next_row: number; clears: number };
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
