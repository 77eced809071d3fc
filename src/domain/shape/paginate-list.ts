import { KnockError } from "../../errors/knock-error.js";

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

/**
 * Returns one page of a list in memory. A cursor is a place in the list, so it stays valid if the list grows only at its
 * end. Throws `invalid_params` for a cursor of another list.
 */
export function paginateList<T>(list: readonly T[], { limit, after, before }: PageRequest) {
  const end = before === undefined ? list.length : parseCursor("before", before);
  const start =
    after === undefined ? (before === undefined ? 0 : Math.max(0, end - limit)) : parseCursor("after", after) + 1;
  const items = list.slice(start, before === undefined ? start + limit : end);
  const last = start + items.length - 1;
  return {
    items,
    page_info: {
      after: last + 1 < list.length ? buildCursor(last) : null,
      before: start > 0 && items.length > 0 ? buildCursor(start) : null,
      page_size: limit,
    },
  };
}
