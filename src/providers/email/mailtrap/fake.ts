import { createHmac } from "node:crypto";
import { filterObjects } from "../../../util/json.js";
import { type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";
import { toObject } from "../../vendor-events.js";

const SETTINGS = { api_key: "fake-mailtrap-token", webhook_signing_key: "8d9a3c0e7f5b2d4a" };
const UNAUTHORIZED: FakeResponse = { status: 401, body: { success: false, errors: ["Unauthorized"] } };
const buildError = (...errors: string[]): FakeResponse => ({ status: 400, body: { success: false, errors } });
const EVENTS: Readonly<Record<string, string>> = {
  delivered: "delivery",
  bounced: "bounce",
  undelivered: "reject",
  opened: "open",
  clicked: "click",
  complained: "spam",
  unsubscribed: "unsubscribe",
};

/** Mailtrap's API for sending and its webhooks. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, headers, body }): FakeResponse {
    if (headers.authorization !== `Bearer ${SETTINGS.api_key}`) return UNAUTHORIZED;
    if (method !== "POST" || !/^\/api\/send(\/\d+)?$/.test(path)) return { status: 404, body: { error: "Not Found" } };
    const { from, to } = toObject(body);
    if (getField(from ?? null, "email") === undefined) return buildError("'from' address is required");
    if (filterObjects(to).length === 0) return buildError("'to' address is required");
    if (getField(body, "subject") === undefined) return buildError("'subject' is required");
    if (getField(body, "text") === undefined && getField(body, "html") === undefined)
      return buildError("must specify either text or html body");
    return { status: 200, body: { success: true, message_ids: ["0c7fd939-02cf-11ed-88c2-0a58a9feac02"] } };
  },
  failures: {
    unauthorized: fail("permanent", UNAUTHORIZED),
    invalid: fail("permanent", buildError("'subject' is required", "must specify either text or html body")),
    forbidden: fail("permanent", { status: 403, body: { errors: ["Forbidden"] } }),
    rate_limited: fail("temporary", { status: 429, body: { errors: "Too many requests" } }),
    outage: fail("temporary", { status: 500, body: { success: false, errors: ["Internal error"] } }),
  },
  events: ["delivered", "bounced", "undelivered", "opened", "clicked", "complained", "unsubscribed"],
  has_timeless_signature: true,
  buildWebhook({ type, message_id, at, reason, url }) {
    const event = {
      event: EVENTS[type],
      timestamp: Math.floor(at / 1_000),
      sending_stream: "transactional",
      email: "ada@lark.test",
      custom_variables: { knock_message_id: message_id },
      ...(reason === undefined ? {} : { [type === "bounced" ? "response" : "reason"]: reason }),
      ...(url === undefined ? {} : { url }),
    };
    const body = JSON.stringify({ events: [event] });
    const signature = createHmac("sha256", SETTINGS.webhook_signing_key).update(body).digest("hex");
    return { headers: { "content-type": "application/json", "mailtrap-signature": signature }, body };
  },
};
