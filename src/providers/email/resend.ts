import type { Message } from "../../domain/message/message.js";
import type { Delivery, DeliveryCheck, Provider } from "../../ports/provider.js";
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
  successBody,
  successField,
} from "../api-call.js";
import type { SettingsReader } from "../settings-reader.js";
import { bounced, passing, type Undeliverable } from "../undeliverable.js";
import { type Email, emailOf, formatAddress } from "./email-content.js";

const VENDOR = "Resend";

function bodyOf(email: Email, message: Message): JsonObject {
  const { from, to, cc, bcc, reply_to, subject, html, text, headers, attachments } = email;
  return {
    from: formatAddress(from),
    to: [formatAddress(to)],
    ...(cc.length > 0 ? { cc: cc.map(formatAddress) } : {}),
    ...(bcc.length > 0 ? { bcc: bcc.map(formatAddress) } : {}),
    ...(reply_to.length > 0 ? { reply_to: reply_to.map(formatAddress) } : {}),
    subject,
    ...(html === null ? {} : { html }),
    ...(text === null && html !== null ? {} : { text: text ?? "" }),
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
    tags: [
      { name: "knock_message_id", value: message.id },
      { name: "workflow", value: message.workflow },
    ],
    ...(attachments.length > 0
      ? {
          attachments: attachments.map(({ name, content, content_type, content_id }) => ({
            filename: name,
            content,
            ...(content_type === null ? {} : { content_type }),
            ...(content_id === null ? {} : { content_id }),
          })),
        }
      : {}),
  };
}

/** A repeat that meets its first attempt still on the way passes; an invalid `to` bounces (CH-044). */
function failureOf(answer: ApiAnswer, now: number): Undeliverable {
  const { name, message } = parsedObject(answer.text) ?? {};
  const detail = detailOf(message, name);
  if (name === "concurrent_idempotent_requests") return passing(`${VENDOR}: ${detail}`);
  if (name === "validation_error" && /`to` field/i.test(plainText(message))) return bounced(`${VENDOR}: ${detail}`);
  return failed(VENDOR, answer, detail, now);
}

/** Events that come after a delivery, and say that there was one. */
const ARRIVED = new Set(["delivered", "opened", "clicked", "complained"]);

/** By the latest event that Resend has (CH-099). A key that may only send is refused, and not asked with again. */
function outcomeOf({ last_event }: JsonObject): DeliveryCheck {
  const event = plainText(last_event);
  const reason = `${VENDOR}: ${event}`;
  if (ARRIVED.has(event)) return { status: "delivered" };
  if (event === "bounced" || event === "suppressed") return { status: "bounced", reason };
  return event === "failed" || event === "canceled" ? { status: "undelivered", reason } : { status: "pending" };
}

/** Resend's API (CH-099). The message id is its idempotency key. */
export function openResend(settings: SettingsReader, services: Services): Provider {
  const base = settings.url("base_url", "https://api.resend.com");
  const key = settings.required("api_key");
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const common = { authorization: `Bearer ${key}`, "user-agent": "knock-cli" };

  async function check({ metadata }: Message): Promise<DeliveryCheck> {
    const url = `${base}/emails/${encodeURIComponent(plainText(metadata?.external_id))}`;
    const answer = await callApi(services, VENDOR, { method: "GET", url, headers: common, body: null, timeout_ms });
    if (!isSuccess(answer)) throw failureOf(answer, services.now());
    return outcomeOf(successBody(VENDOR, answer));
  }

  return {
    ...(settings.flag("check_delivery_status") === false ? {} : { check }),
    async send(message): Promise<Delivery> {
      const email = emailOf(message);
      const answer = await callApi(services, VENDOR, {
        method: "POST",
        url: `${base}/emails`,
        headers: { ...common, "content-type": "application/json", "idempotency-key": message.id },
        body: JSON.stringify(deepMerge(bodyOf(email, message), email.overrides)),
        timeout_ms,
      });
      if (!isSuccess(answer)) throw failureOf(answer, services.now());
      return { status: "sent", metadata: { external_id: successField(VENDOR, answer, "id") } };
    },
  };
}
