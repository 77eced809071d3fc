import { parseTimestamp } from "../../../../domain/condition/parse-timestamp.js";
import type { ClockBody } from "../../../../domain/request/helper-bodies.js";
import { parseDuration } from "../../../../util/duration.js";
import { createInvalidFieldError } from "../http/api-error.js";

type ClockMove =
  | { kind: "move"; to: number; force: boolean; fromNow: boolean }
  | { kind: "freeze"; at: number | null; force: boolean }
  | { kind: "reset" };

const parseTime = (text: string): number => parseTimestamp(text) as number;

/**
 * Returns the move that a checked body requests. `now` and `nextDueAt` are in milliseconds. `{ "advance": "next" }`
 * moves to `nextDueAt`, the next time at which something is due. Throws 422 if nothing is due.
 */
export function parseClockMove(
  { advance, set, freeze, force }: ClockBody,
  now: number,
  nextDueAt: number | null,
): ClockMove {
  if (advance === "next") {
    if (nextDueAt === null) throw createInvalidFieldError("advance", "has no effect: nothing is scheduled");
    return { kind: "move", to: nextDueAt, force: false, fromNow: true };
  }
  if (advance !== undefined)
    return { kind: "move", to: now + (parseDuration(advance) as number), force: false, fromNow: true };
  if (set !== undefined) return { kind: "move", to: parseTime(set), force: force === true, fromNow: false };
  if (freeze === undefined) return { kind: "reset" };
  return { kind: "freeze", at: typeof freeze === "string" ? parseTime(freeze) : null, force: force === true };
}
