import { createHmac } from "node:crypto";
import { toIsoTime } from "../../../util/iso-time.js";
import type { JsonObject } from "../../../util/json.js";
import { type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";

const SETTINGS = {
  api_token: "fake-sinch-token",
  service_plan_id: "fakeplan0123456789",
  region: "eu",
  phone_number: "+12025550143",
  webhook_signing_key: "fake-signing-key",
};
const BATCH_ID = "01FC66621A0B1C119Z8PMV1QPQ";

const reject = (status: number, code: string, text: string): FakeResponse => ({ status, body: { code, text } });

/** Sinch's SMS API and its delivery reports. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, headers, body }): FakeResponse {
    if (headers.authorization !== `Bearer ${SETTINGS.api_token}`) return { status: 401, body: "" };
    if (method !== "POST" || path !== `/xms/v1/${SETTINGS.service_plan_id}/batches`) return { status: 404, body: "" };
    const { to } = body as JsonObject;
    if (!Array.isArray(to) || !to.every((number) => /^\+?[1-9]\d{6,14}$/.test(String(number))))
      return reject(400, "syntax_invalid_parameter_format", "The value of 'to' is not a valid MSISDN");
    if (getField(body, "body") === undefined)
      return reject(400, "syntax_constraint_violation", "The 'body' may not be empty");
    return { status: 201, body: { id: BATCH_ID, to, canceled: false, type: "mt_text" } };
  },
  failures: {
    unauthorized: fail("permanent", { status: 401, body: "" }),
    no_credit: fail("permanent", reject(402, "insufficient_credit", "The account has not enough credit")),
    invalid_recipient: fail(
      "bounced",
      reject(400, "syntax_invalid_parameter_format", "The value of 'to' is not a valid MSISDN"),
    ),
    invalid_sender: fail("permanent", reject(403, "forbidden", "The 'from' is not allowed")),
    rate_limited: fail("temporary", reject(429, "too_many_requests", "Too many requests"), 1),
    outage: fail("temporary", { status: 503, body: "" }),
  },
  events: ["delivered", "bounced", "undelivered"],
  buildWebhook({ type, message_id, at }) {
    const [status, code] =
      type === "delivered" ? ["Delivered", 0] : type === "bounced" ? ["Aborted", 402] : ["Expired", 406];
    const body = JSON.stringify({
      type: "recipient_delivery_report_sms",
      batch_id: BATCH_ID,
      recipient: "15550000001",
      code,
      status,
      at: toIsoTime(at),
      client_reference: message_id,
    });
    const timestamp = String(Math.floor(at / 1_000));
    const nonce = "01FJA8B4A7BM43YGWSG9GBV067";
    const signature = createHmac("sha256", SETTINGS.webhook_signing_key)
      .update(`${body}.${nonce}.${timestamp}`)
      .digest("base64");
    return {
      headers: {
        "content-type": "application/json",
        "x-sinch-webhook-signature": signature,
        "x-sinch-webhook-signature-algorithm": "HmacSHA256",
        "x-sinch-webhook-signature-nonce": nonce,
        "x-sinch-webhook-signature-timestamp": timestamp,
      },
      body,
    };
  },
};
