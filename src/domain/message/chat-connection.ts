import { computeDigest } from "../../util/ids.js";
import { filterObjects, isJsonObject, type JsonObject, stableStringify } from "../../util/json.js";

/**
 * Returns a connection as message content shows it, without its secrets (a token, a webhook's URL), which stay in
 * channel data. A webhook is identified by a short digest of its URL.
 */
export function redactConnection(connection: JsonObject): JsonObject {
  const { access_token: _token, incoming_webhook: webhook, ...rest } = connection;
  if (webhook === undefined) return rest;
  const url = isJsonObject(webhook) ? webhook.url : undefined;
  return {
    ...rest,
    via_incoming_webhook: true,
    ...(typeof url === "string" ? { webhook_digest: computeDigest(url).slice(0, 12) } : {}),
  };
}

/**
 * Returns the stored connection that a redacted one stands for, with its secrets, or null if it has been removed since.
 */
export function findConnection(stored: JsonObject, redactedConnection: unknown): JsonObject | null {
  const connections = filterObjects(stored.connections);
  const wanted = stableStringify(redactedConnection);
  return connections.find((connection) => stableStringify(redactConnection(connection)) === wanted) ?? null;
}
