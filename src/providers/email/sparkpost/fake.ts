import { filterObjects, type JsonObject } from "../../../util/json.js";
import { type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";
import { toObject } from "../../vendor-events.js";

const SETTINGS = { api_key: "fake-sparkpost-key", webhook_signing_key: "knock:fake-password" };

const buildError = (status: number, code: string, message: string, description?: string): FakeResponse => ({
  status,
  body: { errors: [{ message, code, ...(description === undefined ? {} : { description }) }] },
});

const EVENTS: Readonly<Record<string, [string, JsonObject]>> = {
  delivered: ["message_event", { type: "delivery" }],
  bounced: ["message_event", { type: "bounce", bounce_class: "10", error_code: "550" }],
  complained: ["message_event", { type: "spam_complaint" }],
  opened: ["track_event", { type: "open" }],
  clicked: ["track_event", { type: "click" }],
  unsubscribed: ["unsubscribe_event", { type: "list_unsubscribe" }],
};

/** SparkPost's Transmissions API and its webhooks. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, headers, body }): FakeResponse {
    if (headers.authorization !== SETTINGS.api_key)
      return { status: 401, body: { errors: [{ message: "Unauthorized." }] } };
    if (method !== "POST" || path !== "/api/v1/transmissions") return buildError(404, "1101", "invalid URI");
    const { recipients, content } = toObject(body);
    if (filterObjects(recipients).length === 0)
      return buildError(422, "1400", "required field is missing", "recipients or list_id required");
    const { from, subject } = toObject(content);
    if (from === undefined || subject === undefined)
      return buildError(422, "1400", "required field is missing", "content object or template_id required");
    if (getField(content ?? null, "text") === undefined && getField(content ?? null, "html") === undefined)
      return buildError(
        422,
        "1400",
        "required field is missing",
        "At least one of text or html needs to exist in content",
      );
    const count = filterObjects(recipients).length;
    const results = { total_rejected_recipients: 0, total_accepted_recipients: count, id: "11668787484950529" };
    return { status: 200, body: { results } };
  },
  failures: {
    unauthorized: fail("permanent", buildError(403, "1100", "permission denied")),
    suppressed: fail(
      "bounced",
      buildError(400, "1902", "Message generation rejected", "recipient address suppressed due to customer policy"),
    ),
    invalid_recipient: fail("bounced", buildError(400, "5002", "No valid recipients in list")),
    refused_in_success: fail("bounced", {
      status: 200,
      body: {
        errors: [{ message: "No valid recipients in list", code: "5002" }],
        results: { total_rejected_recipients: 1, total_accepted_recipients: 0, id: "11668787484950529" },
      },
    }),
    unknown_sender: fail(
      "permanent",
      buildError(400, "7001", "Invalid domain", "Unconfigured or unverified sending domain."),
    ),
    sandbox_limit: fail("permanent", buildError(420, "2103", "Exceed Sending Limit (sandbox)")),
    hourly_limit: fail("temporary", buildError(420, "2101", "Exceed Sending Limit (hourly)")),
    no_resources: fail("temporary", buildError(400, "1502", "Server resources unavailable")),
    rate_limited: fail("temporary", { status: 429, body: { errors: [{ message: "Too many requests" }] } }),
    outage: fail("temporary", buildError(503, "1900", "Message generation module not available")),
  },
  events: ["delivered", "bounced", "opened", "clicked", "complained", "unsubscribed"],
  has_timeless_signature: true,
  buildWebhook({ type, message_id, at, reason, url }) {
    const [kind, event] = EVENTS[type] ?? ["message_event", { type }];
    const details = {
      ...event,
      timestamp: String(Math.floor(at / 1_000)),
      rcpt_meta: { knock_message_id: message_id },
      ...(reason === undefined ? {} : { raw_reason: reason }),
      ...(url === undefined ? {} : { target_link_url: url }),
    };
    return {
      headers: {
        "content-type": "application/json",
        authorization: `Basic ${Buffer.from(SETTINGS.webhook_signing_key).toString("base64")}`,
      },
      body: JSON.stringify([{ msys: { [kind]: details } }]),
    };
  },
};
