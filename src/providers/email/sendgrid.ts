import type { Message } from "../../domain/message/message.js";
import type { Delivery, DeliveryCheck, Provider } from "../../ports/provider.js";
import { deepMerge, isJsonObject, type JsonObject } from "../../util/json.js";
import {
  type ApiAnswer,
  callApi,
  DEFAULT_TIMEOUT_MS,
  failed,
  isSuccess,
  parsedObject,
  plainText,
  type Services,
  successBody,
} from "../api-call.js";
import { recipientId } from "../recipient-id.js";
import type { SettingsReader } from "../settings-reader.js";
import { bounced, passing, type Undeliverable } from "../undeliverable.js";
import { type Address, type Email, emailOf } from "./email-content.js";

const VENDOR = "SendGrid";

const person = ({ address, name }: Address): JsonObject => ({ email: address, ...(name === null ? {} : { name }) });

/** SendGrid refuses a request that names an address twice: the first of to, cc and bcc keeps it. */
function personalization({ to, cc, bcc }: Email): JsonObject {
  const seen = new Set([to.address.toLowerCase()]);
  const unseen = (list: Address[]): JsonObject[] =>
    list.filter(({ address }) => !seen.has(address.toLowerCase()) && seen.add(address.toLowerCase())).map(person);
  const others = { cc: unseen(cc), bcc: unseen(bcc) };
  return {
    to: [person(to)],
    ...(others.cc.length > 0 ? { cc: others.cc } : {}),
    ...(others.bcc.length > 0 ? { bcc: others.bcc } : {}),
  };
}

/**
 * Returns a `mail/send` body. The workflow's key is its first tag, as the service sends it, and its category, which is how
 * SendGrid reports by workflow (CH-091, CH-082).
 */
function bodyOf(email: Email, message: Message, settings: SettingsReader): JsonObject {
  const { from, reply_to, subject, html, text, headers, attachments } = email;
  const content: JsonObject[] = [];
  // Plain text first: the API wants it so.
  if (text !== null || html === null) content.push({ type: "text/plain", value: text || " " });
  if (html !== null) content.push({ type: "text/html", value: html });
  const [open, link] = [settings.flag("open_tracking"), settings.flag("link_tracking")];
  return {
    personalizations: [personalization(email)],
    from: person(from),
    ...(reply_to.length === 1 ? { reply_to: person(reply_to[0] as Address) } : {}),
    ...(reply_to.length > 1 ? { reply_to_list: reply_to.map(person) } : {}),
    subject,
    content,
    tags: [message.workflow],
    categories: [message.workflow],
    custom_args: { sender: "knock.app", knock_message_id: message.id, knock_recipient_id: recipientId(message) },
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

/** Its errors name the field: one about the recipient's address bounces (CH-044). */
function failureOf(answer: ApiAnswer, now: number): Undeliverable {
  const errors = parsedObject(answer.text)?.errors;
  const [first] = Array.isArray(errors) ? errors.filter(isJsonObject) : [];
  const field = typeof first?.field === "string" ? first.field : "";
  const detail = typeof first?.message === "string" ? `${first.message}${field ? ` (${field})` : ""}` : null;
  if (answer.status === 400 && /^personalizations\.\d+\.to\b/.test(field)) return bounced(`${VENDOR}: ${detail}`);
  const reset = Number(answer.headers["x-ratelimit-reset"]);
  if (answer.status === 429 && answer.headers["retry-after"] === undefined && reset > 0)
    return passing(`${VENDOR} answered 429${detail ? `: ${detail}` : ""}`, Math.max(0, reset * 1_000 - now));
  return failed(VENDOR, answer, detail, now);
}

/** Why a message did not arrive: bounced and dropped ones bounce, blocked ones may still come (CH-091). */
function refusalOf({ events }: JsonObject): DeliveryCheck {
  const bounce = (Array.isArray(events) ? events : [])
    .filter(isJsonObject)
    .findLast(({ event_name: name, bounce_type: type }) => {
      const isBounce = /^bounced?$/i.test(plainText(name)) && !/^blocked$/i.test(plainText(type));
      return isBounce || /^dropp?(ed)?$/i.test(plainText(name));
    });
  if (bounce === undefined) return { status: "pending" };
  return { status: "bounced", reason: `${VENDOR}: ${plainText(bounce.reason) || plainText(bounce.event_name)}` };
}

/** SendGrid's v3 API (CH-091). It takes no idempotency key; `custom_args` carry the message id. */
export function openSendgrid(settings: SettingsReader, services: Services): Provider {
  const base = settings.url("base_url", "https://api.sendgrid.com");
  const key = settings.required("api_key");
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const authorization = `Bearer ${key}`;

  async function get(path: string): Promise<JsonObject> {
    const request = { method: "GET", url: base + path, headers: { authorization }, body: null, timeout_ms };
    const answer = await callApi(services, VENDOR, request);
    if (!isSuccess(answer)) throw failureOf(answer, services.now());
    return successBody(VENDOR, answer);
  }

  /** The activity feed knows a message to one address by an id that begins with the request's. */
  async function check(message: Message): Promise<DeliveryCheck> {
    const id = plainText(message.metadata?.external_id).replace(/[^\w.-]/g, "");
    const query = new URLSearchParams({ limit: "100", query: `msg_id LIKE '${id}%'` });
    const { messages } = await get(`/v3/messages?${query.toString()}`);
    const to = emailOf(message).to.address.toLowerCase();
    const own = (Array.isArray(messages) ? messages : [])
      .filter(isJsonObject)
      .find((one) => plainText(one.to_email).toLowerCase() === to);
    if (own?.status === "delivered") return { status: "delivered" };
    if (own?.status !== "not_delivered") return { status: "pending" };
    return refusalOf(await get(`/v3/messages/${encodeURIComponent(plainText(own.msg_id))}`));
  }

  return {
    // Asking needs an add-on, so a channel says that it has it (CH-091).
    ...(settings.flag("check_delivery_status") === true ? { check } : {}),
    async send(message): Promise<Delivery> {
      const email = emailOf(message);
      const answer = await callApi(services, VENDOR, {
        method: "POST",
        url: `${base}/v3/mail/send`,
        headers: { authorization, "content-type": "application/json" },
        body: JSON.stringify(deepMerge(bodyOf(email, message, settings), email.overrides)),
        timeout_ms,
      });
      if (!isSuccess(answer)) throw failureOf(answer, services.now());
      const id = answer.headers["x-message-id"];
      if (answer.status !== 202 && id === undefined) throw passing(`${VENDOR} answered ${answer.status}, not 202`);
      return { status: "sent", ...(id === undefined ? {} : { metadata: { external_id: id } }) };
    },
  };
}
