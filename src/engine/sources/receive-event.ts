import { parseTimestamp } from "../../domain/condition/timestamp.js";
import {
  ACTION_TYPES,
  type Source,
  type SourceMapping,
  type SourceRequest,
  valueAtPath,
} from "../../domain/trigger/source.js";
import type { ActionOutcome, NewSourceEvent, SourceReceipt } from "../../domain/trigger/source-receipt.js";
import type { LocalOperations } from "../../ports/operations.js";
import type { SourceLog } from "../../ports/sources.js";
import { type IdSource, ksuid } from "../../util/ids.js";
import { isoTime } from "../../util/iso-time.js";
import type { Json } from "../../util/json.js";
import { runAction } from "./run-action.js";

export interface Receiving {
  operations: LocalOperations;
  log: SourceLog;
  ids: IdSource;
  realNow(): number;
}

/** What the service calls an event that says who a user is. */
const IDENTIFY = "identify";
const MAX_KEY = 255;

function textOf(value: Json | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : null;
}

/** ISO 8601 text, or seconds or milliseconds since 1970, which are told apart by their size; null for neither. */
function momentOf(value: Json): number | null {
  if (typeof value !== "number") return parseTimestamp(value) ?? null;
  const milliseconds = Math.abs(value) < 1e11 ? value * 1_000 : value;
  return Number.isNaN(new Date(milliseconds).getTime()) ? null : Math.round(milliseconds);
}

/** The mappings of a kind of event, in the fixed order (E-402). */
export function mappingsFor({ settings, mappings }: Source, eventType: string): SourceMapping[] {
  const found = mappings.filter(({ event_type }) => event_type === eventType);
  if (settings.handle_identifies && eventType === IDENTIFY)
    found.push({
      event_type: IDENTIFY,
      action_type: "users_identify",
      action_parameters: { user_id: settings.user_id_path, properties: "traits" },
      active: true,
    });
  const rank = ({ action_type }: SourceMapping): number => ACTION_TYPES.indexOf(action_type);
  return found.sort((a, b) => rank(a) - rank(b));
}

/**
 * Takes a source's event in (sections 26 and 29 of the catalogue): runs that wait for it hear of it, then its mappings run. A
 * repeat within 24 h is only logged.
 */
export async function receiveEvent(
  { operations, log, ids, realNow }: Receiving,
  source: Source,
  request: SourceRequest,
): Promise<SourceReceipt> {
  const { settings } = source;
  const now = Date.parse((await operations.readClock()).now);
  const eventType = textOf(valueAtPath(request, settings.event_type_path));
  const stamp = settings.timestamp_path === null ? undefined : valueAtPath(request, settings.timestamp_path);
  const at = stamp === undefined || stamp === null ? now : momentOf(stamp);
  const keyText =
    settings.idempotency_key_path === null ? null : textOf(valueAtPath(request, settings.idempotency_key_path));
  const key = keyText !== null && keyText.length <= MAX_KEY ? keyText : null; // an invalid one is dropped (E-386)
  const faults = [
    eventType === null ? `the event names no type: there is no text at "${settings.event_type_path}"` : null,
    at === null ? `"${settings.timestamp_path}" is no time: ${JSON.stringify(stamp)}` : null,
    settings.enforce_idempotency && key === null
      ? `the event has no valid idempotency key at "${settings.idempotency_key_path}"`
      : null,
  ].filter((fault) => fault !== null);
  const logged: NewSourceEvent = {
    id: ksuid(now, ids.bytes()),
    source: source.key,
    event_type: eventType,
    timestamp: isoTime(at ?? now),
    received_at: isoTime(now),
    user_id: textOf(valueAtPath(request, settings.user_id_path)),
    idempotency_key: key,
    error: faults[0] ?? null,
  };
  const isNew = await log.begin(logged, now, realNow());
  if (!isNew) return { ...logged, replayed: true, actions: [] };
  if (eventType === null || at === null || logged.error !== null) {
    await log.finish(logged.id, [], false);
    return { ...logged, replayed: false, actions: [] };
  }

  await operations.deliverSourceEvent({
    source_key: source.key,
    event_key: eventType,
    user_id: logged.user_id,
    at,
    data: request.body,
    event_gid: logged.id,
  });
  const actions: ActionOutcome[] = [];
  for (const mapping of mappingsFor(source, eventType)) actions.push(await runAction(operations, mapping, request));
  const isSuccess = actions.every(({ outcome }) => outcome === "done" || outcome === "inactive");
  await log.finish(logged.id, actions, isSuccess);
  return { ...logged, replayed: false, actions };
}
