import type { Delivery, Provider } from "../../../ports/provider.js";
import type { JsonObject } from "../../../util/json.js";
import {
  type ApiResponse,
  callApi,
  createStatusError,
  DEFAULT_TIMEOUT_MS,
  formatErrorDetail,
  getSuccessField,
  isSuccess,
  type ProviderServices,
  parseJsonObject,
  toPlainText,
} from "../../call-api.js";
import {
  createBounceError,
  createPermanentError,
  createRetryableError,
  type DeliveryError,
} from "../../delivery-error.js";
import type { SettingsReader } from "../../settings-reader.js";
import { type Chat, checkNoReply, getString, parseChat } from "../parse-chat.js";

const VENDOR = "Discord";
/** Codes for an unknown channel, guild, user or webhook, and for a user who accepts no messages. */
const BAD_ADDRESS_CODES = new Set([10003, 10004, 10013, 10015, 50007]);
const NONCE_LENGTH = 25;

function buildBody({ json, markdown }: Chat): JsonObject {
  return json ?? { content: markdown };
}

/** Returns the fields of a reply. If the message to reply to no longer exists, Discord sends it as an ordinary one (CH-177). */
const buildReply = ({ parentId: parent }: Chat): JsonObject =>
  parent === null ? {} : { message_reference: { message_id: parent, fail_if_not_exists: false } };

/** Returns the error for a response. A rate limit can also have its duration, in seconds, in the body. */
function toDeliveryError(response: ApiResponse, now: number): DeliveryError {
  const { code, message, retry_after } = parseJsonObject(response.text) ?? {};
  const detail = formatErrorDetail(message, code);
  if (BAD_ADDRESS_CODES.has(Number(toPlainText(code)))) return createBounceError(`${VENDOR}: ${detail}`);
  if (response.status === 429 && typeof retry_after === "number" && response.headers["retry-after"] === undefined)
    return createRetryableError(
      `${VENDOR} responded 429${detail ? `: ${detail}` : ""}`,
      Math.ceil(retry_after * 1_000),
    );
  return createStatusError(VENDOR, response, detail, now);
}

/**
 * Opens Discord by bot or incoming webhook. A bot's message has its id as the nonce, so that a repeat is not shown twice
 * (CH-185).
 */
export function openVendor(settings: SettingsReader, services: ProviderServices): Provider {
  const base = settings.url("base_url", "https://discord.com");
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const botToken = settings.text("bot_token");

  function buildRequest(id: string, chat: Chat): { url: string; headers: Record<string, string>; body: JsonObject } {
    if (chat.webhook !== null) {
      checkNoReply(chat, `${VENDOR}: an incoming webhook`);
      const url = new URL(chat.webhook);
      url.searchParams.set("wait", "true"); // otherwise the response is empty, and errors stay unknown
      return { url: url.toString(), headers: {}, body: buildBody(chat) };
    }
    const channel = getString(chat.connection, "channel_id");
    if (channel === null)
      throw createPermanentError(`${VENDOR}: the connection has neither a channel_id nor an incoming_webhook`);
    if (botToken === null)
      throw createPermanentError(`${VENDOR}: settings.bot_token is not set, and the connection needs a bot`);
    return {
      url: `${base}/api/v10/channels/${encodeURIComponent(channel)}/messages`,
      headers: { authorization: `Bot ${botToken}` },
      // A nonce is shorter than a message id, and ids differ most at their end.
      body: { ...buildBody(chat), ...buildReply(chat), nonce: id.slice(-NONCE_LENGTH), enforce_nonce: true },
    };
  }

  return {
    async send(message, _channel, stored): Promise<Delivery> {
      const chat = parseChat(message, stored);
      const { url, headers, body } = buildRequest(message.id, chat);
      const response = await callApi(services, VENDOR, {
        method: "POST",
        url,
        headers: { ...headers, "content-type": "application/json", "user-agent": "DiscordBot (knock-cli, 0)" },
        body: JSON.stringify(body),
        timeout_ms,
        from_data: chat.webhook !== null,
      });
      if (!isSuccess(response)) throw toDeliveryError(response, services.now());
      return { status: "sent", metadata: { external_id: getSuccessField(VENDOR, response, "id") } };
    },
  };
}
