import { KnockError } from "../errors/knock-error.js";
import type { PageRequest } from "../ports/page-request.js";

/** The kinds of lists that a cursor can belong to. A cursor is valid only for its own kind. */
export type CursorKind =
  | "schedules"
  | "runs"
  | "messages"
  | "recipients"
  | "subscriptions"
  | "members"
  | "feed"
  | "events";

const CURSOR = /^(schedules|runs|messages|recipients|subscriptions|members|feed|events):([1-9]\d{0,15})$/;

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
