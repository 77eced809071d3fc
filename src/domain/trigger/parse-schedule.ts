import type * as z from "zod/mini";
import { KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { parseTimestamp } from "../condition/timestamp.js";
import { toRecipient, toTenant } from "../request/parse-recipient.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { parseOrThrow } from "../shape/invalid-params.js";
import { checkJsonShape, MAX_PAYLOAD_BYTES } from "../shape/json-limits.js";
import type { RepeatRule, ScheduleChange, ScheduleRequest } from "./schedule.js";
import {
  bulkScheduleRequestSchema,
  scheduleChangeSchema,
  scheduleIdsSchema,
  scheduleRequestSchema,
} from "./schedule-schema.js";

type SharedFields = Omit<z.infer<ReturnType<typeof scheduleChangeSchema>>, "schedule_ids">;
type RuleFields = NonNullable<SharedFields["repeats"]>[number];

/** Checks a whole body, and throws `invalid_params` with every fault, `payload_too_large` above 10 MB. */
function checkBody<S extends z.ZodMiniType>(schema: S, payload: unknown, what: string): z.output<S> {
  checkJsonShape(payload, what);
  if (isJsonObject(payload) && Buffer.byteLength(JSON.stringify(payload)) > MAX_PAYLOAD_BYTES)
    throw new KnockError("payload_too_large", `${what} is larger than 10 MB`);
  return parseOrThrow(what, (fault) => checkClosedDocument(schema, payload, fault)) as z.output<S>;
}

function toRule({ frequency, interval, day_of_month, days, hours, minutes }: RuleFields): RepeatRule {
  return {
    frequency,
    interval: interval ?? 1,
    day_of_month: day_of_month ?? null,
    days: !days || days.length === 0 ? null : Array.isArray(days) ? [...new Set(days)] : days,
    hours: hours ?? null,
    minutes: minutes ?? null,
  };
}

function toActor(value: unknown): ScheduleRequest["actor"] {
  if (value === undefined || value === null) return null;
  const { key, upsert } = toRecipient(value);
  return { key, upsert };
}

function toShared({ actor, tenant, data, repeats, scheduled_at, ending_at }: SharedFields) {
  return {
    actor: toActor(actor),
    tenant: tenant === undefined || tenant === null ? null : toTenant(tenant),
    data: (data ?? null) as JsonObject | null,
    repeats: (repeats ?? []).map(toRule),
    scheduled_at: parseTimestamp(scheduled_at) ?? null,
    ending_at: parseTimestamp(ending_at) ?? null,
  };
}

/**
 * A create body → the schedules asked for. A recipient listed twice gets one schedule, and its `$trigger_data` is
 * merged over that schedule's data. Throws `invalid_params` with a JSON pointer per fault.
 */
export function parseScheduleRequest(payload: unknown, what = "the schedule"): ScheduleRequest {
  const body = checkBody(scheduleRequestSchema(), payload, what);
  const recipients = body.recipients.map(toRecipient);
  return { workflow: body.workflow, recipients, ...toShared(body), payload: payload as JsonObject };
}

/** A bulk create body: one recipient each. */
export function parseBulkScheduleRequest(payload: unknown, what = "the schedules"): ScheduleRequest[] {
  return checkBody(bulkScheduleRequestSchema(), payload, what).schedules.map((one) => ({
    workflow: one.workflow,
    recipients: [toRecipient(one.recipient)],
    ...toShared(one),
    payload: one as JsonObject,
  }));
}

/** An update body. `null` empties a value, what is absent stays. */
export function parseScheduleChange(payload: unknown, what = "the change"): ScheduleChange {
  const body = checkBody(scheduleChangeSchema(), payload, what);
  const given = Object.entries(toShared(body)).filter(([name]) => (body as JsonObject)[name] !== undefined);
  return {
    ...(Object.fromEntries(given) as Partial<ReturnType<typeof toShared>>),
    schedule_ids: [...new Set(body.schedule_ids)],
    payload: payload as JsonObject,
  };
}

/** A delete body (A-502) → the schedules' ids, each once. */
export function parseScheduleIds(payload: unknown, what = "the deletion"): string[] {
  return [...new Set(checkBody(scheduleIdsSchema(), payload, what).schedule_ids)];
}
