import { parseTimestamp } from "../domain/condition/parse-timestamp.js";
import { createInvalidParamsError } from "../domain/findings/invalid-params-error.js";
import { parseTrigger } from "../domain/trigger/parse-trigger.js";
import type { Trigger } from "../domain/trigger/trigger.js";
import type { KnockError } from "../errors/knock-error.js";
import { isJsonObject } from "../util/json.js";

/** A trigger with its time, in milliseconds. `name` is the location that it was read from, such as `triggers.jsonl:3`. */
export interface TimedTrigger {
  name: string;
  at: number;
  trigger: Trigger;
}

const HAS_OFFSET = /[T ][^T\s]*(?:Z|[+-]\d\d:?\d\d)$/i;
const TIME_HINT = 'For example "at": "2026-03-01T09:00:00Z", or with an offset such as +02:00.';

function parseTime(value: unknown, name: string): number {
  const fail = (message: string): KnockError =>
    createInvalidParamsError(name, [{ pointer: "/at", message, value: value }], TIME_HINT).copyWith({
      message: `${name}: "at" ${message}`,
    });
  if (value === undefined) throw fail("is required");
  const time = parseTimestamp(value);
  if (time === undefined) throw fail(`is not a time: ${JSON.stringify(value)}`);
  // Without an offset, the same file would mean other times on another computer.
  if (!HAS_OFFSET.test(value as string)) throw fail(`has no offset: ${JSON.stringify(value)}`);
  return time;
}

/**
 * Parses a payload of `knock notify` that also has `key` and the time `at`. Throws `invalid_params` and the other errors of
 * a payload, which begin with the name.
 */
export function parseTimedTrigger(payload: unknown, name: string): TimedTrigger {
  if (!isJsonObject(payload)) return { name, at: 0, trigger: parseTrigger(payload, null, name).trigger };
  const { at, ...request } = payload;
  const time = parseTime(at, name);
  if (request.key === undefined || request.key === null)
    throw createInvalidParamsError(name, [{ pointer: "/key", message: "is required" }]);
  return { name, at: time, trigger: parseTrigger(request, null, name).trigger };
}
