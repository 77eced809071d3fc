import { toIsoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import type { Message } from "./message.js";

/** Statuses that a provider reports of a message that it accepted. Of two with the same time, the later one here decides. */
const REPORTED_STATUSES = ["delivered", "undelivered", "bounced"] as const;
export type ReportedStatus = (typeof REPORTED_STATUSES)[number];

/** The name of the provider's time in the data of an event. */
const PROVIDER_TIME = "provider_time";

/** Returns the data of an event that a provider has reported: its time and what else it says. */
export function buildReportedData(at: number, data: JsonObject = {}): JsonObject {
  return { ...data, [PROVIDER_TIME]: toIsoTime(at) };
}

/** Returns whether an event with the same type and provider's time is stored, so that a replay changes nothing. */
export function isReported({ events }: Message, type: string, at: number): boolean {
  return events.some((event) => event.type === type && event.data?.[PROVIDER_TIME] === toIsoTime(at));
}

/** Whether a provider's report can be applied: it can arrive before the response to the request that it is about. */
export function isSettled({ status }: Message): boolean {
  return status === "sent" || REPORTED_STATUSES.some((reported) => reported === status);
}

/**
 * Returns a message with the status that its provider reports (CH-045), or null if nothing changes. The report with the latest
 * provider's time decides, in whichever order reports arrive. `now` is the store's time.
 */
export function applyReportedStatus(
  message: Message,
  { status, at, reason }: { status: ReportedStatus; at: number; reason?: string | undefined },
  now: number,
): Message | null {
  if (!isSettled(message) || message.status === status) return null;
  const data = buildReportedData(at, reason === undefined ? {} : { failure_details: reason });
  if (status === "undelivered") data.failure_reason = "fatal_error";
  const latest = message.events.findLast(
    ({ type, data: known }) => REPORTED_STATUSES.some((reported) => reported === type) && known?.[PROVIDER_TIME],
  );
  const rank = (type: string, time: unknown): string => `${time} ${REPORTED_STATUSES.indexOf(type as ReportedStatus)}`;
  if (latest !== undefined && rank(latest.type, latest.data?.[PROVIDER_TIME]) > rank(status, toIsoTime(at)))
    return null;
  return {
    ...message,
    status,
    due_at: null,
    events: [...message.events, { type: status, at: now, data }],
    updated_at: now,
  };
}
