import { createHmac } from "node:crypto";
import { isJsonObject } from "../../../util/json.js";
import { type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";

const SETTINGS = {
  authentication_token: "fake-whatsapp-token",
  phone_number_id: "106540352242922",
  webhook_signing_key: "fake-app-secret",
  webhook_verify_token: "fake-verify-token",
};
const STATUSES = { delivered: "delivered", opened: "read", bounced: "failed", undelivered: "failed" } as const;

const reject = (status: number, code: number, message: string): FakeResponse => ({
  status,
  body: {
    error: { message: `(#${code}) ${message}`, type: "OAuthException", code, fbtrace_id: "Az8or2yhqkZfEZ-_4Qn_Bam" },
  },
});

/** WhatsApp's Cloud API and its webhooks. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, headers, body }): FakeResponse {
    if (headers.authorization !== `Bearer ${SETTINGS.authentication_token}`)
      return reject(401, 190, "Invalid OAuth access token");
    if (method !== "POST" || path !== `/v23.0/${SETTINGS.phone_number_id}/messages`)
      return reject(400, 100, "Unsupported post request");
    if (getField(body, "messaging_product") !== "whatsapp")
      return reject(400, 100, "The parameter messaging_product is required.");
    const template = isJsonObject(body) ? body.template : undefined;
    if (getField(body, "type") !== "template" || getField(template ?? null, "name") === undefined)
      return reject(400, 131_008, "Required parameter is missing");
    const to = getField(body, "to") ?? "";
    if (!/^\+?[1-9]\d{6,14}$/.test(to)) return reject(400, 131_009, "Parameter value is not valid");
    const contacts = [{ input: to, wa_id: to }];
    return {
      status: 200,
      body: {
        messaging_product: "whatsapp",
        contacts,
        messages: [{ id: "wamid.HBgLMTU1NTAwMDAwMDEVAgARGBI5QTNDQTVC" }],
      },
    };
  },
  failures: {
    unauthorized: fail("permanent", reject(401, 190, "Invalid OAuth access token")),
    undeliverable: fail("bounced", reject(400, 131_026, "Message undeliverable")),
    opted_out: fail("bounced", reject(400, 131_050, "User has stopped marketing messages")),
    payment: fail("permanent", reject(400, 131_042, "Business eligibility payment issue")),
    unknown_template: fail("permanent", reject(404, 132_001, "Template name does not exist in the translation")),
    rate_limited: fail("temporary", reject(429, 130_429, "Rate limit hit")),
    pair_limited: fail("temporary", reject(400, 131_056, "Pair rate limit hit")),
    internal_error: fail("temporary", reject(500, 131_000, "Something went wrong")),
  },
  has_timeless_signature: true,
  events: ["delivered", "opened", "bounced", "undelivered"],
  buildWebhook({ type, message_id, at }) {
    const code = type === "bounced" ? 131_026 : 131_049;
    const isFailure = type === "bounced" || type === "undelivered";
    const status = {
      id: "wamid.HBgLMTU1NTAwMDAwMDEVAgARGBI5QTNDQTVC",
      status: STATUSES[type as keyof typeof STATUSES],
      timestamp: String(Math.floor(at / 1_000)),
      recipient_id: "15550000001",
      biz_opaque_callback_data: message_id,
      ...(isFailure
        ? { errors: [{ code, title: type === "bounced" ? "Message undeliverable" : "Not delivered" }] }
        : {}),
    };
    const value = { messaging_product: "whatsapp", statuses: [status] };
    const entry = [{ id: "102290129340398", changes: [{ field: "messages", value }] }];
    const body = JSON.stringify({ object: "whatsapp_business_account", entry });
    const signature = createHmac("sha256", SETTINGS.webhook_signing_key).update(body).digest("hex");
    return { headers: { "content-type": "application/json", "x-hub-signature-256": `sha256=${signature}` }, body };
  },
};
