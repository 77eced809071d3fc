import type { Delivery, FoundUser, Provider } from "../../ports/provider.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import {
  type ApiAnswer,
  callApi,
  DEFAULT_TIMEOUT_MS,
  failed,
  isSuccess,
  plainText,
  retryAfter,
  type Services,
  successBody,
} from "../api-call.js";
import type { SettingsReader } from "../settings-reader.js";
import { bounced, passing, refused, Undeliverable } from "../undeliverable.js";
import { type Chat, chatOf, refuseReply, stringIn } from "./chat-content.js";
import { slackMrkdwn } from "./slack-mrkdwn.js";

const VENDOR = "Slack";

/** Nobody is at that address (CH-044). */
const BAD_ADDRESS = new Set([
  "channel_not_found",
  "is_archived",
  "channel_is_archived",
  "user_not_found",
  "users_not_found",
  "user_disabled",
  "cannot_dm_bot",
  "no_service",
  "no_service_id",
  "no_team",
  "team_disabled",
]);
const PASSING = new Set([
  "ratelimited",
  "rate_limited",
  "message_limit_exceeded",
  "internal_error",
  "fatal_error",
  "service_unavailable",
  "request_timeout",
  "rollup_error",
  "team_added_to_org",
]);

/** A JSON body goes as it is; Markdown becomes mrkdwn. `text` is what notifications show (CH-174, CHQ-12). */
function bodyOf({ json, markdown, summary }: Chat): JsonObject {
  return json === null ? { text: slackMrkdwn(markdown) } : { text: summary ?? "", ...json };
}

/** A reply in a thread, which only bots can send (CH-173, CH-177). */
const threadOf = ({ parent, broadcast }: Chat): JsonObject =>
  parent === null ? {} : { thread_ts: parent, ...(broadcast ? { reply_broadcast: true } : {}) };

/** Slack's own error code decides, whatever the status. */
function failureOf(code: string, answer: ApiAnswer, now: number): Undeliverable {
  const reason = `${VENDOR}: ${code}`;
  if (BAD_ADDRESS.has(code)) return bounced(reason);
  if (PASSING.has(code)) return passing(reason, retryAfter(answer.headers, now));
  return isSuccess(answer) ? refused(reason) : failed(VENDOR, answer, code || null, now);
}

/** Slack by bot (`chat.postMessage`, CH-172) or incoming webhook (CH-173). Neither takes an idempotency key. */
export function openSlack(settings: SettingsReader, services: Services): Provider {
  const base = settings.url("base_url", "https://slack.com");
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const ownToken = settings.text("bot_token");
  const json = { "content-type": "application/json; charset=utf-8" };

  async function throughWebhook(url: string, chat: Chat): Promise<Delivery> {
    refuseReply(chat, `${VENDOR}: an incoming webhook`);
    const body = JSON.stringify(bodyOf(chat));
    const answer = await callApi(services, VENDOR, {
      method: "POST",
      url,
      headers: json,
      body,
      timeout_ms,
      from_data: true,
    });
    const said = answer.text.trim();
    if (answer.status === 200 && said === "ok") return { status: "sent" };
    // Its errors are a word of text.
    const code = /^[a-z_]{1,60}$/.test(said) ? said : "";
    if (isSuccess(answer) && code === "") throw passing(`${VENDOR} answered ${answer.status}, but not with "ok"`);
    throw failureOf(code, answer, services.now());
  }

  /** Who has this address in the workspace (CH-175). */
  async function userByEmail(email: string, token: string): Promise<string> {
    const url = `${base}/api/users.lookupByEmail?${new URLSearchParams({ email }).toString()}`;
    const headers = { authorization: `Bearer ${token}` };
    const answer = await callApi(services, VENDOR, { method: "GET", url, headers, body: null, timeout_ms });
    if (!isSuccess(answer)) throw failureOf("", answer, services.now());
    const { ok, user, error } = successBody(VENDOR, answer);
    const id = isJsonObject(user) ? plainText(user.id) : "";
    if (ok === true && id !== "") return id;
    if (ok !== false) throw passing(`${VENDOR} answered ${answer.status}, but neither with a user nor with an error`);
    throw failureOf(plainText(error) || "unknown error", answer, services.now());
  }

  async function throughBot(chat: Chat): Promise<Delivery> {
    const token = chat.token ?? ownToken;
    if (token === null)
      throw refused(
        `${VENDOR}: no token: neither the connection nor the tenant has an access_token, nor is settings.bot_token set`,
      );
    const known = stringIn(chat.connection, "channel_id") ?? stringIn(chat.connection, "user_id");
    const email = known === null ? stringIn(chat.connection, "email") : null;
    const to = email === null ? known : await userByEmail(email, token);
    if (to === null) throw refused(`${VENDOR}: the connection has neither a channel_id nor a user_id`);
    const answer = await callApi(services, VENDOR, {
      method: "POST",
      url: `${base}/api/chat.postMessage`,
      headers: { authorization: `Bearer ${token}`, ...json },
      body: JSON.stringify({ ...bodyOf(chat), ...threadOf(chat), channel: to }),
      timeout_ms,
    });
    if (!isSuccess(answer)) throw failureOf("", answer, services.now());
    const { ok, ts, error } = successBody(VENDOR, answer);
    const found = email === null ? {} : { connection: { user_id: to } };
    if (ok === true && typeof ts === "string") return { status: "sent", metadata: { external_id: ts }, ...found };
    if (ok !== false) throw passing(`${VENDOR} answered ${answer.status}, but neither with ok nor with an error`);
    throw failureOf(plainText(error) || "unknown error", answer, services.now());
  }

  /** No such user, or a token that may not ask, is an answer; what passes is none. */
  async function findUser(email: string, token: string): Promise<FoundUser> {
    try {
      return { connection: { user_id: await userByEmail(email, token) } };
    } catch (error) {
      if (!(error instanceof Undeliverable)) throw error;
      const { delivery } = error;
      if (delivery.status === "failed" && delivery.retryable) return null;
      return { missing: `nobody was found by the e-mail address: ${delivery.reason}` };
    }
  }

  return {
    findUser,
    async send(message, _channel, stored) {
      const chat = chatOf(message, stored);
      return chat.webhook === null ? throughBot(chat) : throughWebhook(chat.webhook, chat);
    },
  };
}
