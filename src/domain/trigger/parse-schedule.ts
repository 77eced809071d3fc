import type * as z from "zod/mini";
import { KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { parseTimestamp } from "../condition/parse-timestamp.js";
import { checkJsonShape, MAX_PAYLOAD_BYTES } from "../findings/check-json-shape.js";
import { parseOrThrow } from "../findings/invalid-params-error.js";
import { toRecipient, toTenant } from "../request/parse-recipient.js";
import { checkClosedDocument } from "../schema/check-document.js";
import type { RepeatRule, ScheduleChange, ScheduleRequest } from "./schedule.js";
import {
  bulkScheduleRequestSchema,
  scheduleChangeSchema,
  scheduleIdsSchema,
  scheduleRequestSchema,
} from "./schedule-schema.js";

type SharedFields = Omit<z.infer<ReturnType<typeof scheduleChangeSchema>>, "schedule_ids">;
type RuleFields = NonNullable<SharedFields["repeats"]>[number];

/** Checks a body. Throws `invalid_params` with all findings, and `payload_too_large` above 10 MB. */
function parseBody<S extends z.ZodMiniType>(schema: S, payload: unknown, documentName: string): z.output<S> {
  checkJsonShape(payload, documentName);
  if (isJsonObject(payload) && Buffer.byteLength(JSON.stringify(payload)) > MAX_PAYLOAD_BYTES)
    throw new KnockError("payload_too_large", `${documentName} is larger than 10 MB`);
  return parseOrThrow(documentName, (report) => checkClosedDocument(schema, payload, report));
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

function toSharedFields({ actor, tenant, data, repeats, scheduled_at, ending_at }: SharedFields) {
  return {
    actor: toActor(actor),
    tenant: tenant === undefined || tenant === null ? null : toTenant(tenant),
    data: data ?? null,
    repeats: (repeats ?? []).map(toRule),
    scheduled_at: parseTimestamp(scheduled_at) ?? null,
    ending_at: parseTimestamp(ending_at) ?? null,
  };
}

/** Returns the request of a create body that was checked. */
export function toScheduleRequest(body: z.infer<ReturnType<typeof scheduleRequestSchema>>): ScheduleRequest {
  const recipients = body.recipients.map(toRecipient);
  return { workflow: body.workflow, recipients, ...toSharedFields(body), payload: body as JsonObject };
}

/**
 * Parses a create body. A recipient that is listed twice gets one schedule. Its `$trigger_data` is merged over
 * the data of that schedule. Throws `invalid_params` with one pointer per finding.
 */
export function parseScheduleRequest(payload: unknown, documentName = "the schedule"): ScheduleRequest {
  const body = parseBody(scheduleRequestSchema(), payload, documentName);
  return { ...toScheduleRequest(body), payload: payload as JsonObject };
}

/** Parses a bulk create body, whose schedules have one recipient each. Throws like `parseScheduleRequest`. */
export function parseBulkScheduleRequest(payload: unknown, documentName = "the schedules"): ScheduleRequest[] {
  return parseBody(bulkScheduleRequestSchema(), payload, documentName).schedules.map((schedule) => ({
    workflow: schedule.workflow,
    recipients: [toRecipient(schedule.recipient)],
    ...toSharedFields(schedule),
    payload: schedule as JsonObject,
  }));
}

/** Parses an update body. null clears a value; absent fields are unchanged. */
export function parseScheduleChange(payload: unknown, documentName = "the change"): ScheduleChange {
  const body = parseBody(scheduleChangeSchema(), payload, documentName);
  const changes = Object.entries(toSharedFields(body)).filter(([name]) => (body as JsonObject)[name] !== undefined);
  return {
    ...Object.fromEntries(changes),
    schedule_ids: [...new Set(body.schedule_ids)],
    payload: payload as JsonObject,
  };
}

/** Returns the IDs in a delete body, without duplicates. */
export function parseScheduleIds(payload: unknown, documentName = "the deletion"): string[] {
  return [...new Set(parseBody(scheduleIdsSchema(), payload, documentName).schedule_ids)];
}
