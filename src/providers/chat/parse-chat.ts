import { findConnection } from "../../domain/message/chat-connection.js";
import type { Message } from "../../domain/message/message.js";
import type { StoredChannelData } from "../../ports/provider.js";
import { filterObjects, isJsonObject, type JsonObject } from "../../util/json.js";
import { createPermanentError } from "../delivery-error.js";
import { parseTargetUrl } from "../parse-target-url.js";

export interface Chat {
  /** The connection as stored: the destination and its credentials. */
  connection: JsonObject;
  /** The checked URL of the incoming webhook; null if a bot sends the message. */
  webhook: string | null;
  /** The tenant's token, or otherwise the connection's; null if neither has one (CH-162). */
  token: string | null;
  /** The tenant's channel data. */
  tenant: JsonObject;
  markdown: string;
  /** The template's own JSON, which is sent unchanged; null without one (CH-160). */
  json: JsonObject | null;
  summary: string | null;
  /** The platform's id of the message that this one replies to; null if it is not a reply. */
  parentId: string | null;
  /** Whether a reply is also shown in the channel (CH-177). */
  alsoSendToChannel: boolean;
}

function toTextOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** Parses a rendered chat message, which no other code reads. Throws `DeliveryError`. */
export function parseChat({ content, secrets }: Message, stored: StoredChannelData): Chat {
  const metadata = isJsonObject(content.metadata) ? content.metadata : {};
  const publicConnection = isJsonObject(content.connection) ? content.connection : {};
  // A connection from the template, or one that must still be looked up, is not stored.
  const isFromTemplate = metadata.connection_overridden === true || toTextOrNull(publicConnection.email) !== null;
  if (secrets !== undefined && !isJsonObject(secrets.connection))
    throw createPermanentError(
      "the token or webhook URL of the template was not stored after the last attempt: trigger the workflow again",
    );
  const templateConnection = isJsonObject(secrets?.connection) ? secrets.connection : publicConnection;
  const connection = isFromTemplate ? templateConnection : findConnection(stored.recipient, publicConnection);
  if (connection === null) throw createPermanentError("the connection is not in the recipient's channel data any more");
  const template = isJsonObject(content.template) ? content.template : {};
  const blocks = filterObjects(template.blocks);
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

/** Throws if the message is a reply and its sender cannot reply, so that it is not posted to the whole channel (CH-177). */
export function checkNoReply({ parentId: parent }: Chat, senderName: string): void {
  if (parent !== null)
    throw createPermanentError(`${senderName} cannot reply to a message: bots of Slack and Discord can`);
}

/** Returns a text of the connection or of a tenant's channel data, or null. */
export function getString(data: JsonObject, name: string): string | null {
  return toTextOrNull(data[name]);
}
