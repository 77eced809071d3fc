import type { Page, Paged } from "../../ports/page.js";
import { invalidField } from "./api-error.js";

const CURSOR = /^place:(\d{1,9})$/;

function placeOf(side: "after" | "before", cursor: string): number {
  const match = CURSOR.exec(Buffer.from(cursor, "base64url").toString("latin1"));
  if (match === null) throw invalidField(side, "is not a cursor of this list");
  return Number(match[1]);
}

function cursorOf(place: number): string {
  return Buffer.from(`place:${place}`, "latin1").toString("base64url");
}

/** A page of a list that is at hand whole and only grows at its far end. */
export function pagedList<T>(list: readonly T[], { limit, after, before }: Page): Paged<T> {
  const end = before === undefined ? list.length : placeOf("before", before);
  const start =
    after === undefined ? (before === undefined ? 0 : Math.max(0, end - limit)) : placeOf("after", after) + 1;
  const items = list.slice(start, before === undefined ? start + limit : end);
  const last = start + items.length - 1;
  return {
    items,
    page_info: {
      after: last + 1 < list.length ? cursorOf(last) : null,
      before: start > 0 && items.length > 0 ? cursorOf(start) : null,
      page_size: limit,
    },
  };
}
