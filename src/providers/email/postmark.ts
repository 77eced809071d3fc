import type { Message } from "../../domain/message/message.js";
import type { Delivery, DeliveryCheck, Provider } from "../../ports/provider.js";
import { deepMerge, isJsonObject, type JsonObject } from "../../util/json.js";
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
  successBody,
  successField,
} from "../api-call.js";
import { recipientId } from "../recipient-id.js";
import type { SettingsReader } from "../settings-reader.js";
import { bounced, type Undeliverable } from "../undeliverable.js";
import { type Address, type Email, emailOf, formatAddress } from "./email-content.js";

const VENDOR = "Postmark";
/** The recipient bounced before, complained, or is suppressed. */
const INACTIVE_RECIPIENT = 406;
const INVALID_REQUEST = 300;
/** Postmark calls bad addresses an invalid request, and says in words which. */
const BAD_TO = /'to' address|invalid 'to'|to.*(address|recipient).*invalid/i;

const joined = (list: Address[]): string => list.map(formatAddress).join(", ");

function bodyOf(email: Email, message: Message, settings: SettingsReader): JsonObject {
  const { from, to, cc, bcc, reply_to, subject, html, text, headers, attachments } = email;
  const [open, link] = [settings.flag("open_tracking"), settings.flag("link_tracking")];
  return {
    From: formatAddress(from),
    To: formatAddress(to),
    ...(cc.length > 0 ? { Cc: joined(cc) } : {}),
    ...(bcc.length > 0 ? { Bcc: joined(bcc) } : {}),
    ...(reply_to.length > 0 ? { ReplyTo: joined(reply_to) } : {}),
    Subject: subject,
    Tag: message.workflow,
    ...(html === null ? {} : { HtmlBody: html }),
    ...(text === null && html !== null ? {} : { TextBody: text ?? "" }),
    Metadata: { sender: "knock.app", knock_message_id: message.id, knock_recipient_id: recipientId(message) },
    ...(Object.keys(headers).length > 0
      ? { Headers: Object.entries(headers).map(([Name, Value]) => ({ Name, Value })) }
      : {}),
    ...(open === null ? {} : { TrackOpens: open }),
    ...(link === null ? {} : { TrackLinks: link ? "HtmlAndText" : "None" }),
    ...(attachments.length > 0
      ? {
          Attachments: attachments.map(({ name, content, content_type, content_id }) => ({
            Name: name,
            Content: content,
            ContentType: content_type ?? "application/octet-stream",
            ...(content_id === null ? {} : { ContentID: `cid:${content_id}` }),
          })),
        }
      : {}),
  };
}

/** 422 with a code of its own: inactive and malformed recipients bounce (CH-044). */
function failureOf(answer: ApiAnswer, now: number): Undeliverable {
  const { ErrorCode, Message: said } = parsedObject(answer.text) ?? {};
  const detail = detailOf(said, ErrorCode);
  const isBad = ErrorCode === INACTIVE_RECIPIENT || (ErrorCode === INVALID_REQUEST && BAD_TO.test(plainText(said)));
  return answer.status === 422 && isBad ? bounced(`${VENDOR}: ${detail}`) : failed(VENDOR, answer, detail, now);
}

/** Postmark has not filed the message yet. */
const NOT_FOUND = 701;

/** By the events of the one address that the message is for: Delivery and Bounce are what decides (CH-092). */
function outcomeOf({ MessageEvents }: JsonObject, to: string): DeliveryCheck {
  const events = (Array.isArray(MessageEvents) ? MessageEvents : [])
    .filter(isJsonObject)
    .filter(({ Recipient }) => plainText(Recipient).toLowerCase() === to.toLowerCase());
  const bounce = events.findLast(({ Type }) => Type === "Bounced");
  if (bounce !== undefined) {
    const details = isJsonObject(bounce.Details) ? bounce.Details : {};
    return { status: "bounced", reason: `${VENDOR}: ${plainText(details.Summary) || "bounced"}` };
  }
  return { status: events.some(({ Type }) => Type === "Delivered") ? "delivered" : "pending" };
}

/** Postmark's API (CH-092). It takes no idempotency key; `Metadata` carries the message id. */
export function openPostmark(settings: SettingsReader, services: Services): Provider {
  const base = settings.url("base_url", "https://api.postmarkapp.com");
  const token = settings.required("api_key");
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const common = { accept: "application/json", "x-postmark-server-token": token };

  async function check(message: Message): Promise<DeliveryCheck> {
    const url = `${base}/messages/outbound/${encodeURIComponent(plainText(message.metadata?.external_id))}/details`;
    const answer = await callApi(services, VENDOR, { method: "GET", url, headers: common, body: null, timeout_ms });
    if (parsedObject(answer.text)?.ErrorCode === NOT_FOUND) return { status: "pending" };
    if (!isSuccess(answer)) throw failureOf(answer, services.now());
    return outcomeOf(successBody(VENDOR, answer), emailOf(message).to.address);
  }

  return {
    ...(settings.flag("check_delivery_status") === false ? {} : { check }),
    async send(message): Promise<Delivery> {
      const email = emailOf(message);
      const answer = await callApi(services, VENDOR, {
        method: "POST",
        url: `${base}/email`,
        headers: { ...common, "content-type": "application/json" },
        body: JSON.stringify(deepMerge(bodyOf(email, message, settings), email.overrides)),
        timeout_ms,
      });
      if (!isSuccess(answer)) throw failureOf(answer, services.now());
      return { status: "sent", metadata: { external_id: successField(VENDOR, answer, "MessageID") } };
    },
  };
}
