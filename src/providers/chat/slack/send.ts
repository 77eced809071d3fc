import type { Delivery, Provider, UserLookupResult } from "../../../ports/provider.js";
import { isJsonObject, type JsonObject } from "../../../util/json.js";
import { runWithTimeLimit, TimeLimitExceeded } from "../../../util/time-limit.js";
import {
  type ApiResponse,
  callApi,
  createStatusError,
  DEFAULT_TIMEOUT_MS,
  isSuccess,
  type ProviderServices,
  parseRetryAfter,
  parseSuccessBody,
  toPlainText,
} from "../../call-api.js";
import { createBounceError, createPermanentError, createRetryableError, DeliveryError } from "../../delivery-error.js";
import type { SettingsReader } from "../../settings-reader.js";
import { type Chat, checkNoReply, getString, parseChat } from "../parse-chat.js";
import { toSlackMrkdwn } from "./to-slack-mrkdwn.js";

const VENDOR = "Slack";

/** Codes for an address at which no one can receive messages (CH-044). */
const BAD_ADDRESS_CODES = new Set([
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
const RETRYABLE_CODES = new Set([
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

/** Milliseconds that the conversion of a message may take. */
const MAX_CONVERSION_MS = 2_000;

function convertMarkdown(markdown: string): string {
  try {
    return runWithTimeLimit(MAX_CONVERSION_MS, () => toSlackMrkdwn(markdown));
  } catch (error) {
    if (!(error instanceof TimeLimitExceeded)) throw error;
    throw createPermanentError(
      `the conversion to Slack's format takes longer than ${MAX_CONVERSION_MS / 1_000} seconds`,
    );
  }
}

/** Returns JSON unchanged, and Markdown as mrkdwn. Notifications show `text` (CH-174, CHQ-12). */
function buildBody({ json, markdown, summary }: Chat): JsonObject {
  return json === null ? { text: convertMarkdown(markdown) } : { text: summary ?? "", ...json };
}

/** Returns the fields of a reply in a thread, which only bots can send (CH-173, CH-177). */
const buildThread = ({ parentId: parent, alsoSendToChannel: broadcast }: Chat): JsonObject =>
  parent === null ? {} : { thread_ts: parent, ...(broadcast ? { reply_broadcast: true } : {}) };

/** Returns the error for a response. Slack's own error code takes precedence over the status. */
function toDeliveryError(code: string, response: ApiResponse, now: number): DeliveryError {
  const reason = `${VENDOR}: ${code}`;
  if (BAD_ADDRESS_CODES.has(code)) return createBounceError(reason);
  if (RETRYABLE_CODES.has(code)) return createRetryableError(reason, parseRetryAfter(response.headers, now));
  return isSuccess(response) ? createPermanentError(reason) : createStatusError(VENDOR, response, code || null, now);
}

/** Opens Slack by bot (`chat.postMessage`) or incoming webhook. Neither supports an idempotency key (CH-172, CH-173). */
export function openVendor(settings: SettingsReader, services: ProviderServices): Provider {
  const base = settings.url("base_url", "https://slack.com");
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const ownToken = settings.text("bot_token");
  const json = { "content-type": "application/json; charset=utf-8" };

  async function sendThroughWebhook(url: string, chat: Chat): Promise<Delivery> {
    checkNoReply(chat, `${VENDOR}: an incoming webhook`);
    const body = JSON.stringify(buildBody(chat));
    const response = await callApi(services, VENDOR, {
      method: "POST",
      url,
      headers: json,
      body,
      timeout_ms,
      from_data: true,
    });
    const responseText = response.text.trim();
    if (response.status === 200 && responseText === "ok") return { status: "sent" };
    // An incoming webhook reports errors as one word.
    const code = /^[a-z_]{1,60}$/.test(responseText) ? responseText : "";
    if (isSuccess(response) && code === "")
      throw createRetryableError(`${VENDOR} responded ${response.status}, but not with "ok"`);
    throw toDeliveryError(code, response, services.now());
  }

  /** Returns the id of the user with this address in the workspace (CH-175). */
  async function readUserId(email: string, token: string): Promise<string> {
    const url = `${base}/api/users.lookupByEmail?${new URLSearchParams({ email }).toString()}`;
    const headers = { authorization: `Bearer ${token}` };
    const response = await callApi(services, VENDOR, { method: "GET", url, headers, body: null, timeout_ms });
    if (!isSuccess(response)) throw toDeliveryError("", response, services.now());
    const { ok, user, error } = parseSuccessBody(VENDOR, response);
    const id = isJsonObject(user) ? toPlainText(user.id) : "";
    if (ok === true && id !== "") return id;
    if (ok !== false)
      throw createRetryableError(`${VENDOR} responded ${response.status}, but neither with a user nor with an error`);
    throw toDeliveryError(toPlainText(error) || "unknown error", response, services.now());
  }

  async function sendThroughBot(chat: Chat): Promise<Delivery> {
    const token = chat.token ?? ownToken;
    if (token === null)
      throw createPermanentError(
        `${VENDOR}: no token: neither the connection nor the tenant has an access_token, nor is settings.bot_token set`,
      );
    const connectionTarget = getString(chat.connection, "channel_id") ?? getString(chat.connection, "user_id");
    const email = connectionTarget === null ? getString(chat.connection, "email") : null;
    const to = email === null ? connectionTarget : await readUserId(email, token);
    if (to === null) throw createPermanentError(`${VENDOR}: the connection has neither a channel_id nor a user_id`);
    const response = await callApi(services, VENDOR, {
      method: "POST",
      url: `${base}/api/chat.postMessage`,
      headers: { authorization: `Bearer ${token}`, ...json },
      body: JSON.stringify({ ...buildBody(chat), ...buildThread(chat), channel: to }),
      timeout_ms,
    });
    if (!isSuccess(response)) throw toDeliveryError("", response, services.now());
    const { ok, ts, error } = parseSuccessBody(VENDOR, response);
    const found = email === null ? {} : { connection: { user_id: to } };
    if (ok === true && typeof ts === "string") return { status: "sent", metadata: { external_id: ts }, ...found };
    if (ok !== false)
      throw createRetryableError(`${VENDOR} responded ${response.status}, but neither with ok nor with an error`);
    throw toDeliveryError(toPlainText(error) || "unknown error", response, services.now());
  }

  /** Looks up a user. An unknown user and a token without permission are results; temporary errors return null. */
  async function findUser(email: string, token: string): Promise<UserLookupResult> {
    try {
      return { connection: { user_id: await readUserId(email, token) } };
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error;
      const { delivery } = error;
      if (delivery.status === "failed" && delivery.retryable) return null;
      return { missing: `no user was found by the email address: ${delivery.reason}` };
    }
  }

  return {
    findUser,
    async send(message, _channel, stored) {
      const chat = parseChat(message, stored);
      return chat.webhook === null ? sendThroughBot(chat) : sendThroughWebhook(chat.webhook, chat);
    },
  };
}
