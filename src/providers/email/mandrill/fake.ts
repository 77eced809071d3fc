import { createHmac } from "node:crypto";
import { filterObjects } from "../../../util/json.js";
import { type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";
import { toObject } from "../../vendor-events.js";
import { formatSignedForm } from "../../verify-signature.js";

const SETTINGS = { api_key: "fake-mandrill-key", webhook_signing_key: "fake-mandrill-webhook-key" };
const ID = "44af62d2f9d14fe0a2d8ce9b0e2a1c7f";

const buildError = (code: number, name: string, message: string): FakeResponse => ({
  status: 500,
  body: { status: "error", code, name, message },
});
const buildResult = (status: string, reject_reason: string | null): FakeResponse => ({
  status: 200,
  body: [{ email: "ada@lark.test", status, reject_reason, _id: ID }],
});
const INVALID_KEY = { ...buildError(-1, "Invalid_Key", "Invalid API key"), status: 401 };
const EVENTS: Readonly<Record<string, string>> = {
  delivered: "delivered",
  bounced: "hard_bounce",
  opened: "open",
  clicked: "click",
  complained: "spam",
  unsubscribed: "unsub",
};

/** Mandrill's Messages API and its webhooks. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, body }): FakeResponse {
    if (method !== "POST" || path !== "/api/1.0/messages/send.json")
      return { ...buildError(-1, "Unknown_Method", `Unknown method ${path}`), status: 404 };
    if (getField(body, "key") !== SETTINGS.api_key) return INVALID_KEY;
    const { message } = toObject(body);
    const recipients = filterObjects(toObject(message).to);
    if (recipients.length === 0) return buildError(-2, "ValidationError", "You must specify a message.to value");
    if (getField(message ?? null, "from_email") === undefined)
      return buildError(-2, "ValidationError", "You must specify a from_email value");
    const results = recipients.map(({ email = "" }) => ({ email, status: "sent", reject_reason: null, _id: ID }));
    return { status: 200, body: results };
  },
  failures: {
    unauthorized: fail("permanent", INVALID_KEY),
    invalid: fail("permanent", buildError(-2, "ValidationError", "You must specify a message.to value")),
    payment_required: fail("permanent", buildError(-99, "PaymentRequired", "The account has no credits")),
    suppressed: fail("bounced", buildResult("rejected", "hard-bounce")),
    invalid_recipient: fail("bounced", buildResult("invalid", null)),
    unsigned: fail("permanent", buildResult("rejected", "unsigned")),
    rate_limited: fail("temporary", { status: 429, body: { status: "error", message: "Too many requests" } }),
    outage: fail("temporary", buildError(-3, "ServiceUnavailable", "The service is unavailable")),
  },
  events: ["delivered", "bounced", "opened", "clicked", "complained", "unsubscribed"],
  has_timeless_signature: true,
  buildWebhook({ type, message_id, at, reason, url }, to) {
    const msg = {
      _id: ID,
      email: "ada@lark.test",
      metadata: { knock_message_id: message_id },
      ...(reason === undefined ? {} : { diag: reason }),
    };
    const event = {
      event: EVENTS[type],
      _id: ID,
      ts: Math.floor(at / 1_000),
      msg,
      ...(url === undefined ? {} : { url }),
    };
    const fields = new URLSearchParams({ mandrill_events: JSON.stringify([event]) });
    const signature = createHmac("sha1", SETTINGS.webhook_signing_key).update(formatSignedForm(to, fields));
    return {
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "x-mandrill-signature": signature.digest("base64"),
      },
      body: fields.toString(),
    };
  },
};
