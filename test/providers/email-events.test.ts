import { createHmac, generateKeyPairSync, sign as signContent } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { buildChannel, MESSAGE_ID, NOW, ProviderHarness } from "../helpers/provider-harness.js";

const URL = "https://hooks.lark.test/v1/providers/out/events";
const SECONDS = NOW / 1_000;
const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString("base64")}`;

/** Returns a function that reads the events of a vendor's webhook. */
function createReader(provider: string, settings: JsonObject, key: string) {
  const harness = new ProviderHarness({ KEY: "key-0123456789", WEBHOOK: key });
  const channel = buildChannel("email", provider, { ...settings, api_key: "$KEY", webhook_signing_key: "$WEBHOOK" });
  const read = (headers: Record<string, string>, body: unknown) =>
    harness.readEvents(channel, { url: URL, headers, body: typeof body === "string" ? body : JSON.stringify(body) });
  return { harness, read };
}

const event = (type: string, others: object = {}) => ({ message_id: MESSAGE_ID, type, at: NOW, ...others });

// https://dev.mailjet.com/email/guides/webhooks/
describe("the webhook of Mailjet", () => {
  const { read } = createReader("email_mailjet", { api_secret_key: "$KEY" }, "knock:s3cret");
  const headers = { authorization: basic("knock:s3cret") };
  const build = (fields: object) => ({ time: SECONDS, CustomID: MESSAGE_ID, email: "ada@lark.test", ...fields });

  it("reads a list of events, and ignores bounces that are not permanent", async () => {
    const bounce = { event: "bounce", error_related_to: "recipient", error: "user unknown" };
    const list = [
      build({ event: "sent", smtp_reply: "sent (250 2.0.0 OK)" }),
      build({ ...bounce, hard_bounce: false }),
      build({ ...bounce, hard_bounce: true, comment: "Host not found" }),
      build({ event: "blocked", error_related_to: "mailjet", error: "preblocked" }),
      build({ event: "click", url: "https://mailjet.com" }),
      build({ event: "open" }),
      build({ event: "spam", source: "JMRPP" }),
      build({ event: "unsub" }),
      build({ event: "sent", CustomID: "" }),
      build({ event: "sent", time: "later" }),
    ];
    expect(await read(headers, list)).toEqual([
      event("delivered"),
      event("bounced", { reason: "Mailjet: Host not found" }),
      event("bounced", { reason: "Mailjet: preblocked" }),
      event("clicked", { url: "https://mailjet.com" }),
      event("opened"),
      event("complained"),
      event("unsubscribed"),
    ]);
  });

  it("reads an event that is not in a list", async () =>
    expect(await read(headers, build({ event: "open" }))).toEqual([event("opened")]));
});

// https://developers.sparkpost.com/api/webhooks/
describe("the webhook of SparkPost", () => {
  const { read } = createReader("email_sparkpost", {}, "knock:s3cret");
  const headers = { authorization: basic("knock:s3cret") };
  const build = (kind: string, fields: object) => ({
    msys: { [kind]: { timestamp: String(SECONDS), rcpt_meta: { knock_message_id: MESSAGE_ID }, ...fields } },
  });

  it("reads a list of events, and ignores delays and automatic answers", async () => {
    const list = [
      { msys: {} },
      build("message_event", { type: "injection" }),
      build("message_event", { type: "delay", bounce_class: "21" }),
      build("message_event", { type: "delivery" }),
      build("message_event", { type: "bounce", bounce_class: "10", raw_reason: "550 5.1.1 User unknown" }),
      build("message_event", { type: "out_of_band", bounce_class: "60" }),
      build("message_event", { type: "policy_rejection", reason: "554 5.7.1 suppressed" }),
      build("gen_event", { type: "generation_failure", reason: "syntax error" }),
      build("message_event", { type: "spam_complaint" }),
      build("track_event", { type: "open" }),
      build("track_event", { type: "click", target_link_url: "https://lark.test" }),
      build("unsubscribe_event", { type: "link_unsubscribe" }),
    ];
    expect(await read(headers, list)).toEqual([
      event("delivered"),
      event("bounced", { reason: "SparkPost: 550 5.1.1 User unknown" }),
      event("bounced", { reason: "SparkPost: 554 5.7.1 suppressed" }),
      event("undelivered", { reason: "SparkPost: syntax error" }),
      event("complained"),
      event("opened"),
      event("clicked", { url: "https://lark.test" }),
      event("unsubscribed"),
    ]);
  });

  it.each(["", "[", "{}", '["x", null]'])("finds no events in the body %j", async (body) =>
    expect(await read(headers, body)).toEqual([]),
  );
});

describe("the webhook of Mailtrap", () => {
  // The example that all SDKs of the vendor test: https://github.com/mailtrap/mailtrap-nodejs
  const EXAMPLE =
    '{"event":"delivery","sending_stream":"transactional","category":"welcome","message_id":"a8b1d8f6-1f8d-4a3c-9b2e-1a2b3c4d5e6f","email":"recipient@example.com","event_id":"f1e2d3c4-b5a6-7890-1234-567890abcdef","timestamp":1716070000}';
  const SIGNATURE = "6d262e2611cd09be1f948382b5c611d63b0e585c4c9c5e40139d6ac3876d5433";
  const { read } = createReader("email_mailtrap", {}, "8d9a3c0e7f5b2d4a6c1e9f8b3a7d5c2e");

  it("accepts the vendor's example of a signature, and refuses it for another body", async () => {
    expect(await read({ "mailtrap-signature": SIGNATURE }, EXAMPLE)).toEqual([]);
    await expect(read({ "mailtrap-signature": SIGNATURE }, `${EXAMPLE} `)).rejects.toThrow("signature is wrong");
    await expect(read({ "mailtrap-signature": SIGNATURE.slice(2) }, EXAMPLE)).rejects.toThrow("signature is wrong");
  });

  // https://docs.mailtrap.io/email-api-smtp/advanced/webhooks
  it("reads several events, and ignores those that are temporary", async () => {
    const build = (name: string, fields: object = {}) => ({
      event: name,
      timestamp: SECONDS,
      custom_variables: { knock_message_id: MESSAGE_ID },
      ...fields,
    });
    const body = JSON.stringify({
      events: [
        build("delivery"),
        build("soft bounce", { response: "450 4.2.0 unavailable" }),
        build("suspension", { reason: "domain not verified" }),
        build("bounce", { response: "550 5.1.1 does not exist", bounce_category: "badmailbox" }),
        build("reject", { reason: "Recipient in suppression list. Reason: unsubscription" }),
        build("open"),
        build("click", { url: "https://lark.test" }),
        build("spam"),
        build("unsubscribe"),
        build("delivery", { custom_variables: undefined }),
      ],
    });
    const signature = createHmac("sha256", "8d9a3c0e7f5b2d4a6c1e9f8b3a7d5c2e").update(body).digest("hex");
    expect(await read({ "mailtrap-signature": signature }, body)).toEqual([
      event("delivered"),
      event("bounced", { reason: "Mailtrap: 550 5.1.1 does not exist" }),
      event("undelivered", { reason: "Mailtrap: Recipient in suppression list. Reason: unsubscription" }),
      event("opened"),
      event("clicked", { url: "https://lark.test" }),
      event("complained"),
      event("unsubscribed"),
    ]);
  });
});

// https://mailchimp.com/developer/transactional/docs/webhooks/
describe("the webhook of Mandrill", () => {
  const { read } = createReader("email_mandrill", {}, "webhook-key");
  const send = (events: unknown, url = URL) => {
    const mandrill_events = JSON.stringify(events);
    const signature = createHmac("sha1", "webhook-key")
      .update(`${url}mandrill_events${mandrill_events}`)
      .digest("base64");
    return read({ "x-mandrill-signature": signature }, new URLSearchParams({ mandrill_events }).toString());
  };
  const build = (name: string, msg: object = {}, fields: object = {}) => ({
    event: name,
    ts: SECONDS,
    msg: { metadata: { knock_message_id: MESSAGE_ID }, ...msg },
    ...fields,
  });

  it("reads several events, and ignores those that are temporary", async () => {
    const events = [
      build("send"),
      build("delivered"),
      build("deferral", { diag: "451 4.3.5 try again later" }),
      build("soft_bounce", { bounce_description: "mailbox_full" }),
      build("hard_bounce", { bounce_description: "bad_mailbox", diag: "smtp;550 5.1.1 does not exist" }),
      build("reject", { reject: { reason: "unsub" } }),
      build("open"),
      build("click", {}, { url: "https://lark.test" }),
      build("spam"),
      build("unsub"),
      { type: "blacklist", action: "add", reject: { email: "ada@lark.test" } },
    ];
    expect(await send(events)).toEqual([
      event("delivered"),
      event("bounced", { reason: "Mandrill: smtp;550 5.1.1 does not exist" }),
      event("bounced", { reason: "Mandrill: unsub" }),
      event("opened"),
      event("clicked", { url: "https://lark.test" }),
      event("complained"),
      event("unsubscribed"),
    ]);
  });

  it("accepts the empty list with which Mandrill tests a webhook", async () => expect(await send([])).toEqual([]));

  it("refuses a signature of another URL", () =>
    expect(send([], "https://other.lark.test/")).rejects.toThrow("signature is wrong"));
});

// https://developers.mailersend.com/api/v1/webhooks.html
describe("the webhook of MailerSend", () => {
  const { read } = createReader("email_mailersend", {}, "signing-secret");
  const send = (body: object, key = "signing-secret") => {
    // MailerSend escapes slashes.
    const text = JSON.stringify(body).replaceAll("/", "\\/");
    return read({ signature: createHmac("sha256", key).update(text).digest("hex") }, text);
  };
  const build = (type: string, morph: object | null = null) => ({
    type: `activity.${type}`,
    created_at: new Date(NOW + 1_000).toISOString(),
    data: {
      type,
      created_at: new Date(NOW).toISOString(),
      email: { object: "email", status: type, tags: ["new-comment", `knock_message_id:${MESSAGE_ID}`] },
      morph,
    },
  });

  it.each([
    ["delivered", null, "delivered", {}],
    [
      "hard_bounced",
      { object: "recipient_bounce", reason: "Host or domain name not found" },
      "bounced",
      { reason: "MailerSend: Host or domain name not found" },
    ],
    ["spam_complaint", { object: "spam_complaint", reason: null }, "complained", {}],
    ["opened", { object: "open", ip: "127.0.0.1" }, "opened", {}],
    ["clicked", { object: "click", url: "https://lark.test/a" }, "clicked", { url: "https://lark.test/a" }],
    ["unsubscribed", { object: "recipient_unsubscribe", reason: "no_longer_want" }, "unsubscribed", {}],
  ])("reads the activity %s", async (type, morph, expected, others) =>
    expect(await send(build(type, morph))).toEqual([event(expected, others)]),
  );

  it.each(["sent", "soft_bounced", "survey_opened"])("ignores the activity %s", async (type) =>
    expect(await send(build(type))).toEqual([]),
  );

  it("accepts the test of a new webhook, but no activity with its public key", async () => {
    const key = "test_Am3L1GuOIc4blLUuHqAPxxwkZaJyEk8G";
    expect(await send({ type: "webhook.test", message: "This is a ping test message" }, key)).toEqual([]);
    await expect(send(build("delivered"), key)).rejects.toThrow("signature is wrong");
  });
});

describe("the webhook of SendGrid", () => {
  // The example of the vendor's SDK: https://github.com/sendgrid/sendgrid-nodejs/blob/main/packages/eventwebhook/src/eventwebhook.spec.js
  const KEY =
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA==";
  const HEADERS = {
    "x-twilio-email-event-webhook-timestamp": "1588788367",
    "x-twilio-email-event-webhook-signature":
      "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0=",
  };
  const EXAMPLE = '{"category":"example_payload","event":"test_event","message_id":"message_id"}';

  it("accepts the vendor's example of a signature, and refuses it for another body, time, key or day", async () => {
    const { harness, read } = createReader("sendgrid", {}, KEY);
    harness.now = 1_588_788_367_000;
    expect(await read(HEADERS, EXAMPLE)).toEqual([]);
    await expect(read(HEADERS, `${EXAMPLE} `)).rejects.toThrow("signature is wrong");
    await expect(read({ ...HEADERS, "x-twilio-email-event-webhook-timestamp": "1588788368" }, EXAMPLE)).rejects.toThrow(
      "signature is wrong",
    );
    await expect(createReader("sendgrid", {}, "MFkwEwYH").read(HEADERS, EXAMPLE)).rejects.toThrow(
      "is not the verification key",
    );
    harness.now = NOW;
    await expect(read(HEADERS, EXAMPLE)).rejects.toThrow("minutes old");
  });

  // https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
  it("CH-091 reads several events, and ignores those that are temporary", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { read } = createReader("sendgrid", {}, publicKey.export({ format: "der", type: "spki" }).toString("base64"));
    const build = (name: string, fields: object = {}) => ({
      event: name,
      timestamp: SECONDS,
      knock_message_id: MESSAGE_ID,
      ...fields,
    });
    const body = JSON.stringify([
      build("processed"),
      build("deferred", { response: "400 try again later" }),
      build("delivered"),
      build("bounce", { type: "bounce", reason: "500 unknown recipient" }),
      build("bounce", { type: "blocked", reason: "550 spam" }),
      build("dropped", { reason: "Bounced Address" }),
      build("open"),
      build("click", { url: "https://lark.test" }),
      build("spamreport"),
      build("unsubscribe"),
      build("group_unsubscribe"),
      build("group_resubscribe"),
      build("delivered", { knock_message_id: undefined }),
    ]);
    const headers = {
      "x-twilio-email-event-webhook-timestamp": String(SECONDS),
      "x-twilio-email-event-webhook-signature": signContent("sha256", Buffer.from(SECONDS + body), privateKey).toString(
        "base64",
      ),
    };
    expect(await read(headers, body)).toEqual([
      event("delivered"),
      event("bounced", { reason: "SendGrid: 500 unknown recipient" }),
      event("bounced", { reason: "SendGrid: Bounced Address" }),
      event("opened"),
      event("clicked", { url: "https://lark.test" }),
      event("complained"),
      event("unsubscribed"),
      event("unsubscribed"),
    ]);
  });
});

describe("the webhook of Resend", () => {
  // The example of Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/javascript/src/webhook.test.ts
  const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
  const OTHER = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
  const EXAMPLE = '{"test": 2432232314}';
  const { harness, read } = createReader("resend", {}, SECRET);
  const sign = (signature: string, id = "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp = 1_614_265_330) => ({
    "svix-id": id,
    "svix-timestamp": String(timestamp),
    "svix-signature": signature,
  });

  it.each([SIGNATURE, `${OTHER} v2,abc ${SIGNATURE} ${OTHER}`])("accepts the signature %s", async (signature) => {
    harness.now = 1_614_265_330_000;
    expect(await read(sign(signature), EXAMPLE)).toEqual([]);
  });

  it.each([
    ["of another body", sign(SIGNATURE), `${EXAMPLE} `],
    ["of another id", sign(SIGNATURE, "msg_other"), EXAMPLE],
    ["of another version", sign(SIGNATURE.replace("v1", "v2")), EXAMPLE],
    ["that is wrong", sign(OTHER), EXAMPLE],
    ["that is cut", sign(SIGNATURE.slice(0, 8)), EXAMPLE],
    ["that is empty", sign("v1,"), EXAMPLE],
  ])("refuses a signature %s", (_title, headers, body) =>
    expect(read(headers, body)).rejects.toThrow("signature is wrong"),
  );

  it("refuses a signature that is old", () => {
    harness.now = 1_614_265_330_000 + 16 * 60_000;
    return expect(read(sign(SIGNATURE), EXAMPLE)).rejects.toThrow("16 minutes old");
  });

  // https://resend.com/docs/dashboard/webhooks/event-types
  it.each([
    ["email.delivered", {}, [event("delivered")]],
    [
      "email.bounced",
      { bounce: { type: "Permanent", subType: "Suppressed", message: "The address is on the suppression list." } },
      [event("bounced", { reason: "Resend: The address is on the suppression list." })],
    ],
    ["email.bounced", { bounce: { type: "Transient", message: "The mailbox is full." } }, []],
    [
      "email.failed",
      { failed: { reason: "reached_daily_quota" } },
      [event("undelivered", { reason: "Resend: reached_daily_quota" })],
    ],
    ["email.suppressed", {}, [event("bounced", { reason: "Resend: bounced" })]],
    ["email.complained", {}, [event("complained")]],
    ["email.opened", {}, [event("opened")]],
    ["email.clicked", { click: { link: "https://resend.com" } }, [event("clicked", { url: "https://resend.com" })]],
    ["email.delivery_delayed", {}, []],
    ["contact.updated", {}, []],
  ])("CH-099 reads %s %j", async (type, details, expected) => {
    harness.now = NOW;
    const data = { email_id: "56761188", tags: { knock_message_id: MESSAGE_ID }, ...details };
    const body = JSON.stringify({ type, created_at: new Date(NOW).toISOString(), data });
    const key = Buffer.from(SECRET.slice("whsec_".length), "base64");
    const signature = createHmac("sha256", key).update(`msg_1.${SECONDS}.${body}`).digest("base64");
    expect(await read(sign(`v1,${signature}`, "msg_1", SECONDS), body)).toEqual(expected);
  });
});
