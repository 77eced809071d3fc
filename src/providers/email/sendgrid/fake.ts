import { generateKeyPairSync, sign } from "node:crypto";
import { filterObjects, type JsonObject } from "../../../util/json.js";
import { type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";
import { toObject } from "../../vendor-events.js";

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const SETTINGS = {
  api_key: "SG.fake-sendgrid-key",
  webhook_signing_key: publicKey.export({ format: "der", type: "spki" }).toString("base64"),
};

const buildError = (status: number, message: string, field: string | null = null): FakeResponse => ({
  status,
  body: { errors: [{ message, field, help: null }] },
});
const UNAUTHORIZED = buildError(401, "The provided authorization grant is invalid, expired, or revoked");

const EVENTS: Readonly<Record<string, JsonObject>> = {
  delivered: { event: "delivered", response: "250 OK" },
  bounced: { event: "bounce", type: "bounce", status: "5.1.1" },
  opened: { event: "open" },
  clicked: { event: "click" },
  complained: { event: "spamreport" },
  unsubscribed: { event: "unsubscribe" },
};

/** SendGrid's Mail Send API and its event webhook. Its keys are new in each process. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, headers, body }): FakeResponse {
    if (headers.authorization !== `Bearer ${SETTINGS.api_key}`) return UNAUTHORIZED;
    if (method !== "POST" || path !== "/v3/mail/send") return buildError(404, "Not found");
    const { personalizations, from, content } = toObject(body);
    const [personalization] = filterObjects(personalizations);
    if (filterObjects(personalization?.to).length === 0)
      return buildError(400, "The to array is required for all personalization objects.", "personalizations.0.to");
    if (getField(from ?? null, "email") === undefined)
      return buildError(400, "The from object must be provided for every email send.", "from.email");
    if (filterObjects(content).some((part) => getField(part, "value") === undefined))
      return buildError(400, "The content value must be a string at least one character in length.", "content.0.value");
    return { status: 202, headers: { "x-message-id": "14c5d75ce93.dfd.64b469" }, body: "" };
  },
  failures: {
    unauthorized: fail("permanent", UNAUTHORIZED),
    invalid_recipient: fail(
      "bounced",
      buildError(400, "Does not contain a valid address.", "personalizations.0.to.0.email"),
    ),
    unknown_sender: fail(
      "permanent",
      buildError(403, "The from address does not match a verified Sender Identity.", "from"),
    ),
    too_large: fail("permanent", buildError(413, "The JSON payload is larger than 30 MB.")),
    rate_limited: fail("temporary", buildError(429, "too many requests"), 20),
    outage: fail("temporary", buildError(503, "Service Unavailable")),
  },
  events: ["delivered", "bounced", "opened", "clicked", "complained", "unsubscribed"],
  buildWebhook({ type, message_id, at, reason = "550 5.1.1 No such user", url }) {
    const timestamp = String(Math.floor(at / 1_000));
    const event = {
      ...EVENTS[type],
      timestamp: Math.floor(at / 1_000),
      email: "ada@lark.test",
      sender: "knock.app",
      knock_message_id: message_id,
      ...(type === "bounced" ? { reason } : {}),
      ...(url === undefined ? {} : { url }),
    };
    const body = JSON.stringify([event]);
    return {
      headers: {
        "content-type": "application/json",
        "x-twilio-email-event-webhook-timestamp": timestamp,
        "x-twilio-email-event-webhook-signature": sign("sha256", Buffer.from(timestamp + body), privateKey).toString(
          "base64",
        ),
      },
      body,
    };
  },
};
