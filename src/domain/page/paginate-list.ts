import { KnockError } from "../../errors/knock-error.js";
import { limitPage } from "./page-bytes.js";

const CURSOR = /^place:(\d{1,9})$/;

interface PageRequest {
  limit: number;
  after?: string | undefined;
  before?: string | undefined;
}

function parseCursor(side: "after" | "before", cursor: string): number {
  const match = CURSOR.exec(Buffer.from(cursor, "base64url").toString("latin1"));
  if (match !== null) return Number(match[1]);
  const message = "is not a cursor of this list";
  throw new KnockError("invalid_params", `${side} ${message}`, {
    hint: "Pass page_info.after or page_info.before of an earlier page unchanged.",
    details: [{ pointer: `/${side}`, message, value: cursor }],
  });
}

function buildCursor(index: number): string {
  return Buffer.from(`place:${index}`, "latin1").toString("base64url");
}

interface PageRange {
  first: number;
  end: number;
  isBackward: boolean;
}

function findRange(length: number, { limit, after, before }: PageRequest): PageRange {
  const end = before === undefined ? length : parseCursor("before", before);
  const isBackward = after === undefined && before !== undefined;
  const first = isBackward ? Math.max(0, end - limit) : after === undefined ? 0 : parseCursor("after", after) + 1;
  return { first, end: before === undefined ? Math.min(first + limit, length) : end, isBackward };
}

/** Returns the page of the items in a range. */
function toPage<T>(found: readonly T[], { first, isBackward }: PageRange, length: number, limit: number) {
  const items = limitPage(found, isBackward, (item) => JSON.stringify(item).length);
  const start = isBackward ? first + found.length - items.length : first;
  const last = start + items.length - 1;
  return {
    items,
    page_info: {
      after: last + 1 < length ? buildCursor(last) : null,
      before: start > 0 && items.length > 0 ? buildCursor(start) : null,
      page_size: limit,
    },
  };
}

/**
 * Returns one page of a list in memory, which ends at the limit of bytes. A cursor is a place in the list, so it stays valid if
 * the list grows only at its end. Throws `invalid_params` for a cursor of another list.
 */
export function paginateList<T>(list: readonly T[], request: PageRequest) {
  const range = findRange(list.length, request);
  return toPage(list.slice(range.first, range.end), range, list.length, request.limit);
}

/** Returns one page like {@link paginateList}. Only the items with the IDs of the page are read. */
export async function paginateIds<T>(
  ids: readonly string[],
  request: PageRequest,
  read: (ids: readonly string[]) => Promise<T[]>,
) {
  const range = findRange(ids.length, request);
  return toPage(await read(ids.slice(range.first, range.end)), range, ids.length, request.limit);
}
