import type { MessageHistory } from "../../../../ports/message-history.js";
import type { LocalOperations } from "../../../../ports/operations.js";
import type { OutboundEntry } from "../../../../ports/outbound-log.js";
import { toIsoTime } from "../../../../util/iso-time.js";
import { isJsonObject, type Json, type JsonObject } from "../../../../util/json.js";
import { pickFields } from "../access/route.js";
import { toApiRun } from "../http/to-api-run.js";

/** The parts of a webhook's body. */
export interface WebhookEvent {
  type: string;
  /** Milliseconds of the store's clock. */
  at: number;
  data: JsonObject;
  event_data: JsonObject | null;
}

/** The fields of `event_data` by event type. `interacted` contains everything that the caller sent. */
const DATA_FIELDS: Readonly<Record<string, readonly string[]>> = {
  delivery_attempted: ["attempt", "max_attempts", "retryable"],
  undelivered: ["failure_reason", "failure_details"],
  bounced: ["failure_reason", "failure_details", "token"],
  link_clicked: ["url"],
};

function buildEventData(type: string, data: Json | undefined): JsonObject | null {
  const callerData: JsonObject = isJsonObject(data) ? data : {};
  // A bounce is always fatal, and the event of the message does not repeat that.
  const eventFields = type === "bounced" ? { failure_reason: "fatal_error", ...callerData } : callerData;
  const fields = type === "interacted" ? Object.keys(eventFields) : (DATA_FIELDS[type] ?? []);
  const picked = pickFields(eventFields, fields);
  return Object.keys(picked).length === 0 ? null : { __typename: "EventData", ...picked };
}

function buildMessageEvents(history: MessageHistory, first: number, last: number): WebhookEvent[] {
  const { content: _content, ...message } = history.message;
  const events = [...history.events].reverse().slice(first, last);
  return events.map(({ type, inserted_at, data }) => ({
    type: String(type),
    at: Date.parse(String(inserted_at)),
    data: message,
    event_data: buildEventData(String(type).replace("message.", ""), data),
  }));
}

/**
 * Returns the events of entries with the current state of their subjects, by the ID of the entry. Each subject is read once,
 * and no run is read for a type of event that is not wanted. An entry whose subject no longer exists has no events.
 */
export async function readEvents(
  operations: LocalOperations,
  entries: readonly OutboundEntry[],
  isWanted: (type: string) => boolean,
): Promise<ReadonlyMap<number, WebhookEvent[]>> {
  const messageIds = new Set(entries.flatMap((entry) => (entry.about === "message" ? [entry.message_id] : [])));
  const histories = new Map<unknown, MessageHistory>();
  for (const history of await operations.readMessageHistories([...messageIds]))
    histories.set(history.message.id, history);
  const runs = new Map<string, Promise<JsonObject | null>>();
  const readRun = (id: string): Promise<JsonObject | null> => {
    const run = runs.get(id) ?? operations.readRecipientRun(id);
    runs.set(id, run);
    return run;
  };
  const readEntry = async (entry: OutboundEntry): Promise<WebhookEvent[]> => {
    if (entry.about === "document") return [{ ...entry, data: entry.document, event_data: null }];
    if (entry.about === "run") {
      const type = `workflow_recipient_run.${entry.type}`;
      const run = isWanted(type) ? await readRun(entry.recipient_run_id) : null;
      return run === null ? [] : [{ type, at: entry.at, data: toApiRun(run), event_data: null }];
    }
    const history = histories.get(entry.message_id);
    return history === undefined ? [] : buildMessageEvents(history, entry.first, entry.last);
  };
  return new Map(await Promise.all(entries.map(async (entry) => [entry.id, await readEntry(entry)] as const)));
}

/**
 * Returns an ISO 8601 time with microseconds. The last three digits are zero, because the store's clock has
 * milliseconds.
 */
function formatMicroseconds(at: number): string {
  return toIsoTime(at).replace("Z", "000Z");
}

/** Returns the body of an event. It is the same for every attempt. */
export function serializeEvent({ type, at, data, event_data }: WebhookEvent): string {
  return JSON.stringify({ __typename: "Event", type, created_at: formatMicroseconds(at), data, event_data });
}
