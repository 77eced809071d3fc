import type { Delivery, Provider, UserLookupResult } from "../../../ports/provider.js";
import { isJsonObject, type JsonObject } from "../../../util/json.js";
import { runWithTimeLimit, TimeLimitExceeded } from "../../../util/time-limit.js";
import {
  type ApiResponse,
  DEFAULT_TIMEOUT_MS,
  type ProviderServices,
  parseJsonObject,
  parseSuccessBody,
  toPlainText,
} from "../../call-api.js";
import { createPermanentError, createRetryableError, DeliveryError } from "../../delivery-error.js";
import type { SettingsReader } from "../../settings-reader.js";
import { callVendor, type VendorError } from "../../vendor-api.js";
import { type Chat, checkNoReply, getString, parseChat } from "../parse-chat.js";
import { definition } from "./definition.js";
import { toSlackMrkdwn } from "./to-slack-mrkdwn.js";

const VENDOR = definition.title;

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

/** Returns the one word with which an incoming webhook responds, or undefined. */
const findWord = (text: string): string | undefined => /^[a-z_]{1,60}$/.exec(text.trim())?.[0];

const readError = ({ text }: ApiResponse): VendorError => ({ code: parseJsonObject(text)?.error ?? findWord(text) });

function findMethodError({ text }: ApiResponse): VendorError | null {
  const { ok, error } = parseJsonObject(text) ?? {};
  return ok === false ? { code: toPlainText(error) || "unknown error" } : null;
}

function findWebhookError({ text }: ApiResponse): VendorError | null {
  const code = findWord(text);
  return code === undefined || code === "ok" ? null : { code };
}

/** Opens Slack by bot (`chat.postMessage`) or incoming webhook. Neither supports an idempotency key (CH-172, CH-173). */
export function openVendor(settings: SettingsReader, services: ProviderServices): Provider {
  const base = settings.url("base_url", "https://slack.com");
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const ownToken = settings.text("bot_token");
  const json = { "content-type": "application/json; charset=utf-8" };

  async function sendThroughWebhook(url: string, chat: Chat): Promise<Delivery> {
    checkNoReply(chat, `${VENDOR}: an incoming webhook`);
    const request = { url, headers: json, body: JSON.stringify(buildBody(chat)), timeout_ms, from_data: true };
    const { status, text } = await callVendor(definition, services, request, readError, findWebhookError);
    if (status === 200 && text.trim() === "ok") return { status: "sent" };
    throw createRetryableError(`${VENDOR} responded ${status}, but not with "ok"`);
  }

  async function callMethod(name: string, token: string, body: JsonObject | null): Promise<JsonObject> {
    const request = {
      method: body === null ? "GET" : "POST",
      url: `${base}/api/${name}`,
      headers: { authorization: `Bearer ${token}`, ...(body === null ? {} : json) },
      body: body === null ? null : JSON.stringify(body),
      timeout_ms,
    };
    const response = await callVendor(definition, services, request, readError, findMethodError);
    const result = parseSuccessBody(VENDOR, response);
    if (result.ok === true) return result;
    throw createRetryableError(`${VENDOR} responded ${response.status}, but neither with ok nor with an error`);
  }

  /** Returns the id of the user with this address in the workspace (CH-175). */
  async function readUserId(email: string, token: string): Promise<string> {
    const { user } = await callMethod(`users.lookupByEmail?${new URLSearchParams({ email }).toString()}`, token, null);
    const id = isJsonObject(user) ? toPlainText(user.id) : "";
    if (id === "") throw createRetryableError(`${VENDOR} responded with neither a user nor an error`);
    return id;
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
    const body = { ...buildBody(chat), ...buildThread(chat), channel: to };
    const { ts } = await callMethod("chat.postMessage", token, body);
    if (typeof ts !== "string") throw createRetryableError(`${VENDOR} responded without the ts that its API gives`);
    const found = email === null ? {} : { connection: { user_id: to } };
    return { status: "sent", metadata: { external_id: ts }, ...found };
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
