import type { Message } from "../../../domain/message/message.js";
import type { Delivery, DeliveryCheck, Provider } from "../../../ports/provider.js";
import { deepMerge, type JsonObject } from "../../../util/json.js";
import {
  type ApiResponse,
  callApi,
  createStatusError,
  DEFAULT_TIMEOUT_MS,
  formatErrorDetail,
  getSuccessField,
  isSuccess,
  type ProviderServices,
  parseJsonObject,
  parseSuccessBody,
  toPlainText,
} from "../../call-api.js";
import { createBounceError, createRetryableError, type DeliveryError } from "../../delivery-error.js";
import type { SettingsReader } from "../../settings-reader.js";
import { type Email, formatAddress, parseEmail } from "../parse-email.js";

const VENDOR = "Resend";

function buildBody(email: Email, message: Message): JsonObject {
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

/** Returns the error for a response. A repeat during its first attempt is retried, and an invalid `to` bounces (CH-044). */
function toDeliveryError(response: ApiResponse, now: number): DeliveryError {
  const { name, message } = parseJsonObject(response.text) ?? {};
  const detail = formatErrorDetail(message, name);
  if (name === "concurrent_idempotent_requests") return createRetryableError(`${VENDOR}: ${detail}`);
  if (name === "validation_error" && /`to` field/i.test(toPlainText(message)))
    return createBounceError(`${VENDOR}: ${detail}`);
  return createStatusError(VENDOR, response, detail, now);
}

/** Events that show that the message was delivered. */
const DELIVERED_EVENTS = new Set(["delivered", "opened", "clicked", "complained"]);

/**
 * Returns the status by the latest event. A key that may only send is rejected, and the message is not checked again
 * (CH-099).
 */
function toDeliveryCheck({ last_event }: JsonObject): DeliveryCheck {
  const event = toPlainText(last_event);
  const reason = `${VENDOR}: ${event}`;
  if (DELIVERED_EVENTS.has(event)) return { status: "delivered" };
  if (event === "bounced" || event === "suppressed") return { status: "bounced", reason };
  return event === "failed" || event === "canceled" ? { status: "undelivered", reason } : { status: "pending" };
}

/** Opens Resend's API. The message id is its idempotency key (CH-099). */
export function openVendor(settings: SettingsReader, services: ProviderServices): Provider {
  const base = settings.url("base_url", "https://api.resend.com");
  const key = settings.required("api_key");
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const commonHeaders = { authorization: `Bearer ${key}`, "user-agent": "knock-cli" };

  async function check({ metadata }: Message): Promise<DeliveryCheck> {
    const url = `${base}/emails/${encodeURIComponent(toPlainText(metadata?.external_id))}`;
    const response = await callApi(services, VENDOR, {
      method: "GET",
      url,
      headers: commonHeaders,
      body: null,
      timeout_ms,
    });
    if (!isSuccess(response)) throw toDeliveryError(response, services.now());
    return toDeliveryCheck(parseSuccessBody(VENDOR, response));
  }

  return {
    ...(settings.flag("check_delivery_status") === false ? {} : { check }),
    async send(message): Promise<Delivery> {
      const email = parseEmail(message);
      const response = await callApi(services, VENDOR, {
        method: "POST",
        url: `${base}/emails`,
        headers: { ...commonHeaders, "content-type": "application/json", "idempotency-key": message.id },
        body: JSON.stringify(deepMerge(buildBody(email, message), email.overrides)),
        timeout_ms,
      });
      if (!isSuccess(response)) throw toDeliveryError(response, services.now());
      return { status: "sent", metadata: { external_id: getSuccessField(VENDOR, response, "id") } };
    },
  };
}
