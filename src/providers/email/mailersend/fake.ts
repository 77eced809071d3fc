import { createHmac } from "node:crypto";
import { toIsoTime } from "../../../util/iso-time.js";
import { filterObjects } from "../../../util/json.js";
import { type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";
import { toObject } from "../../vendor-events.js";
import { MESSAGE_TAG } from "./message-tag.js";

const SETTINGS = { api_key: "mlsn.fake-mailersend-token", webhook_signing_key: "fake-mailersend-secret" };
const buildError = (field: string, text: string): FakeResponse => ({
  status: 422,
  body: { message: "The given data was invalid.", errors: { [field]: [text] } },
});
const EVENTS: Readonly<Record<string, string>> = {
  delivered: "delivered",
  bounced: "hard_bounced",
  opened: "opened",
  clicked: "clicked",
  complained: "spam_complaint",
  unsubscribed: "unsubscribed",
};

/** MailerSend's Email API and its webhooks. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, headers, body }): FakeResponse {
    if (headers.authorization !== `Bearer ${SETTINGS.api_key}`)
      return { status: 401, body: { message: "Unauthenticated." } };
    if (method !== "POST" || path !== "/v1/email") return { status: 404, body: { message: "Resource not found." } };
    const { from, to } = toObject(body);
    if (getField(from ?? null, "email") === undefined)
      return buildError("from.email", "The from.email field is required.");
    if (filterObjects(to).length === 0) return buildError("to", "The to field is required.");
    if (getField(body, "text") === undefined && getField(body, "html") === undefined)
      return buildError("text", "The text field is required when none of html / template id are present.");
    return { status: 202, headers: { "x-message-id": "5e42957d51f1d94a1070a733" }, body: "" };
  },
  failures: {
    unauthorized: fail("permanent", { status: 401, body: { message: "Unauthenticated." } }),
    unknown_sender: fail(
      "permanent",
      buildError("from.email", "The from.email domain must be verified in your account to send emails. #MS42207"),
    ),
    invalid_recipient: fail("bounced", buildError("to.0.email", "The to.0.email must be a valid email address.")),
    suppressed: fail("bounced", {
      status: 202,
      body: {
        message: "There are some warnings for your request.",
        warnings: [
          { type: "ALL_SUPPRESSED", recipients: [{ email: "ada@lark.test", name: "", reasons: ["hard_bounced"] }] },
        ],
      },
    }),
    rate_limited: fail("temporary", { status: 429, body: { message: "Too Many Attempts." } }, 59),
    outage: fail("temporary", { status: 503, body: { message: "Service Unavailable" } }),
  },
  events: ["delivered", "bounced", "opened", "clicked", "complained", "unsubscribed"],
  has_timeless_signature: true,
  buildWebhook({ type, message_id, at, reason, url }) {
    const created_at = toIsoTime(at);
    const morph = reason === undefined && url === undefined ? null : { ...(reason && { reason }), ...(url && { url }) };
    const body = JSON.stringify({
      type: `activity.${EVENTS[type]}`,
      created_at,
      data: {
        object: "activity",
        type: EVENTS[type],
        created_at,
        email: { object: "email", tags: [MESSAGE_TAG + message_id], recipient: { email: "ada@lark.test" } },
        morph,
      },
    });
    const signature = createHmac("sha256", SETTINGS.webhook_signing_key).update(body).digest("hex");
    return { headers: { "content-type": "application/json", signature }, body };
  },
};
