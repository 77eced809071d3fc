import { createHmac } from "node:crypto";
import { encodeBasic, type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";

const SETTINGS = { api_key: "key-fake-mailgun", domain: "mg.lark.test", webhook_signing_key: "fake-signing-key" };
const EVENTS = {
  delivered: "delivered",
  bounced: "failed",
  opened: "opened",
  clicked: "clicked",
  complained: "complained",
  unsubscribed: "unsubscribed",
} as const;

/** Mailgun's Messages API and its webhooks. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, headers, body }): FakeResponse {
    if (headers.authorization !== encodeBasic("api", SETTINGS.api_key))
      return { status: 401, body: { message: "Invalid private key" } };
    if (method !== "POST" || path !== `/v3/${SETTINGS.domain}/messages`)
      return { status: 404, body: { message: `Domain not found: ${path}` } };
    for (const name of ["from", "to", "subject"])
      if (getField(body, name) === undefined) return { status: 400, body: { message: `${name} parameter is missing` } };
    if (getField(body, "text") === undefined && getField(body, "html") === undefined)
      return {
        status: 400,
        body: { message: "Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified" },
      };
    return { status: 200, body: { id: "<20260301120000.1.FAKE@mg.lark.test>", message: "Queued. Thank you." } };
  },
  failures: {
    unauthorized: fail("permanent", { status: 401, body: { message: "Invalid private key" } }),
    invalid_recipient: fail("bounced", {
      status: 400,
      body: { message: "'to' parameter is not a valid address. please check documentation" },
    }),
    disabled: fail("permanent", { status: 402, body: { message: "Domain mg.lark.test is not allowed to send" } }),
    unknown_domain: fail("permanent", { status: 404, body: { message: "Domain not found: mg.lark.test" } }),
    too_large: fail("permanent", { status: 413, body: { message: "Request entity too large" } }),
    rate_limited: fail("temporary", { status: 429, body: { message: "Too many requests" } }, 30),
    outage: fail("temporary", { status: 500, body: { message: "Internal Server Error" } }),
  },
  events: ["delivered", "bounced", "opened", "clicked", "complained", "unsubscribed"],
  buildWebhook({ type, message_id, at, reason, url }) {
    const timestamp = Math.floor(at / 1_000);
    const token = "0123456789abcdef0123456789abcdef0123456789abcdef01";
    const signature = createHmac("sha256", SETTINGS.webhook_signing_key).update(`${timestamp}${token}`).digest("hex");
    const event = {
      event: EVENTS[type as keyof typeof EVENTS],
      timestamp: at / 1_000,
      "user-variables": { sender: "knock.app", knock_message_id: message_id },
      ...(type === "bounced"
        ? { severity: "permanent", "delivery-status": { message: reason ?? "No such mailbox" } }
        : {}),
      ...(url === undefined ? {} : { url }),
    };
    return {
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ signature: { timestamp: String(timestamp), token, signature }, "event-data": event }),
    };
  },
};
