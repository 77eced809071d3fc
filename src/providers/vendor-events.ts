import type { ProviderEvent } from "../ports/provider.js";
import { filterObjects, isJsonObject, type JsonObject } from "../util/json.js";
import { toPlainText } from "./call-api.js";
import type { VendorDefinition } from "./vendor-definition.js";

/** A vendor's report about a message. Texts can be anything, because a webhook can have any content. */
interface Report {
  /** Undefined for a report that has no effect. */
  type: ProviderEvent["type"] | undefined;
  message_id: unknown;
  at: number;
  reason?: unknown;
  url?: unknown;
}

/** Returns the event of a report in a list, which is empty if the report has no effect, message or time. */
export function toEvents({ title }: VendorDefinition, { type, message_id, at, reason, url }: Report): ProviderEvent[] {
  const id = toPlainText(message_id);
  if (type === undefined || id === "" || !Number.isFinite(at)) return [];
  const isFailure = type === "bounced" || type === "undelivered";
  return [
    {
      message_id: id,
      type,
      at,
      ...(isFailure ? { reason: `${title}: ${toPlainText(reason) || type}` } : {}),
      ...(type === "clicked" ? { url: toPlainText(url) } : {}),
    },
  ];
}

/** Returns the objects of a JSON list; empty for any other text. */
export function parseObjects(text: string): JsonObject[] {
  try {
    return filterObjects(JSON.parse(text));
  } catch {
    return [];
  }
}

export const toObject = (value: unknown): JsonObject => (isJsonObject(value) ? value : {});

/** Returns a time in seconds since 1970 as milliseconds. */
export const fromSeconds = (seconds: unknown): number => Math.round(Number(toPlainText(seconds) || Number.NaN) * 1_000);

/** Returns a written time in milliseconds since 1970, or `otherwise` for a text that is not a time. */
export function parseTime(text: string, otherwise: number): number {
  const at = Date.parse(text);
  return Number.isNaN(at) ? otherwise : at;
}
