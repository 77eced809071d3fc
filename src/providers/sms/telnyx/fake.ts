import { generateKeyPairSync, sign } from "node:crypto";
import { toIsoTime } from "../../../util/iso-time.js";
import { type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");

const SETTINGS = {
  api_key: "KEY0123456789FAKE",
  phone_number: "+12025550143",
  webhook_signing_key: Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url").toString("base64"),
};

const reject = (status: number, code: string, title: string): FakeResponse => ({
  status,
  body: { errors: [{ code, title, detail: title }] },
});

/** Telnyx's Messages API and its events. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, headers, body }): FakeResponse {
    if (headers.authorization !== `Bearer ${SETTINGS.api_key}`) return reject(401, "10009", "Authentication failed");
    if (method !== "POST" || path !== "/v2/messages") return reject(404, "10005", "Resource not found");
    const to = getField(body, "to");
    if (to === undefined || getField(body, "text") === undefined)
      return reject(422, "10004", "Missing required parameter");
    if (!/^\+[1-9]\d{6,14}$/.test(to)) return reject(400, "40310", "Invalid 'to' address");
    if (getField(body, "from") === undefined && getField(body, "messaging_profile_id") === undefined)
      return reject(400, "40305", "Invalid 'from' address");
    return { status: 200, body: { data: { record_type: "message", id: "40385f64-5717-4562-b3fc-2c963f66afa6" } } };
  },
  failures: {
    unauthorized: fail("permanent", reject(401, "10009", "Authentication failed")),
    no_credit: fail("permanent", reject(403, "20100", "Insufficient funds")),
    invalid_recipient: fail("bounced", reject(400, "40310", "Invalid 'to' address")),
    opted_out: fail("bounced", reject(400, "40300", "Blocked due to STOP message")),
    invalid_sender: fail("permanent", reject(400, "40305", "Invalid 'from' address")),
    queue_full: fail("temporary", reject(400, "40318", "Queue full")),
    rate_limited: {
      ...reject(429, "10011", "Too many requests"),
      headers: { "x-ratelimit-reset": "1" },
      result: "temporary",
      retry_after_ms: 1_000,
    },
    outage: fail("temporary", reject(503, "10016", "Service unavailable")),
  },
  events: ["delivered", "bounced", "undelivered"],
  buildWebhook({ type, message_id, at }) {
    const timestamp = String(Math.floor(at / 1_000));
    const code = type === "bounced" ? "40001" : "40002";
    const payload = {
      id: "40385f64-5717-4562-b3fc-2c963f66afa6",
      to: [{ phone_number: "+15550000001", status: type === "delivered" ? "delivered" : "delivery_failed" }],
      tags: [`knock_message_id=${message_id}`],
      errors: type === "delivered" ? [] : [{ code, title: type === "bounced" ? "Not routable" : "Blocked as spam" }],
    };
    const data = { event_type: "message.finalized", occurred_at: toIsoTime(at), payload };
    const body = JSON.stringify({ data });
    const signature = sign(null, Buffer.from(`${timestamp}|${body}`), privateKey).toString("base64");
    return {
      headers: {
        "content-type": "application/json",
        "telnyx-timestamp": timestamp,
        "telnyx-signature-ed25519": signature,
      },
      body,
    };
  },
};
