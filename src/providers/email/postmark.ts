import type { Message } from "../../domain/message.js";
import type { Delivery, Provider } from "../../ports/provider.js";
import { deepMerge, type JsonObject } from "../../util/json.js";
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

/** Postmark's API (CH-092). It takes no idempotency key; `Metadata` carries the message id. */
export function openPostmark(settings: SettingsReader, services: Services): Provider {
  const base = settings.url("base_url", "https://api.postmarkapp.com");
  const token = settings.required("api_key");
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  return {
    async send(message): Promise<Delivery> {
      const email = emailOf(message);
      const answer = await callApi(services, VENDOR, {
        method: "POST",
        url: `${base}/email`,
        headers: {
          accept: "application/json",
          "content-type": "application/json",
          "x-postmark-server-token": token,
        },
        body: JSON.stringify(deepMerge(bodyOf(email, message, settings), email.overrides)),
        timeout_ms,
      });
      if (!isSuccess(answer)) throw failureOf(answer, services.now());
      return { status: "sent", metadata: { external_id: successField(VENDOR, answer, "MessageID") } };
    },
  };
}
