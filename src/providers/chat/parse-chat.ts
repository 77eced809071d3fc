import { findConnection } from "../../domain/message/chat-connection.js";
import type { Message } from "../../domain/message/message.js";
import type { StoredChannelData } from "../../ports/provider.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { createPermanentError } from "../delivery-error.js";
import { parseTargetUrl } from "../parse-target-url.js";

export interface Chat {
  /** As stored: where it goes, with what it takes to get there. */
  connection: JsonObject;
  /** The incoming webhook it goes through, checked; null where it goes through a bot. */
  webhook: string | null;
  /** The tenant's token before the connection's (CH-162). */
  token: string | null;
  /** What the tenant has stored. */
  tenant: JsonObject;
  markdown: string;
  /** The template's own JSON, which is sent as it is (CH-160). */
  json: JsonObject | null;
  summary: string | null;
  /** The message that it replies to, by the platform's id. */
  parentId: string | null;
  /** A reply that the channel sees, too (CH-177). */
  alsoSendToChannel: boolean;
}

function toTextOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** The one place that reads a rendered chat message. Throws `Undeliverable`. */
export function parseChat({ content, secrets }: Message, stored: StoredChannelData): Chat {
  const metadata = isJsonObject(content.metadata) ? content.metadata : {};
  const publicConnection = isJsonObject(content.connection) ? content.connection : {};
  // A connection that the template gave, or one yet to be found, is stored nowhere.
  const isFromTemplate = metadata.connection_overridden === true || toTextOrNull(publicConnection.email) !== null;
  if (secrets !== undefined && !isJsonObject(secrets.connection))
    throw createPermanentError(
      "the token or webhook that the template gave was not kept after the last attempt: trigger it anew",
    );
  const templateConnection = isJsonObject(secrets?.connection) ? secrets.connection : publicConnection;
  const connection = isFromTemplate ? templateConnection : findConnection(stored.recipient, publicConnection);
  if (connection === null) throw createPermanentError("the connection is not in the recipient's channel data any more");
  const template = isJsonObject(content.template) ? content.template : {};
  const blocks = Array.isArray(template.blocks) ? template.blocks.filter(isJsonObject) : [];
  const { incoming_webhook: hook } = connection;
  const url = isJsonObject(hook) ? toTextOrNull(hook.url) : null;
  if (hook !== undefined && hook !== null && url === null)
    throw createPermanentError("the connection's incoming_webhook has no url");
  const { token } = stored.tenant;
  return {
    connection,
    webhook: url === null ? null : parseTargetUrl(url, null).toString(),
    token: (isJsonObject(token) ? toTextOrNull(token.access_token) : null) ?? toTextOrNull(connection.access_token),
    tenant: stored.tenant,
    markdown: blocks.map((block) => toTextOrNull(block.content) ?? "").join("\n\n"),
    json: isJsonObject(template.json_content) ? template.json_content : null,
    summary: toTextOrNull(template.summary),
    parentId: toTextOrNull(metadata.parent_message_id),
    alsoSendToChannel: metadata.send_to_channel === true,
  };
}

/** What cannot reply must not say it to the whole channel instead (CH-177: bots of Slack and Discord only). */
export function checkNoReply({ parentId: parent }: Chat, senderName: string): void {
  if (parent !== null)
    throw createPermanentError(`${senderName} cannot reply to a message: bots of Slack and Discord can`);
}

/** A text of the connection or of what a tenant stores, or null. */
export function getString(data: JsonObject, name: string): string | null {
  return toTextOrNull(data[name]);
}
