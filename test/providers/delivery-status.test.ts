import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Message } from "../../src/domain/message/message.js";
import type { JsonObject } from "../../src/util/json.js";
import { type HttpTestServer, startHttpTestServer, type TestResponse } from "../helpers/http-test-server.js";
import { buildChannel, buildEmailMessage, buildMessage, ProviderHarness } from "../helpers/provider-harness.js";

let target: HttpTestServer;
let bench: ProviderHarness;
beforeEach(async () => {
  target = await startHttpTestServer();
  bench = new ProviderHarness({ KEY: "secret-key-0123" });
});
afterEach(async () => {
  await bench.close();
  await target.close();
});

const mail = (vendor: string, settings: JsonObject = {}) =>
  buildChannel("email", vendor, { api_key: "$KEY", base_url: target.url, ...settings });
const twilio = (settings: JsonObject = {}) =>
  buildChannel("sms", "twilio", {
    account_sid: "AC1",
    auth_token: "$KEY",
    from: "+1",
    base_url: target.url,
    ...settings,
  });
const sent = (message: Message, external_id: string): Message => ({
  ...message,
  status: "sent",
  metadata: { external_id },
});
const sms = () => buildMessage("sms", { to: "+15550000001", body: "Ping" });
const SENDGRID = { check_delivery_status: true };

const events = (...list: JsonObject[]): TestResponse => ({ json: { MessageID: "m1", MessageEvents: list } });
const event = (Type: string, more: JsonObject = {}): JsonObject => ({ Recipient: "Ada@lark.test", Type, ...more });

const CASES: [string, string, TestResponse[], JsonObject][] = [
  ["twilio", "delivered", [{ json: { sid: "m1", status: "delivered" } }], { status: "delivered" }],
  ["twilio", "sent, not yet delivered", [{ json: { sid: "m1", status: "sent" } }], { status: "pending" }],
  [
    "twilio",
    "failed",
    [{ json: { sid: "m1", status: "failed", error_code: 30007, error_message: "filtered" } }],
    { status: "bounced", reason: "Twilio: filtered (code 30007)" },
  ],
  [
    "twilio",
    "undelivered",
    [{ json: { sid: "m1", status: "undelivered", error_code: 30003 } }],
    { status: "undelivered", reason: "Twilio: undelivered (code 30003)" },
  ],
  ["postmark", "delivered", [events(event("Delivered"))], { status: "delivered" }],
  [
    "postmark",
    "delivered to a copy's address only",
    [events(event("Delivered", { Recipient: "cc@lark.test" }))],
    { status: "pending" },
  ],
  [
    "postmark",
    "bounced after it was opened",
    [events(event("Opened"), event("Bounced", { Details: { Summary: "smtp;550 No such user", BounceID: "1" } }))],
    { status: "bounced", reason: "Postmark: smtp;550 No such user" },
  ],
  ["postmark", "delayed", [events(event("Transient"))], { status: "pending" }],
  [
    "postmark",
    "not recorded yet",
    [{ status: 422, json: { ErrorCode: 701, Message: "not found" } }],
    { status: "pending" },
  ],
  ["resend", "delivered", [{ json: { id: "m1", last_event: "delivered" } }], { status: "delivered" }],
  ["resend", "opened", [{ json: { id: "m1", last_event: "opened" } }], { status: "delivered" }],
  [
    "resend",
    "bounced",
    [{ json: { id: "m1", last_event: "bounced" } }],
    { status: "bounced", reason: "Resend: bounced" },
  ],
  ["resend", "failed", [{ json: { id: "m1", last_event: "failed" } }], { status: "undelivered" }],
  ["resend", "on its way", [{ json: { id: "m1", last_event: "sent" } }], { status: "pending" }],
  [
    "resend",
    "a key that may only send",
    [{ status: 401, json: { name: "restricted_api_key", message: "only send" } }],
    { status: "unknown", reason: "Resend responded 401: only send (code restricted_api_key)" },
  ],
  [
    "sendgrid",
    "delivered",
    [{ json: { messages: [{ msg_id: "m1.f", to_email: "ADA@lark.test", status: "delivered" }] } }],
    { status: "delivered" },
  ],
  [
    "sendgrid",
    "another address's",
    [{ json: { messages: [{ msg_id: "m1.g", to_email: "cc@lark.test", status: "delivered" }] } }],
    { status: "pending" },
  ],
  ["sendgrid", "not recorded yet", [{ json: { messages: [] } }], { status: "pending" }],
  ...(
    [
      ["bounced", "hard", { status: "bounced", reason: "SendGrid: 550 gone" }],
      ["bounced", "blocked", { status: "pending" }],
      ["dropped", null, { status: "bounced" }],
    ] as [string, string | null, JsonObject][]
  ).map(([event_name, bounce_type, expected]): [string, string, TestResponse[], JsonObject] => [
    "sendgrid",
    `not delivered: ${event_name} ${bounce_type}`,
    [
      { json: { messages: [{ msg_id: "m1.f", to_email: "ada@lark.test", status: "not_delivered" }] } },
      { json: { events: [{ event_name: "processed" }, { event_name, bounce_type, reason: "550 gone" }] } },
    ],
    expected,
  ]),
];

describe("a delivery status check (CH-045 E-212)", () => {
  const open = (vendor: string) =>
    vendor === "twilio" ? twilio() : mail(vendor, vendor === "sendgrid" ? SENDGRID : {});
  const createSentMessage = (vendor: string) => sent(vendor === "twilio" ? sms() : buildEmailMessage(), "m1");

  it.each(CASES)("maps the status of %s: %s", async (vendor, _title, replies, expected) => {
    target.respondWith(...replies);
    expect(await bench.check(open(vendor), createSentMessage(vendor))).toMatchObject(expected);
    expect(target.requests.map(({ method }) => method)).toEqual(replies.map(() => "GET"));
  });

  it.each([
    ["twilio", "/2010-04-01/Accounts/AC1/Messages/m1.json"],
    ["postmark", "/messages/outbound/m1/details"],
    ["resend", "/emails/m1"],
    ["sendgrid", "/v3/messages?limit=100&query=msg_id+LIKE+%27m1%25%27"],
  ])("calls %s at %s with its key", async (vendor, path) => {
    target.respondWith({ json: {} });
    await bench.check(open(vendor), createSentMessage(vendor));
    expect(target.requests[0]?.path).toBe(path);
    const { authorization, "x-postmark-server-token": token } = target.requests[0]?.headers ?? {};
    const basic = `Basic ${Buffer.from("AC1:secret-key-0123").toString("base64")}`;
    expect(authorization ?? token).toBe(
      { twilio: basic, postmark: "secret-key-0123" }[vendor] ?? "Bearer secret-key-0123",
    );
  });

  it.each(["twilio", "postmark", "resend", "sendgrid"])(
    "repeats the check of %s after a temporary failure",
    async (vendor) => {
      for (const reply of [{ status: 503 }, { status: 429 }, { text: "<html>portal" }, { fault: "drop" as const }]) {
        target.respondWith(reply);
        expect(await bench.check(open(vendor), createSentMessage(vendor))).toEqual({ status: "pending" });
      }
      target.respondWith({ status: 403, text: "secret-key-0123 is not allowed" });
      expect(await bench.check(open(vendor), createSentMessage(vendor))).toMatchObject({ status: "unknown" });
    },
  );

  it("runs for SendGrid only if enabled, and for the others unless disabled", async () => {
    const tracked = async (to: ReturnType<typeof mail>, createSentMessage: Message, reply: TestResponse) => {
      target.respondWith(reply);
      const delivery = await bench.send(to, createSentMessage);
      return delivery.status === "sent" && delivery.tracked === true;
    };
    const ok = { json: { id: "1", MessageID: "1", sid: "1", status: "queued" } };
    const accepted = { status: 202, headers: { "x-message-id": "1" } };
    for (const vendor of ["postmark", "resend"]) {
      expect(await tracked(mail(vendor), buildEmailMessage(), ok)).toBe(true);
      expect(await tracked(mail(vendor, { check_delivery_status: false }), buildEmailMessage(), ok)).toBe(false);
    }
    expect(await tracked(twilio(), sms(), ok)).toBe(true);
    expect(await tracked(mail("sendgrid"), buildEmailMessage(), accepted)).toBe(false);
    expect(await tracked(mail("sendgrid", SENDGRID), buildEmailMessage(), accepted)).toBe(true);
  });
});
