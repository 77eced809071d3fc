import { filterObjects, type JsonObject } from "../../../util/json.js";
import { encodeBasic, type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";
import { toObject } from "../../vendor-events.js";

const SETTINGS = {
  api_key: "fake-mailjet-key",
  api_secret_key: "fake-mailjet-secret",
  webhook_signing_key: "knock:fake-password",
};

const buildError = (status: number, code: string, text: string, related: string[]): FakeResponse => ({
  status,
  body: {
    Messages: [
      {
        Status: "error",
        Errors: [
          {
            ErrorIdentifier: "f987008f-251a-4dff-8ffc-40f1583ad7bc",
            ErrorCode: code,
            StatusCode: status,
            ErrorMessage: text,
            ErrorRelatedTo: related,
          },
        ],
      },
    ],
  },
});
const UNAUTHORIZED: FakeResponse = {
  status: 401,
  body: { ErrorCode: "mj-0015", StatusCode: 401, ErrorMessage: "API key authentication/authorization failure." },
};

const EVENTS: Readonly<Record<string, JsonObject>> = {
  delivered: { event: "sent", smtp_reply: "sent (250 2.0.0 OK)" },
  bounced: { event: "bounce", blocked: false, hard_bounce: true, error_related_to: "recipient", error: "user unknown" },
  opened: { event: "open", ip: "127.0.0.1", geo: "US" },
  clicked: { event: "click", ip: "127.0.0.1", geo: "US" },
  complained: { event: "spam", source: "JMRPP" },
  unsubscribed: { event: "unsub", mj_list_id: 1 },
};

/** Mailjet's Send API v3.1 and its webhooks. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, headers, body }): FakeResponse {
    if (headers.authorization !== encodeBasic(SETTINGS.api_key, SETTINGS.api_secret_key)) return UNAUTHORIZED;
    if (method !== "POST" || path !== "/v3.1/send") return { status: 404, body: { ErrorMessage: "Not found" } };
    const [message] = filterObjects(toObject(body).Messages);
    if (message === undefined)
      return {
        status: 400,
        body: { ErrorCode: "mj-0003", ErrorMessage: "The Messages is mandatory", StatusCode: 400 },
      };
    const [to] = filterObjects(message.To);
    if (to === undefined) return buildError(400, "mj-0003", "The To is mandatory but missing from the input", ["To"]);
    if (getField(message, "TextPart") === undefined && getField(message, "HTMLPart") === undefined)
      return buildError(400, "send-0003", 'At least "HTMLPart", "TextPart" or "TemplateID" must be provided.', [
        "HTMLPart",
        "TextPart",
      ]);
    const ids = { MessageUUID: "cb927469-36fd-4c02-bce4-0d199929a207", MessageID: 70650219165027 };
    const sent = { Status: "success", CustomID: message.CustomID ?? "", To: [{ Email: to.Email ?? "", ...ids }] };
    return { status: 200, body: { Messages: [{ ...sent, Cc: [], Bcc: [] }] } };
  },
  failures: {
    unauthorized: fail("permanent", UNAUTHORIZED),
    invalid_recipient: fail(
      "bounced",
      buildError(400, "mj-0013", '"ada" is an invalid email address.', ["To[0].Email"]),
    ),
    unknown_sender: fail(
      "permanent",
      buildError(403, "send-0008", "The sender email address is not authorized.", ["From"]),
    ),
    refused_in_success: fail("bounced", buildError(200, "mj-0013", "Invalid email address.", ["To"])),
    too_large: fail("permanent", buildError(400, "mj-0011", "The payload size is over the limit.", [])),
    rate_limited: fail("temporary", { status: 429, body: { ErrorMessage: "Too many requests" } }),
    outage: fail("temporary", { status: 500, body: { ErrorMessage: "Internal error", StatusCode: 500 } }),
  },
  events: ["delivered", "bounced", "opened", "clicked", "complained", "unsubscribed"],
  has_timeless_signature: true,
  buildWebhook: ({ type, message_id, at, reason, url }) => ({
    headers: {
      "content-type": "application/json",
      authorization: `Basic ${Buffer.from(SETTINGS.webhook_signing_key).toString("base64")}`,
    },
    body: JSON.stringify([
      {
        ...EVENTS[type],
        time: at / 1_000,
        CustomID: message_id,
        email: "ada@lark.test",
        ...(reason === undefined ? {} : { comment: reason }),
        ...(url === undefined ? {} : { url }),
      },
    ]),
  }),
};
