import type { Message } from "../../../domain/message/message.js";
import { formatRecipient, toRecipientReference } from "../../../domain/recipient/recipient.js";
import type { Delivery, DeliveryCheck, Provider } from "../../../ports/provider.js";
import { deepMerge, filterObjects, isJsonObject, type JsonObject } from "../../../util/json.js";
import {
  type ApiResponse,
  callApi,
  createStatusError,
  DEFAULT_TIMEOUT_MS,
  isSuccess,
  type ProviderServices,
  parseJsonObject,
  parseSuccessBody,
  toPlainText,
} from "../../call-api.js";
import { createBounceError, createRetryableError, type DeliveryError } from "../../delivery-error.js";
import type { SettingsReader } from "../../settings-reader.js";
import { type Address, type Email, parseEmail } from "../parse-email.js";

const VENDOR = "SendGrid";

const toPerson = ({ address, name }: Address): JsonObject => ({ email: address, ...(name === null ? {} : { name }) });

/**
 * Returns the recipients. SendGrid rejects a request with a repeated address, so it stays only in the first of to, cc and
 * bcc.
 */
function buildPersonalization({ to, cc, bcc }: Email): JsonObject {
  const seen = new Set([to.address.toLowerCase()]);
  const removeSeen = (list: Address[]): JsonObject[] =>
    list.filter(({ address }) => !seen.has(address.toLowerCase()) && seen.add(address.toLowerCase())).map(toPerson);
  const copies = { cc: removeSeen(cc), bcc: removeSeen(bcc) };
  return {
    to: [toPerson(to)],
    ...(copies.cc.length > 0 ? { cc: copies.cc } : {}),
    ...(copies.bcc.length > 0 ? { bcc: copies.bcc } : {}),
  };
}

/**
 * Returns a `mail/send` body. The workflow's key is its first tag, as the service sends it, and its category, by which SendGrid
 * reports per workflow (CH-091, CH-082).
 */
function buildBody(email: Email, message: Message, settings: SettingsReader): JsonObject {
  const { from, reply_to, subject, html, text, headers, attachments } = email;
  const content: JsonObject[] = [];
  // The API requires plain text to be first.
  if (text !== null || html === null) content.push({ type: "text/plain", value: text || " " });
  if (html !== null) content.push({ type: "text/html", value: html });
  const [replyTo] = reply_to;
  const [open, link] = [settings.flag("open_tracking"), settings.flag("link_tracking")];
  return {
    personalizations: [buildPersonalization(email)],
    from: toPerson(from),
    ...(replyTo !== undefined && reply_to.length === 1 ? { reply_to: toPerson(replyTo) } : {}),
    ...(reply_to.length > 1 ? { reply_to_list: reply_to.map(toPerson) } : {}),
    subject,
    content,
    tags: [message.workflow],
    categories: [message.workflow],
    custom_args: {
      sender: "knock.app",
      knock_message_id: message.id,
      knock_recipient_id: formatRecipient(toRecipientReference(message.recipient)),
    },
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
    ...(attachments.length > 0
      ? {
          attachments: attachments.map(({ name, content, content_type, content_id, disposition }) => ({
            filename: name,
            content,
            ...(content_type === null ? {} : { type: content_type }),
            ...(content_id === null ? {} : { content_id }),
            disposition: disposition ?? "attachment",
          })),
        }
      : {}),
    ...(open === null && link === null
      ? {}
      : {
          tracking_settings: {
            ...(open === null ? {} : { open_tracking: { enable: open } }),
            ...(link === null ? {} : { click_tracking: { enable: link, enable_text: false } }),
          },
        }),
  };
}

/** Returns the error for a response. SendGrid names the field; an error about the recipient's address bounces (CH-044). */
function toDeliveryError(response: ApiResponse, now: number): DeliveryError {
  const errors = parseJsonObject(response.text)?.errors;
  const [first] = filterObjects(errors);
  const field = typeof first?.field === "string" ? first.field : "";
  const detail = typeof first?.message === "string" ? `${first.message}${field ? ` (${field})` : ""}` : null;
  if (response.status === 400 && /^personalizations\.\d+\.to\b/.test(field))
    return createBounceError(`${VENDOR}: ${detail}`);
  const reset = Number(response.headers["x-ratelimit-reset"]);
  if (response.status === 429 && response.headers["retry-after"] === undefined && reset > 0)
    return createRetryableError(
      `${VENDOR} responded 429${detail ? `: ${detail}` : ""}`,
      Math.max(0, reset * 1_000 - now),
    );
  return createStatusError(VENDOR, response, detail, now);
}

/** Returns why a message did not arrive. Bounced and dropped messages bounce; blocked ones may still arrive (CH-091). */
function findBounce({ events }: JsonObject): DeliveryCheck {
  const bounce = (Array.isArray(events) ? events : [])
    .filter(isJsonObject)
    .findLast(({ event_name: name, bounce_type: type }) => {
      const isBounce = /^bounced?$/i.test(toPlainText(name)) && !/^blocked$/i.test(toPlainText(type));
      return isBounce || /^dropp?(ed)?$/i.test(toPlainText(name));
    });
  if (bounce === undefined) return { status: "pending" };
  return { status: "bounced", reason: `${VENDOR}: ${toPlainText(bounce.reason) || toPlainText(bounce.event_name)}` };
}

/** Opens SendGrid's v3 API. It supports no idempotency key; `custom_args` contain the message id (CH-091). */
export function openVendor(settings: SettingsReader, services: ProviderServices): Provider {
  const base = settings.url("base_url", "https://api.sendgrid.com");
  const key = settings.required("api_key");
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const authorization = `Bearer ${key}`;

  async function get(path: string): Promise<JsonObject> {
    const request = { method: "GET", url: base + path, headers: { authorization }, body: null, timeout_ms };
    const response = await callApi(services, VENDOR, request);
    if (!isSuccess(response)) throw toDeliveryError(response, services.now());
    return parseSuccessBody(VENDOR, response);
  }

  /** Checks a message in the activity feed, where its id for one address starts with the id of the request. */
  async function check(message: Message): Promise<DeliveryCheck> {
    const id = toPlainText(message.metadata?.external_id).replace(/[^\w.-]/g, "");
    const query = new URLSearchParams({ limit: "100", query: `msg_id LIKE '${id}%'` });
    const { messages } = await get(`/v3/messages?${query.toString()}`);
    const to = parseEmail(message).to.address.toLowerCase();
    const listedMessage = (Array.isArray(messages) ? messages : [])
      .filter(isJsonObject)
      .find(({ to_email }) => toPlainText(to_email).toLowerCase() === to);
    if (listedMessage?.status === "delivered") return { status: "delivered" };
    if (listedMessage?.status !== "not_delivered") return { status: "pending" };
    return findBounce(await get(`/v3/messages/${encodeURIComponent(toPlainText(listedMessage.msg_id))}`));
  }

  return {
    // Checking needs an add-on of SendGrid, so a channel has to enable it (CH-091).
    ...(settings.flag("check_delivery_status") === true ? { check } : {}),
    async send(message): Promise<Delivery> {
      const email = parseEmail(message);
      const response = await callApi(services, VENDOR, {
        method: "POST",
        url: `${base}/v3/mail/send`,
        headers: { authorization, "content-type": "application/json" },
        body: JSON.stringify(deepMerge(buildBody(email, message, settings), email.overrides)),
        timeout_ms,
      });
      if (!isSuccess(response)) throw toDeliveryError(response, services.now());
      const id = response.headers["x-message-id"];
      if (response.status !== 202 && id === undefined)
        throw createRetryableError(`${VENDOR} responded ${response.status}, not 202`);
      return { status: "sent", ...(id === undefined ? {} : { metadata: { external_id: id } }) };
    },
  };
}
