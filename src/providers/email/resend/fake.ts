import { createHmac } from "node:crypto";
import { toIsoTime } from "../../../util/iso-time.js";
import type { JsonObject } from "../../../util/json.js";
import { type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";
import { toObject } from "../../vendor-events.js";

const SECRET = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SETTINGS = { api_key: "re_fake_resend_key", webhook_signing_key: `whsec_${SECRET}` };
const ID = "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794";

const buildError = (statusCode: number, name: string, message: string): FakeResponse => ({
  status: statusCode,
  body: { statusCode, name, message },
});
const EVENTS: Readonly<Record<string, string>> = {
  delivered: "email.delivered",
  bounced: "email.bounced",
  undelivered: "email.failed",
  opened: "email.opened",
  clicked: "email.clicked",
  complained: "email.complained",
};

/** Returns the object in which an event of a type has its details. */
function buildDetails(type: string, reason: string, url: string): JsonObject {
  if (type === "bounced") return { bounce: { type: "Permanent", subType: "General", message: reason } };
  if (type === "undelivered") return { failed: { reason } };
  return type === "clicked" ? { click: { link: url } } : {};
}

/** Resend's Emails API and its webhooks. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, headers, body }): FakeResponse {
    if (headers.authorization !== `Bearer ${SETTINGS.api_key}`)
      return buildError(403, "invalid_api_key", "API key is invalid");
    if (method === "GET" && path === `/emails/${ID}`)
      return { status: 200, body: { object: "email", id: ID, last_event: "sent" } };
    if (method !== "POST" || path !== "/emails")
      return buildError(404, "not_found", "The requested endpoint does not exist.");
    for (const name of ["from", "subject"])
      if (getField(body, name) === undefined)
        return buildError(422, "missing_required_field", `Missing \`${name}\` field.`);
    const { to } = toObject(body);
    if (!Array.isArray(to) || to.length === 0) return buildError(422, "missing_required_field", "Missing `to` field.");
    return { status: 200, body: { id: ID } };
  },
  failures: {
    unauthorized: fail("permanent", buildError(403, "invalid_api_key", "API key is invalid")),
    invalid_recipient: fail(
      "bounced",
      buildError(422, "validation_error", "Invalid `to` field. The email address needs to follow the format."),
    ),
    unknown_sender: fail("permanent", buildError(403, "validation_error", "The lark.test domain is not verified.")),
    other_body: fail(
      "permanent",
      buildError(409, "invalid_idempotent_request", "This key has been used with another body."),
    ),
    concurrent: fail(
      "temporary",
      buildError(409, "concurrent_idempotent_requests", "The original request is still in progress."),
    ),
    rate_limited: fail("temporary", buildError(429, "rate_limit_exceeded", "Too many requests."), 1),
    outage: fail("temporary", buildError(500, "internal_server_error", "An unexpected error occurred.")),
  },
  events: ["delivered", "bounced", "undelivered", "opened", "clicked", "complained"],
  buildWebhook({ type, message_id, at, reason = "No such mailbox", url = "" }) {
    const created_at = toIsoTime(at);
    const data = { email_id: ID, tags: { knock_message_id: message_id }, ...buildDetails(type, reason, url) };
    const body = JSON.stringify({ type: EVENTS[type], created_at, data });
    const [id, timestamp] = ["msg_fake", String(Math.floor(at / 1_000))];
    const hmac = createHmac("sha256", Buffer.from(SECRET, "base64")).update(`${id}.${timestamp}.${body}`);
    return {
      headers: {
        "content-type": "application/json",
        "svix-id": id,
        "svix-timestamp": timestamp,
        "svix-signature": `v1,${hmac.digest("base64")}`,
      },
      body,
    };
  },
};
