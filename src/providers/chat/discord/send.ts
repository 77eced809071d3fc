import type { JsonObject } from "../../../util/json.js";
import { getSuccessField, parseJsonObject } from "../../call-api.js";
import { createPermanentError } from "../../delivery-error.js";
import { createSend, type OpenVendor } from "../../vendor-api.js";
import { type Chat, checkNoReply, getString, parseChat } from "../parse-chat.js";
import { definition } from "./definition.js";

const VENDOR = definition.title;
const NONCE_LENGTH = 25;
const HEADERS = { "content-type": "application/json", "user-agent": "DiscordBot (knock-cli, 0)" };

function buildBody({ json, markdown }: Chat): JsonObject {
  return json ?? { content: markdown };
}

/** Returns the fields of a reply. If the message to reply to no longer exists, Discord sends it as an ordinary one (CH-177). */
const buildReply = ({ parentId: parent }: Chat): JsonObject =>
  parent === null ? {} : { message_reference: { message_id: parent, fail_if_not_exists: false } };

/** Returns a request to an incoming webhook. */
function buildWebhookRequest(webhook: string, chat: Chat) {
  checkNoReply(chat, `${VENDOR}: an incoming webhook`);
  const url = new URL(webhook);
  url.searchParams.set("wait", "true"); // otherwise the response is empty, and errors stay unknown
  return { url: url.toString(), headers: HEADERS, body: JSON.stringify(buildBody(chat)), from_data: true };
}

/**
 * Opens Discord by bot or incoming webhook. A bot's message has its id as the nonce, so that a repeat is not shown twice
 * (CH-185).
 */
export const openVendor: OpenVendor = (settings, services) => {
  const base = settings.url("base_url", "https://discord.com");
  const botToken = settings.text("bot_token");
  return {
    send: createSend(definition, settings, services, {
      buildRequest(message, stored) {
        const chat = parseChat(message, stored);
        if (chat.webhook !== null) return buildWebhookRequest(chat.webhook, chat);
        const channel = getString(chat.connection, "channel_id");
        if (channel === null)
          throw createPermanentError(`${VENDOR}: the connection has neither a channel_id nor an incoming_webhook`);
        if (botToken === null)
          throw createPermanentError(`${VENDOR}: settings.bot_token is not set, and the connection needs a bot`);
        // A nonce is shorter than a message id, and ids differ most at their end.
        const nonce = { nonce: message.id.slice(-NONCE_LENGTH), enforce_nonce: true };
        return {
          url: `${base}/api/v10/channels/${encodeURIComponent(channel)}/messages`,
          headers: { ...HEADERS, authorization: `Bot ${botToken}` },
          body: JSON.stringify({ ...buildBody(chat), ...buildReply(chat), ...nonce }),
        };
      },
      readError({ text }) {
        const { code, message, retry_after } = parseJsonObject(text) ?? {};
        return { code, message, retry_after };
      },
      readId: (response) => getSuccessField(VENDOR, response, "id"),
    }),
  };
};
