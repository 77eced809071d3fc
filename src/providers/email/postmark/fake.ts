import { toIsoTime } from "../../../util/iso-time.js";
import type { JsonObject } from "../../../util/json.js";
import { type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";

const SETTINGS = { api_key: "fake-postmark-token", webhook_signing_key: "knock:fake-password" };
const ID = "0a129aee-e1cd-480d-b08d-4f48548ff48d";

const buildError = (status: number, ErrorCode: number, Message: string): FakeResponse => ({
  status,
  body: { ErrorCode, Message },
});
const UNAUTHORIZED = buildError(
  401,
  10,
  "The Server Token you provided in the X-Postmark-Server-Token header is invalid.",
);

/** The fields of an event, and the name of the one with its time. */
const EVENTS: Readonly<Record<string, [JsonObject, string]>> = {
  delivered: [{ RecordType: "Delivery" }, "DeliveredAt"],
  bounced: [{ RecordType: "Bounce", Type: "HardBounce", TypeCode: 1 }, "BouncedAt"],
  complained: [{ RecordType: "SpamComplaint", Type: "SpamComplaint" }, "BouncedAt"],
  opened: [{ RecordType: "Open", FirstOpen: true }, "ReceivedAt"],
  clicked: [{ RecordType: "Click" }, "ReceivedAt"],
  unsubscribed: [{ RecordType: "SubscriptionChange", SuppressSending: true }, "ChangedAt"],
};

/** Postmark's Email API and its webhooks. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, headers, body }): FakeResponse {
    if (headers["x-postmark-server-token"] !== SETTINGS.api_key) return UNAUTHORIZED;
    if (method === "GET" && path === `/messages/outbound/${ID}/details`)
      return { status: 200, body: { MessageID: ID, Status: "Sent", MessageEvents: [] } };
    if (method !== "POST" || path !== "/email") return buildError(404, 404, "Not found");
    for (const name of ["From", "To"])
      if (getField(body, name) === undefined) return buildError(422, 300, `Invalid '${name}' address: ''.`);
    if (getField(body, "TextBody") === undefined && getField(body, "HtmlBody") === undefined)
      return buildError(422, 300, "Provide either email TextBody or HtmlBody or both.");
    return { status: 200, body: { To: getField(body, "To") ?? "", MessageID: ID, ErrorCode: 0, Message: "OK" } };
  },
  failures: {
    unauthorized: fail("permanent", UNAUTHORIZED),
    inactive: fail(
      "bounced",
      buildError(422, 406, "You tried to send to a recipient that has been marked as inactive."),
    ),
    invalid_recipient: fail("bounced", buildError(422, 300, "Invalid 'To' address: 'ada'.")),
    unknown_sender: fail("permanent", buildError(422, 400, "The 'From' address is not a sender signature.")),
    no_credits: fail("permanent", buildError(422, 405, "You are out of credits.")),
    too_large: fail("permanent", buildError(413, 0, "The request is larger than 10 MB.")),
    rate_limited: fail("temporary", buildError(429, 0, "Too many requests.")),
    outage: fail("temporary", buildError(500, 0, "Internal Server Error")),
  },
  events: ["delivered", "bounced", "opened", "clicked", "complained", "unsubscribed"],
  has_timeless_signature: true,
  buildWebhook({ type, message_id, at, reason = "No such mailbox", url }) {
    const [fields, timeField] = EVENTS[type] ?? [{ RecordType: type }, "ReceivedAt"];
    return {
      headers: {
        "content-type": "application/json",
        authorization: `Basic ${Buffer.from(SETTINGS.webhook_signing_key).toString("base64")}`,
      },
      body: JSON.stringify({
        ...fields,
        MessageID: ID,
        Metadata: { knock_message_id: message_id },
        [timeField]: toIsoTime(at),
        ...(type === "bounced" ? { Description: reason } : {}),
        ...(url === undefined ? {} : { OriginalLink: url }),
      }),
    };
  },
};
