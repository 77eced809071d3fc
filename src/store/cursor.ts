import { KnockError } from "../errors/knock-error.js";
import type { Page } from "../ports/page.js";

/** What a cursor points into; one list's cursor is no other's. */
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

export function writeCursor(kind: CursorKind, row: number): string {
  return Buffer.from(`${kind}:${row}`, "latin1").toString("base64url");
}

function badCursor(side: "after" | "before", value: string, message: string): KnockError {
  return new KnockError("invalid_params", `${side}: ${message}`, {
    hint: "Pass page_info.after or page_info.before of an earlier page as it stands.",
    details: [{ pointer: `/${side}`, message, value }],
  });
}

/** Where a page starts. Throws `invalid_params` for what is not a cursor of this list, or for both sides at once. */
export function readCursor(kind: CursorKind, page: Page): { side: "after" | "before"; row: number } | null {
  if (page.after !== undefined && page.before !== undefined)
    throw badCursor("before", page.before, "cannot stand beside after");
  const side = page.before === undefined ? "after" : "before";
  const value = page[side];
  if (value === undefined) return null;
  const match = CURSOR.exec(Buffer.from(value, "base64url").toString("latin1"));
  if (match?.[1] !== kind) throw badCursor(side, value, "is not a cursor of this list");
  return { side, row: Number(match[2]) };
}
