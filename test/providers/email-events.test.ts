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
