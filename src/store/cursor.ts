import { KnockError } from "../errors/knock-error.js";
import type { Paged, PageRequest } from "../ports/page-request.js";

/** The kinds of lists that a cursor can belong to. A cursor is valid only for its own kind. */
type CursorKind = "schedules" | "runs" | "messages" | "recipients" | "subscriptions" | "members" | "feed" | "events";

const CURSOR = /^(schedules|runs|messages|recipients|subscriptions|members|feed|events):([1-9]\d{0,15})$/;

/** A list, as both stores read it. */
export interface BaseListQuery<Filters> {
  kind: CursorKind;
  /** The columns, without SELECT. */
  columns: string;
  /** `FROM …`, without WHERE. */
  from: string;
  /** The bytes of an item as SQL. */
  bytes: string;
  /** The row key to sort and page by. */
  key: string;
  filters: Filters;
  /** The number of all rows that match, if it is known. The first page ends with the last of them without a search for more. */
  count?: number;
}

export function serializeCursor(kind: CursorKind, row: number): string {
  return Buffer.from(`${kind}:${row}`, "latin1").toString("base64url");
}

function createCursorError(side: "after" | "before", value: string, message: string): KnockError {
  return new KnockError("invalid_params", `${side} ${message}`, {
    hint: "Pass page_info.after or page_info.before of an earlier page unchanged.",
    details: [{ pointer: `/${side}`, message, value }],
  });
}

/**
 * Returns where a page starts; null for the first page. Throws `invalid_params` if the text is not a cursor of this list, or if
 * both `after` and `before` are given.
 */
export function parseCursor(kind: CursorKind, page: PageRequest): { side: "after" | "before"; row: number } | null {
  if (page.after !== undefined && page.before !== undefined)
    throw createCursorError("before", page.before, "cannot be combined with after");
  const side = page.before === undefined ? "after" : "before";
  const value = page[side];
  if (value === undefined) return null;
  const match = CURSOR.exec(Buffer.from(value, "base64url").toString("latin1"));
  const row = Number(match?.[2]);
  if (match?.[1] !== kind || !Number.isSafeInteger(row))
    throw createCursorError(side, value, "is not a cursor of this list");
  return { side, row };
}

/** Which rows a page reads: up to `limit` in a direction, from the row next to `border` on; null starts at the newest row. */
export interface PageRange {
  isOlder: boolean;
  border: number | null;
  limit: number;
}

/**
 * Returns what a page reads: one row more than it contains, by which it finds out whether there are others. `count` is the number
 * of all rows that match, if it is known. The first page ends with the last of them without a search for more.
 */
export function planPage(kind: CursorKind, page: PageRequest, count = Number.POSITIVE_INFINITY): PageRange {
  const cursor = parseCursor(kind, page);
  const limit = cursor === null ? Math.min(page.limit + 1, count) : page.limit + 1;
  return { isOlder: cursor?.side !== "before", border: cursor?.row ?? null, limit };
}

/** Whether there are rows beyond an end of a page; or the row beyond which they have to be looked for. */
export type PageEnd = boolean | { beyond: number };

/** A page whose ends may still have to be looked at. */
interface UnfinishedPage<Row> {
  ends: { newer: PageEnd; older: PageEnd };
  /** Returns the page, newest first. */
  finish(ends: { newer: boolean; older: boolean }): { rows: Row[]; page_info: Paged<never>["page_info"] };
}

/**
 * Returns the page of the rows that were found. `isFull` says that a limit of bytes has ended them. Row keys grow and never change, so
 * no row is repeated or missed while others are added.
 */
export function arrangePage<Row extends { row: number }>(
  kind: CursorKind,
  page: PageRequest,
  { isOlder, border }: PageRange,
  { found, isFull }: { found: readonly Row[]; isFull: boolean },
): UnfinishedPage<Row> {
  const rows = found.slice(0, page.limit);
  const last = found.at(-1);
  const next: PageEnd = found.length > page.limit || (isFull && last !== undefined && { beyond: last.row });
  if (!isOlder) rows.reverse();
  // With an empty page, the cursor itself is the border, and the row that it names is on the other side of it.
  const newest = rows[0]?.row ?? (border === null ? 0 : border - 1);
  const oldest = rows.at(-1)?.row ?? (border === null ? 0 : border + 1);
  return {
    ends: {
      newer: border !== null && (isOlder ? { beyond: newest } : next),
      older: isOlder ? next : { beyond: oldest },
    },
    finish: ({ newer, older }) => ({
      rows,
      page_info: {
        after: older ? serializeCursor(kind, oldest) : null,
        before: newer ? serializeCursor(kind, newest) : null,
        page_size: page.limit,
      },
    }),
  };
}
