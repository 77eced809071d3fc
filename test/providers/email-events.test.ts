import { createHmac } from "node:crypto";
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
      ...{ event: name, timestamp: SECONDS, custom_variables: { knock_message_id: MESSAGE_ID }, ...fields },
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
    ...{ event: name, ts: SECONDS, msg: { metadata: { knock_message_id: MESSAGE_ID }, ...msg }, ...fields },
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
