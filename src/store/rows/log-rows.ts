import { type BroadcastState, buildBroadcastState, canSend } from "../../domain/audience/broadcast.js";
import type {
  ActionOutcome,
  EarlierSourceEvent,
  NewSourceEvent,
  SourceReceipt,
} from "../../domain/trigger/source-receipt.js";
import type { OutboundEntry } from "../../ports/outbound-log.js";
import type { TrackedLink, TrackedLinks } from "../../ports/tracked-links.js";
import { BASE62 } from "../../util/ids.js";
import type { JsonObject } from "../../util/json.js";
import { type JsonText, parseJson } from "./json-column.js";

/** The links of a tracked message. */
export interface LinksRow {
  message_id: string;
  inserted_at: number;
  links: JsonText<string[]>;
}

/** Returns the link with a number, or null. */
function findLink(row: LinksRow | undefined, linkNumber: number): TrackedLink | null {
  const url = row === undefined ? undefined : parseJson(row.links)[linkNumber];
  return row === undefined || url === undefined
    ? null
    : { message_id: row.message_id, inserted_at: row.inserted_at, number: linkNumber, url };
}

/**
 * Returns the links of tracked messages. `find` returns those of the message whose column or expression has a value; `shortId` is
 * the expression for the end of its ID, which the key of a link begins with.
 */
export function createTrackedLinks(
  shortId: string,
  find: (column: string, value: string) => Promise<LinksRow | undefined>,
): TrackedLinks {
  return {
    findByNumber: async (message, linkNumber) => findLink(await find("id", message), linkNumber),
    findByKey: async (key) => findLink(await find(shortId, key.slice(0, -1)), BASE62.indexOf(key.slice(-1))),
  };
}

/** The times of a broadcast in `workflow_runs`. */
export interface BroadcastRow {
  workflow: string;
  scheduled: number | null;
  sent: number | null;
}

export function toBroadcastStates(rows: readonly BroadcastRow[]): Map<string, BroadcastState> {
  return new Map(rows.map((row) => [row.workflow, buildBroadcastState(row)]));
}

/** Returns whether a broadcast can be sent, which may never have been. */
export function canSendBroadcast(row: BroadcastRow | undefined, again: boolean): boolean {
  return canSend(row === undefined ? null : buildBroadcastState(row), again);
}

export interface OutboundEventRow {
  row: number;
  message: string | null;
  recipient_run: string | null;
  first: number | null;
  last: number | null;
  type: string | null;
  at: number | null;
  document: JsonText<JsonObject> | null;
}

export function toOutboundEntry({
  row: id,
  message,
  recipient_run,
  first,
  last,
  type,
  at,
  document,
}: OutboundEventRow): OutboundEntry {
  if (message !== null) return { id, about: "message", message_id: message, first: first ?? 0, last: last ?? 0 };
  const when = { type: type ?? "", at: at ?? 0 };
  if (recipient_run !== null) return { id, about: "run", recipient_run_id: recipient_run, ...when };
  return { id, about: "document", ...when, document: parseJson(document) ?? {} };
}

export interface SourceEventRow {
  row: number;
  state: EarlierSourceEvent["state"];
  event: JsonText<NewSourceEvent>;
  actions: JsonText<ActionOutcome[]>;
}

/** The bytes of an event in `FROM source_events`. */
export const SOURCE_EVENT_BYTES = "octet_length(event) + octet_length(actions)";

export function toSourceReceipt({ state, event, actions }: SourceEventRow): SourceReceipt {
  return {
    ...parseJson(event),
    replayed: state === "replay",
    actions: parseJson(actions),
  };
}
