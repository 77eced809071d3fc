import { KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import { parseTimestamp } from "../condition/timestamp.js";
import { parseRecipient, parseTenant } from "../request/parse-recipient.js";
import type { Complain } from "../shape/complain.js";
import { invalidParams, parseOrThrow } from "../shape/invalid-params.js";
import { checkJsonShape, MAX_PAYLOAD_BYTES } from "../shape/json-limits.js";
import { describeUnknownKey } from "../shape/place.js";
import { parseRepeats } from "./parse-repeats.js";
import type { ScheduleChange, ScheduleRequest } from "./schedule.js";
import type { TriggerRecipient } from "./trigger.js";

/** Recipients of one request, and schedules of one change or deletion (E-378). */
export const MAX_SCHEDULES = 100;
/** Schedules of one bulk request (E-378). */
export const MAX_BULK_SCHEDULES = 1_000;

const SHARED = ["actor", "tenant", "data", "repeats", "scheduled_at", "ending_at"];

/** Checks a whole body, and throws `invalid_params` with every fault it complains of. */
function parseBody<T>(payload: unknown, what: string, parse: (body: JsonObject, complain: Complain) => T): T {
  checkJsonShape(payload, what);
  if (!isJsonObject(payload))
    throw invalidParams(what, [{ pointer: "", message: `must be an object, found ${kindOf(payload)}` }]);
  if (Buffer.byteLength(JSON.stringify(payload)) > MAX_PAYLOAD_BYTES)
    throw new KnockError("payload_too_large", `${what} is larger than 10 MB`);
  return parseOrThrow(what, (complain) => parse(payload, complain));
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function below(complain: Complain, ...base: PropertyKey[]): Complain {
  return (path, message) => complain([...base, ...path], message);
}

function checkKeys(body: JsonObject, known: readonly string[], complain: Complain): void {
  for (const key of Object.keys(body)) {
    if (known.includes(key)) continue;
    complain([key], describeUnknownKey(key, nearest(key, known)));
  }
}

function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

/** A list of 1 to `max` items, each parsed; absent and not a list are faults. */
function parseList<T>(value: unknown, max: number, noun: string, complain: Complain, parse: (one: unknown) => T): T[] {
  if (!Array.isArray(value)) {
    complain([], isAbsent(value) ? `is required (a list of ${noun})` : `must be a list, found ${kindOf(value)}`);
    return [];
  }
  if (value.length === 0) complain([], `must have at least one of ${noun}`);
  if (value.length > max) {
    complain([], `must have at most ${max} ${noun}, found ${value.length}`);
    return [];
  }
  return value.map(parse);
}

function parseTime(value: unknown, complain: Complain): number | null {
  if (isAbsent(value)) return null;
  const time = parseTimestamp(value);
  if (time === undefined) complain([], `must be an ISO 8601 time, found ${JSON.stringify(value)}`);
  return time ?? null;
}

function parseData(value: unknown, complain: Complain): JsonObject | null {
  if (isAbsent(value)) return null;
  if (isJsonObject(value)) return value;
  complain([], `must be an object, found ${kindOf(value)}`);
  return null;
}

function parseActor(value: unknown, complain: Complain): ScheduleRequest["actor"] {
  const parsed = isAbsent(value) ? null : parseRecipient(value, complain);
  return parsed === null ? null : { key: parsed.key, upsert: parsed.upsert };
}

function parseShared(body: JsonObject, complain: Complain) {
  return {
    actor: parseActor(body.actor, below(complain, "actor")),
    tenant: isAbsent(body.tenant) ? null : parseTenant(body.tenant, below(complain, "tenant")),
    data: parseData(body.data, below(complain, "data")),
    repeats: parseRepeats(body.repeats, below(complain, "repeats")),
    scheduled_at: parseTime(body.scheduled_at, below(complain, "scheduled_at")),
    ending_at: parseTime(body.ending_at, below(complain, "ending_at")),
  };
}

function parseWorkflowKey(value: unknown, complain: Complain): string {
  if (typeof value === "string" && value !== "") return value;
  complain([], value === undefined ? "is required (a workflow key)" : "must be a workflow key");
  return "";
}

/** Neither a time nor a rule is no schedule (AC-243). */
function checkOccurs(body: JsonObject, complain: Complain): void {
  const repeats = Array.isArray(body.repeats) ? body.repeats.length > 0 : !isAbsent(body.repeats);
  if (!repeats && isAbsent(body.scheduled_at)) complain(["scheduled_at"], "is required where nothing repeats");
}

function parseOne(
  body: JsonObject,
  recipientsKey: "recipient" | "recipients",
  recipients: TriggerRecipient[],
  complain: Complain,
): ScheduleRequest {
  checkKeys(body, ["workflow", recipientsKey, ...SHARED], complain);
  checkOccurs(body, complain);
  return {
    workflow: parseWorkflowKey(body.workflow, below(complain, "workflow")),
    recipients,
    ...parseShared(body, complain),
    payload: body,
  };
}

/**
 * A create body → the schedules asked for. A recipient listed twice gets one schedule, and its `$trigger_data` is
 * merged over that schedule's data. Throws `invalid_params` with a JSON pointer per fault.
 */
export function parseScheduleRequest(payload: unknown, what = "the schedule"): ScheduleRequest {
  return parseBody(payload, what, (body, complain) => {
    const at = below(complain, "recipients");
    const recipients = parseList(body.recipients, MAX_SCHEDULES, "recipients", at, (one) => one).flatMap(
      (one, index) => parseRecipient(one, below(at, index)) ?? [],
    );
    return parseOne(body, "recipients", recipients, complain);
  });
}

/** A bulk create body: one recipient each. */
export function parseBulkScheduleRequest(payload: unknown, what = "the schedules"): ScheduleRequest[] {
  return parseBody(payload, what, (body, complain) => {
    checkKeys(body, ["schedules"], complain);
    const at = below(complain, "schedules");
    return parseList(body.schedules, MAX_BULK_SCHEDULES, "schedules", at, (one) => one).flatMap((one, index) => {
      const atOne = below(at, index);
      if (!isJsonObject(one)) {
        atOne([], `must be an object, found ${kindOf(one)}`);
        return [];
      }
      const recipient = isAbsent(one.recipient) ? null : parseRecipient(one.recipient, below(atOne, "recipient"));
      if (isAbsent(one.recipient)) atOne(["recipient"], "is required");
      return parseOne(one, "recipient", recipient ? [recipient] : [], atOne);
    });
  });
}

function parseIds(value: unknown, complain: Complain): string[] {
  const ids = parseList(value, MAX_SCHEDULES, "ids", complain, (one) => one).map((one, index) => {
    if (typeof one !== "string" || one === "") complain([index], "must be a schedule's id");
    return String(one);
  });
  return [...new Set(ids)];
}

/** An update body. `null` empties a value, what is absent stays. */
export function parseScheduleChange(payload: unknown, what = "the change"): ScheduleChange {
  return parseBody(payload, what, (body, complain) => {
    checkKeys(body, ["schedule_ids", ...SHARED], complain);
    const shared = parseShared(body, complain);
    const given = Object.fromEntries(Object.entries(shared).filter(([name]) => body[name] !== undefined));
    return {
      ...(given as Partial<typeof shared>),
      schedule_ids: parseIds(body.schedule_ids, below(complain, "schedule_ids")),
      payload: body,
    };
  });
}

/** A delete body (A-502) → the schedules' ids, each once. */
export function parseScheduleIds(payload: unknown, what = "the deletion"): string[] {
  return parseBody(payload, what, (body, complain) => {
    checkKeys(body, ["schedule_ids"], complain);
    return parseIds(body.schedule_ids, below(complain, "schedule_ids"));
  });
}
