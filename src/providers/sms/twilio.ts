import type { Message } from "../../domain/message/message.js";
import type { Delivery, DeliveryCheck, Provider } from "../../ports/provider.js";
import type { JsonObject } from "../../util/json.js";
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
import { payloadOverrides } from "../payload-overrides.js";
import type { SettingsReader } from "../settings-reader.js";
import { bounced, refused, type Undeliverable } from "../undeliverable.js";

const VENDOR = "Twilio";

/** Twilio's codes for a number that cannot get the message: invalid, unreachable, no mobile, unsubscribed, unknown. */
const BAD_NUMBER = new Set([21211, 21214, 21217, 21401, 21421, 21610, 21612, 21614, 30005, 30006]);

/** `To` and `Body`, with what the number or the service to send from is, and the overrides as further fields. */
function formOf(to: string, body: string, sender: Record<string, string>, overrides: JsonObject): string {
  const fields: JsonObject = { To: to, Body: body, ...sender, ...overrides };
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    // A list is a field that stands several times, as MediaUrl may.
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== null) form.append(name, typeof one === "string" ? one : JSON.stringify(one));
  }
  return form.toString();
}

function senderOf(settings: SettingsReader): Record<string, string> {
  const service = settings.text("messaging_service_sid");
  if (service !== null) return { MessagingServiceSid: service };
  const from = settings.text("phone_number") ?? settings.required("short_code");
  // Somebody who writes the service's id as the sender means the service.
  return /^MG[0-9a-f]{32}$/i.test(from) ? { MessagingServiceSid: from } : { From: from };
}

function failureOf(answer: ApiAnswer, now: number): Undeliverable {
  const { code, message } = parsedObject(answer.text) ?? {};
  const detail = detailOf(message, code);
  return BAD_NUMBER.has(Number(plainText(code)))
    ? bounced(`${VENDOR}: ${detail}`)
    : failed(VENDOR, answer, detail, now);
}

/** What a message's status comes to (CH-110, E-214): failed bounces, undelivered is final. */
function outcomeOf({ status, error_code, error_message }: JsonObject): DeliveryCheck {
  const reason = `${VENDOR}: ${detailOf(error_message ?? status, error_code)}`;
  if (status === "failed" || BAD_NUMBER.has(Number(plainText(error_code)))) return { status: "bounced", reason };
  if (status === "undelivered") return { status: "undelivered", reason };
  return { status: status === "delivered" || status === "read" ? "delivered" : "pending" };
}

/** Twilio's Messages API (CH-110). It takes no idempotency key; what it says at once is mostly that the message is queued. */
export function openTwilio(settings: SettingsReader, services: Services): Provider {
  const base = settings.url("base_url", "https://api.twilio.com");
  const account = settings.required("account_id");
  const token = settings.required("auth_token");
  const sender = senderOf(settings);
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const credentials = Buffer.from(`${account}:${token}`).toString("base64");
  settings.addSecret(credentials);
  const messages = `${base}/2010-04-01/Accounts/${encodeURIComponent(account)}/Messages`;
  const authorization = `Basic ${credentials}`;

  async function check({ metadata }: Message): Promise<DeliveryCheck> {
    const url = `${messages}/${encodeURIComponent(plainText(metadata?.external_id))}.json`;
    const request = { method: "GET", url, headers: { authorization }, body: null, timeout_ms };
    const answer = await callApi(services, VENDOR, request);
    if (!isSuccess(answer)) throw failureOf(answer, services.now());
    return outcomeOf(successBody(VENDOR, answer));
  }

  return {
    ...(settings.flag("check_delivery_status") === false ? {} : { check }),
    async send({ content }): Promise<Delivery> {
      const to = String(content.to ?? "");
      const body = String(content.body ?? "");
      if (to === "") throw refused("the SMS has no number to go to");
      const answer = await callApi(services, VENDOR, {
        method: "POST",
        url: `${messages}.json`,
        headers: { authorization, "content-type": "application/x-www-form-urlencoded" },
        body: formOf(to, body, sender, payloadOverrides(content)),
        timeout_ms,
      });
      if (!isSuccess(answer)) throw failureOf(answer, services.now());
      const sid = successField(VENDOR, answer, "sid");
      const known = outcomeOf(successBody(VENDOR, answer));
      if (known.status === "bounced") throw bounced(known.reason);
      if (known.status === "undelivered") throw refused(known.reason);
      return { status: known.status === "delivered" ? "delivered" : "sent", metadata: { external_id: sid } };
    },
  };
}
