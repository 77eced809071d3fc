import type { Delivery, Provider } from "../../ports/provider.js";
import type { JsonObject } from "../../util/json.js";
import {
  type ApiAnswer,
  callApi,
  DEFAULT_TIMEOUT_MS,
  detailOf,
  failed,
  isSuccess,
  parsedObject,
  plainText,
  type Services,
  successField,
} from "../api-call.js";
import type { SettingsReader } from "../settings-reader.js";
import { bounced, passing, refused, type Undeliverable } from "../undeliverable.js";
import { type Chat, chatOf, refuseReply, stringIn } from "./chat-content.js";

const VENDOR = "Discord";
/** Unknown channel, guild, user, webhook; a user who takes no messages. */
const BAD_ADDRESS = new Set([10003, 10004, 10013, 10015, 50007]);
const NONCE_LENGTH = 25;

function bodyOf({ json, markdown }: Chat): JsonObject {
  return json ?? { content: markdown };
}

/** A reply (CH-177); where what it replies to has gone, it is sent without. */
const replyOf = ({ parent }: Chat): JsonObject =>
  parent === null ? {} : { message_reference: { message_id: parent, fail_if_not_exists: false } };

/** A rate limit says in its body, too, how long it lasts (seconds). */
function failureOf(answer: ApiAnswer, now: number): Undeliverable {
  const { code, message, retry_after } = parsedObject(answer.text) ?? {};
  const detail = detailOf(message, code);
  if (BAD_ADDRESS.has(Number(plainText(code)))) return bounced(`${VENDOR}: ${detail}`);
  if (answer.status === 429 && typeof retry_after === "number" && answer.headers["retry-after"] === undefined)
    return passing(`${VENDOR} answered 429${detail ? `: ${detail}` : ""}`, Math.ceil(retry_after * 1_000));
  return failed(VENDOR, answer, detail, now);
}

/** Discord by bot or incoming webhook (CH-185). A bot's message has the message id as its nonce: a repeat makes no second. */
export function openDiscord(settings: SettingsReader, services: Services): Provider {
  const base = settings.url("base_url", "https://discord.com");
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const botToken = settings.text("bot_token");

  function requestOf(id: string, chat: Chat): { url: string; headers: Record<string, string>; body: JsonObject } {
    if (chat.webhook !== null) {
      refuseReply(chat, `${VENDOR}: an incoming webhook`);
      const url = new URL(chat.webhook);
      url.searchParams.set("wait", "true"); // or the answer is empty, and errors stay unknown
      return { url: url.toString(), headers: {}, body: bodyOf(chat) };
    }
    const channel = stringIn(chat.connection, "channel_id");
    if (channel === null) throw refused(`${VENDOR}: the connection has neither a channel_id nor an incoming_webhook`);
    if (botToken === null) throw refused(`${VENDOR}: settings.bot_token is not set, and the connection needs a bot`);
    return {
      url: `${base}/api/v10/channels/${encodeURIComponent(channel)}/messages`,
      headers: { authorization: `Bot ${botToken}` },
      // A nonce is shorter than a message id; its end differs most.
      body: { ...bodyOf(chat), ...replyOf(chat), nonce: id.slice(-NONCE_LENGTH), enforce_nonce: true },
    };
  }

  return {
    async send(message, _channel, stored): Promise<Delivery> {
      const chat = chatOf(message, stored);
      const { url, headers, body } = requestOf(message.id, chat);
      const answer = await callApi(services, VENDOR, {
        method: "POST",
        url,
        headers: { ...headers, "content-type": "application/json", "user-agent": "DiscordBot (knock-cli, 0)" },
        body: JSON.stringify(body),
        timeout_ms,
        from_data: chat.webhook !== null,
      });
      if (!isSuccess(answer)) throw failureOf(answer, services.now());
      return { status: "sent", metadata: { external_id: successField(VENDOR, answer, "id") } };
    },
  };
}
