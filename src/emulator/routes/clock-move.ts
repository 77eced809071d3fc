import { parseTimestamp } from "../../domain/condition/timestamp.js";
import { parseDuration } from "../../util/duration.js";
import type { Json, JsonObject } from "../../util/json.js";
import { invalidField } from "../http/api-error.js";

export type ClockMove =
  | { kind: "move"; to: number; force: boolean; fromNow: boolean }
  | { kind: "freeze"; at: number | null; force: boolean }
  | { kind: "reset" };

function timeOf(name: string, value: Json | undefined): number {
  const time = parseTimestamp(value);
  if (time === undefined) throw invalidField(name, "must be an ISO 8601 time");
  return time;
}

/**
 * `{ "advance": "1h" }`, `{ "set": …, "force": true }`, `{ "freeze": time or true, "force": true }`, `{ "reset": true }`. `now` in milliseconds, as is `next`: when something falls due,
 * which `{ "advance": "next" }` goes to. */
export function parseClockMove(body: JsonObject, now: number, next: number | null): ClockMove {
  const { advance, set, freeze, reset, force } = body;
  const asked = [advance, set, freeze, reset].filter((one) => one !== undefined);
  if (asked.length !== 1) throw invalidField("", "must say one of advance, set, freeze and reset");
  if (advance === "next") {
    if (next === null) throw invalidField("advance", "has nowhere to go: nothing waits for a time");
    return { kind: "move", to: next, force: false, fromNow: true };
  }
  if (advance !== undefined) {
    const by = typeof advance === "string" ? parseDuration(advance) : undefined;
    if (by === undefined) throw invalidField("advance", 'must be a duration, for example "1h30m", or "next"');
    return { kind: "move", to: now + by, force: false, fromNow: true };
  }
  if (set !== undefined) return { kind: "move", to: timeOf("set", set), force: force === true, fromNow: false };
  if (freeze === undefined) return { kind: "reset" };
  const at = freeze === true || freeze === null ? null : timeOf("freeze", freeze);
  return { kind: "freeze", at, force: force === true };
}
