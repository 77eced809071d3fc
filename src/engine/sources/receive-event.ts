import { parseTimestamp } from "../../domain/condition/parse-timestamp.js";
import {
  ACTION_TYPES,
  findValueAtPath,
  type Source,
  type SourceMapping,
  type SourceRequest,
} from "../../domain/trigger/source.js";
import type { ActionOutcome, NewSourceEvent, SourceReceipt } from "../../domain/trigger/source-receipt.js";
import type { LocalOperations } from "../../ports/operations.js";
import type { SourceLog } from "../../ports/source-service.js";
import { createKsuid, type IdSource } from "../../util/ids.js";
import { toIsoTime } from "../../util/iso-time.js";
import type { Json } from "../../util/json.js";
import { runAction } from "./run-action.js";

export interface ReceiveContext {
  operations: LocalOperations;
  log: SourceLog;
  ids: IdSource;
}

/** The type of an event that identifies a user, as the service names it. */
const IDENTIFY_EVENT_TYPE = "identify";
const MAX_KEY_CHARACTERS = 255;

function toText(value: Json | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : null;
}

/**
 * Parses ISO 8601 text, or a number of seconds or milliseconds since 1970, which are distinguished by their size.
 * Returns null for other values.
 */
function parseEventTime(value: Json): number | null {
  if (typeof value !== "number") return parseTimestamp(value) ?? null;
  const milliseconds = Math.abs(value) < 1e11 ? value * 1_000 : value;
  return Number.isNaN(new Date(milliseconds).getTime()) ? null : Math.round(milliseconds);
}

/** Returns the mappings of an event type, in the fixed order of actions (E-402). */
function collectMappings({ settings, mappings }: Source, eventType: string): SourceMapping[] {
  const matchingMappings = mappings.filter(({ event_type }) => event_type === eventType);
  if (settings.handle_identifies && eventType === IDENTIFY_EVENT_TYPE)
    matchingMappings.push({
      event_type: IDENTIFY_EVENT_TYPE,
      action_type: "users_identify",
      action_parameters: { user_id: settings.user_id_path, properties: "traits" },
      active: true,
    });
  const rank = ({ action_type }: SourceMapping): number => ACTION_TYPES.indexOf(action_type);
  return matchingMappings.sort((a, b) => rank(a) - rank(b));
}

/**
 * Processes an event of a source (sections 26 and 29 of the catalog): delivers it to runs that wait for it, then runs
 * its mappings. A repeat within 24 h is only logged.
 */
export async function receiveEvent(
  { operations, log, ids }: ReceiveContext,
  source: Source,
  request: SourceRequest,
): Promise<SourceReceipt> {
  const { settings } = source;
  const now = Date.parse((await operations.readClock()).now);
  const eventType = toText(findValueAtPath(request, settings.event_type_path));
  const timestamp = settings.timestamp_path === null ? undefined : findValueAtPath(request, settings.timestamp_path);
  const at = timestamp === undefined || timestamp === null ? now : parseEventTime(timestamp);
  const keyText =
    settings.idempotency_key_path === null ? null : toText(findValueAtPath(request, settings.idempotency_key_path));
  const key = keyText !== null && keyText.length <= MAX_KEY_CHARACTERS ? keyText : null; // an invalid key is ignored (E-386)
  const problems = [
    eventType === null ? `the event has no type: no text at "${settings.event_type_path}"` : null,
    at === null ? `"${settings.timestamp_path}" is not a time: ${JSON.stringify(timestamp)}` : null,
    settings.enforce_idempotency && key === null
      ? `the event has no valid idempotency key at "${settings.idempotency_key_path}"`
      : null,
  ].filter((problem) => problem !== null);
  const loggedEvent: NewSourceEvent = {
    id: createKsuid(now, ids.ksuidPayload()),
    source: source.key,
    event_type: eventType,
    timestamp: toIsoTime(at ?? now),
    received_at: toIsoTime(now),
    user_id: toText(findValueAtPath(request, settings.user_id_path)),
    idempotency_key: key,
    error: problems[0] ?? null,
  };
  const isNew = await log.begin(loggedEvent, now);
  if (!isNew) return { ...loggedEvent, replayed: true, actions: [] };
  if (eventType === null || at === null || loggedEvent.error !== null) {
    await log.finish(loggedEvent.id, [], false);
    return { ...loggedEvent, replayed: false, actions: [] };
  }

  await operations.deliverSourceEvent({
    source_key: source.key,
    event_key: eventType,
    user_id: loggedEvent.user_id,
    at,
    data: request.body,
    event_gid: loggedEvent.id,
  });
  const actions: ActionOutcome[] = [];
  for (const mapping of collectMappings(source, eventType)) actions.push(await runAction(operations, mapping, request));
  const isSuccess = actions.every(({ outcome }) => outcome === "done" || outcome === "inactive");
  await log.finish(loggedEvent.id, actions, isSuccess);
  return { ...loggedEvent, replayed: false, actions };
}
