import type { Message } from "../../../domain/message/message.js";
import type { DeliveryCheck, Provider } from "../../../ports/provider.js";
import { deepMerge, filterObjects, isJsonObject, type JsonObject, omitEmpty } from "../../../util/json.js";
import {
  type ApiResponse,
  DEFAULT_TIMEOUT_MS,
  type ProviderServices,
  parseJsonObject,
  parseSuccessBody,
  toPlainText,
} from "../../call-api.js";
import { createRetryableError } from "../../delivery-error.js";
import type { SettingsReader } from "../../settings-reader.js";
import { callVendor, createSend, type VendorError } from "../../vendor-api.js";
import { type Address, buildMetadata, type Email, parseEmail, toPerson } from "../parse-email.js";
import { definition } from "./definition.js";

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
function buildBody(message: Message, settings: SettingsReader): JsonObject {
  const email = parseEmail(message);
  const { from, reply_to, subject, html, text, headers, attachments } = email;
  const content: JsonObject[] = [];
  // The API requires plain text to be first.
  if (text !== null || html === null) content.push({ type: "text/plain", value: text || " " });
  if (html !== null) content.push({ type: "text/html", value: html });
  const [replyTo] = reply_to;
  const [open, link] = [settings.flag("open_tracking"), settings.flag("link_tracking")];
  const built = omitEmpty({
    personalizations: [buildPersonalization(email)],
    from: toPerson(from),
    reply_to: replyTo && reply_to.length === 1 ? toPerson(replyTo) : null,
    reply_to_list: reply_to.length > 1 ? reply_to.map(toPerson) : null,
    subject,
    content,
    tags: [message.workflow],
    categories: [message.workflow],
    custom_args: buildMetadata(message),
    headers,
    attachments: attachments.map(({ name, content, content_type, content_id, disposition }) =>
      omitEmpty({
        filename: name,
        content,
        type: content_type,
        content_id,
        disposition: disposition ?? "attachment",
      }),
    ),
    tracking_settings: omitEmpty({
      open_tracking: open === null ? null : { enable: open },
      click_tracking: link === null ? null : { enable: link, enable_text: false },
    }),
  });
  return deepMerge(built, email.overrides);
}

/** Returns the first error, whose text names the field. */
function readError({ text }: ApiResponse): VendorError {
  const [error] = filterObjects(parseJsonObject(text)?.errors);
  if (typeof error?.message !== "string") return {};
  const field = toPlainText(error.field);
  return { message: `${error.message}${field ? ` (${field})` : ""}` };
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
  return {
    status: "bounced",
    reason: `${definition.title}: ${toPlainText(bounce.reason) || toPlainText(bounce.event_name)}`,
  };
}

/** Opens SendGrid's v3 API. It supports no idempotency key; `custom_args` contain the message id (CH-091). */
export function openVendor(settings: SettingsReader, services: ProviderServices): Provider {
  const base = settings.url("base_url", "https://api.sendgrid.com");
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const authorization = `Bearer ${settings.required("api_key")}`;

  async function get(path: string): Promise<JsonObject> {
    const request = { method: "GET", url: base + path, headers: { authorization }, body: null, timeout_ms };
    return parseSuccessBody(definition.title, await callVendor(definition, services, request, readError));
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
    send: createSend(definition, settings, services, {
      buildRequest: (message) => ({
        url: `${base}/v3/mail/send`,
        headers: { authorization, "content-type": "application/json" },
        body: JSON.stringify(buildBody(message, settings)),
      }),
      readError,
      readId({ status, headers }) {
        const id = headers["x-message-id"];
        if (status !== 202 && id === undefined)
          throw createRetryableError(`${definition.title} responded ${status}, not 202`);
        return id;
      },
    }),
  };
}
