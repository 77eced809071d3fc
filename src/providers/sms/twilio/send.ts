import type { Message } from "../../../domain/message/message.js";
import type { Delivery, DeliveryCheck, Provider } from "../../../ports/provider.js";
import type { JsonObject } from "../../../util/json.js";
import { getPayloadOverrides } from "../../apply-payload-overrides.js";
import {
  DEFAULT_TIMEOUT_MS,
  formatErrorDetail,
  getSuccessField,
  type ProviderServices,
  parseSuccessBody,
  toPlainText,
} from "../../call-api.js";
import { createBounceError, createPermanentError } from "../../delivery-error.js";
import type { SettingsReader } from "../../settings-reader.js";
import { callVendor, findFailure, readErrorFields } from "../../vendor-api.js";
import { buildCallbackUrl, encodeFields } from "../parse-sms.js";
import { definition } from "./definition.js";

const VENDOR = definition.title;

function resolveSender(settings: SettingsReader): Record<string, string> {
  const service = settings.text("messaging_service_sid");
  if (service !== null) return { MessagingServiceSid: service };
  const from = settings.text("phone_number") ?? settings.required("short_code");
  // A service's id as the sender means the service.
  return /^MG[0-9a-f]{32}$/i.test(from) ? { MessagingServiceSid: from } : { From: from };
}

/** Returns the result of a message's status: failed messages bounce, and undelivered ones are final (CH-110, E-214). */
function toDeliveryCheck({ status, error_code, error_message }: JsonObject): DeliveryCheck {
  const reason = `${VENDOR}: ${formatErrorDetail(error_message ?? status, error_code)}`;
  const failure = findFailure(definition, 200, { code: error_code });
  if (status === "failed" || failure?.result === "bounced") return { status: "bounced", reason };
  if (status === "undelivered") return { status: "undelivered", reason };
  return { status: status === "delivered" || status === "read" ? "delivered" : "pending" };
}

/** Opens Twilio's Messages API. It supports no idempotency key, and responds mostly that the message is queued (CH-110). */
export function openVendor(settings: SettingsReader, services: ProviderServices): Provider {
  const base = settings.url("base_url", "https://api.twilio.com");
  const account = settings.required("account_id");
  const token = settings.required("auth_token");
  const sender = resolveSender(settings);
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const credentials = Buffer.from(`${account}:${token}`).toString("base64");
  settings.addSecret(credentials);
  const messages = `${base}/2010-04-01/Accounts/${encodeURIComponent(account)}/Messages`;
  const webhook = settings.webhookUrl();
  const authorization = `Basic ${credentials}`;

  /** Returns the field that names the URL for the status. Its query has the message's ID, which Twilio does not send. */
  const callback = (id: string): Record<string, string> =>
    webhook === null ? {} : { StatusCallback: buildCallbackUrl(webhook, id) };

  async function check({ metadata }: Message): Promise<DeliveryCheck> {
    const url = `${messages}/${encodeURIComponent(toPlainText(metadata?.external_id))}.json`;
    const request = { method: "GET", url, headers: { authorization }, body: null, timeout_ms };
    const response = await callVendor(definition, services, request, readErrorFields);
    return toDeliveryCheck(parseSuccessBody(VENDOR, response));
  }

  return {
    ...(settings.flag("check_delivery_status") === false ? {} : { check }),
    async send({ id, content }): Promise<Delivery> {
      const to = String(content.to ?? "");
      const body = String(content.body ?? "");
      if (to === "") throw createPermanentError("the SMS has no number to go to");
      const request = {
        url: `${messages}.json`,
        headers: { authorization, "content-type": "application/x-www-form-urlencoded" },
        body: encodeFields({ To: to, Body: body, ...sender, ...callback(id), ...getPayloadOverrides(content) }),
        timeout_ms,
      };
      const response = await callVendor(definition, services, request, readErrorFields);
      const sid = getSuccessField(VENDOR, response, "sid");
      const deliveryCheck = toDeliveryCheck(parseSuccessBody(VENDOR, response));
      if (deliveryCheck.status === "bounced") throw createBounceError(deliveryCheck.reason);
      if (deliveryCheck.status === "undelivered") throw createPermanentError(deliveryCheck.reason);
      return { status: deliveryCheck.status === "delivered" ? "delivered" : "sent", metadata: { external_id: sid } };
    },
  };
}
