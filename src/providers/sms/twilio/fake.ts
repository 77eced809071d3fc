import { createHmac } from "node:crypto";
import { encodeBasic, type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";
import { buildCallbackUrl } from "../parse-sms.js";

const SETTINGS = {
  account_id: "ACfake0123456789",
  auth_token: "fake-twilio-token-0123",
  phone_number: "+12025550143",
};
const STATUSES = { delivered: "delivered", opened: "read", bounced: "failed", undelivered: "undelivered" } as const;

const reject = (status: number, code: number, message: string): FakeResponse => ({
  status,
  body: { code, message, status, more_info: `https://www.twilio.com/docs/errors/${code}` },
});

/** Twilio's Messages API and its status callbacks. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, headers, body }): FakeResponse {
    const messages = `/2010-04-01/Accounts/${SETTINGS.account_id}/Messages`;
    if (headers.authorization !== encodeBasic(SETTINGS.account_id, SETTINGS.auth_token))
      return reject(401, 20003, "Authenticate");
    if (method === "GET" && path.startsWith(`${messages}/`))
      return { status: 200, body: { sid: path.slice(messages.length + 1, -".json".length), status: "sent" } };
    if (method !== "POST" || path !== `${messages}.json`) return reject(404, 20404, "The resource was not found");
    const to = getField(body, "To");
    if (to === undefined) return reject(400, 21604, "A 'To' phone number is required");
    if (!/^\+[1-9]\d{6,14}$/.test(to)) return reject(400, 21211, `Invalid 'To' Phone Number: ${to}`);
    if (getField(body, "From") === undefined && getField(body, "MessagingServiceSid") === undefined)
      return reject(400, 21603, "A 'From' phone number is required");
    const text = getField(body, "Body");
    if (text === undefined) return reject(400, 21602, "Message body is required");
    if (text.length > 1_600)
      return reject(400, 21617, "The concatenated message body exceeds the 1600 character limit");
    return { status: 201, body: { sid: "SMfake0123456789", status: "queued", error_code: null } };
  },
  failures: {
    unauthorized: fail("permanent", reject(401, 20003, "Authenticate")),
    invalid_recipient: fail("bounced", reject(400, 21211, "Invalid 'To' Phone Number")),
    opted_out: fail("bounced", reject(400, 21610, "Attempt to send to unsubscribed recipient")),
    invalid_sender: fail("permanent", reject(400, 21606, "The 'From' phone number is not valid")),
    rate_limited: fail("temporary", reject(429, 20429, "Too Many Requests"), 3),
    outage: fail("temporary", reject(503, 20503, "Service Unavailable")),
  },
  events: ["delivered", "opened", "bounced", "undelivered"],
  buildWebhook({ type, message_id, reason }, to) {
    const url = buildCallbackUrl(to, message_id);
    const fields: Record<string, string> = {
      AccountSid: SETTINGS.account_id,
      ...(type === "bounced" || type === "undelivered"
        ? { ErrorCode: "30003", ErrorMessage: reason ?? "Unreachable destination handset" }
        : {}),
      MessageSid: "SMfake0123456789",
      MessageStatus: STATUSES[type as keyof typeof STATUSES],
    };
    const signature = createHmac("sha1", SETTINGS.auth_token)
      .update(url + Object.entries(fields).flat().join(""))
      .digest("base64");
    return {
      url,
      headers: { "content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature },
      body: new URLSearchParams(fields).toString(),
    };
  },
};
