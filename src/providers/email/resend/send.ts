import type { Message } from "../../../domain/message/message.js";
import type { DeliveryCheck, Provider } from "../../../ports/provider.js";
import { deepMerge, type JsonObject, omitEmpty } from "../../../util/json.js";
import {
  type ApiResponse,
  DEFAULT_TIMEOUT_MS,
  getSuccessField,
  type ProviderServices,
  parseSuccessBody,
  toPlainText,
} from "../../call-api.js";
import type { SettingsReader } from "../../settings-reader.js";
import { callVendor, createSend, readErrorFields } from "../../vendor-api.js";
import { formatAddress, parseEmail } from "../parse-email.js";
import { definition } from "./definition.js";

function buildBody(message: Message): JsonObject {
  const { from, to, cc, bcc, reply_to, subject, html, text, headers, attachments, overrides } = parseEmail(message);
  const built = omitEmpty({
    from: formatAddress(from),
    to: [formatAddress(to)],
    cc: cc.map(formatAddress),
    bcc: bcc.map(formatAddress),
    reply_to: reply_to.map(formatAddress),
    subject,
    html,
    text: text ?? (html === null ? "" : null),
    headers,
    tags: [
      { name: "knock_message_id", value: message.id },
      { name: "workflow", value: message.workflow },
    ],
    attachments: attachments.map(({ name, content, content_type, content_id }) =>
      omitEmpty({ filename: name, content, content_type, content_id }),
    ),
  });
  return deepMerge(built, overrides);
}

/** Events that show that the message was delivered. */
const DELIVERED_EVENTS = new Set(["delivered", "opened", "clicked", "complained"]);

/**
 * Returns the status by the latest event. A key that may only send is rejected, and the message is not checked again
 * (CH-099).
 */
function toDeliveryCheck({ last_event }: JsonObject): DeliveryCheck {
  const event = toPlainText(last_event);
  const reason = `${definition.title}: ${event}`;
  if (DELIVERED_EVENTS.has(event)) return { status: "delivered" };
  if (event === "bounced" || event === "suppressed") return { status: "bounced", reason };
  return event === "failed" || event === "canceled" ? { status: "undelivered", reason } : { status: "pending" };
}

/** Opens Resend's API. The message id is its idempotency key (CH-099). */
export function openVendor(settings: SettingsReader, services: ProviderServices): Provider {
  const base = settings.url("base_url", "https://api.resend.com");
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const commonHeaders = { authorization: `Bearer ${settings.required("api_key")}` };
  const readError = (response: ApiResponse) => readErrorFields(response, "message", "name");

  async function check({ metadata }: Message): Promise<DeliveryCheck> {
    const url = `${base}/emails/${encodeURIComponent(toPlainText(metadata?.external_id))}`;
    const request = { method: "GET", url, headers: commonHeaders, body: null, timeout_ms };
    const response = await callVendor(definition, services, request, readError);
    return toDeliveryCheck(parseSuccessBody(definition.title, response));
  }

  return {
    ...(settings.flag("check_delivery_status") === false ? {} : { check }),
    send: createSend(definition, settings, services, {
      buildRequest: (message) => ({
        url: `${base}/emails`,
        headers: { ...commonHeaders, "content-type": "application/json", "idempotency-key": message.id },
        body: JSON.stringify(buildBody(message)),
      }),
      readError,
      readId: (response) => getSuccessField(definition.title, response, "id"),
    }),
  };
}
