import type { OutboundEntry } from "../../ports/outbound-log.js";
import type { JsonObject } from "../../util/json.js";

export interface OutboundEventRow {
  row: number;
  message: string | null;
  recipient_run: string | null;
  first: number | null;
  last: number | null;
  type: string | null;
  at: number | null;
  document: string | null;
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
  return { id, about: "document", ...when, document: JSON.parse(document ?? "{}") as JsonObject };
}
