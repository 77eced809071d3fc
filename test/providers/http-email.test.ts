import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import {
  getTimeout,
  type HttpTestServer,
  startHttpTestServer,
  type TestResponse,
} from "../helpers/http-test-server.js";
import { buildChannel, buildEmailMessage, MESSAGE_ID, NOW, ProviderHarness } from "../helpers/provider-harness.js";

const KEY = "key-0123456789abcdef";
let target: HttpTestServer;
let bench: ProviderHarness;
beforeEach(async () => {
  target = await startHttpTestServer();
  bench = new ProviderHarness({ MAIL_KEY: KEY });
});
afterEach(async () => {
  await bench.close();
  await target.close();
});

const VENDORS = ["sendgrid", "postmark", "resend"] as const;
const OK: Record<(typeof VENDORS)[number], TestResponse> = {
  sendgrid: { status: 202, headers: { "x-message-id": "sg-1" } },
  postmark: { json: { ErrorCode: 0, Message: "OK", MessageID: "pm-1" } },
  resend: { json: { id: "re-1" } },
};
const mail = (vendor: string, settings: JsonObject = {}) =>
  buildChannel("email", vendor, { api_key: "$MAIL_KEY", base_url: target.url, ...settings });
const RICH = {
  cc: "Bo <bo@lark.test>, cy@lark.test",
  bcc: "dee@lark.test",
  reply_to: "help@lark.test",
  headers: { "List-Unsubscribe": "<https://lark.test/u>" },
  attachments: [
    { name: "a.txt", content_type: "text/plain", content: "aGk=", content_id: "img", disposition: "inline" },
  ],
};

describe("SendGrid", () => {
  it("CH-091 CH-082 sends a mail/send request with arguments that identify the message", async () => {
    target.respondWith(OK.sendgrid);
    expect(
      await bench.send(mail("sendgrid", { open_tracking: true, link_tracking: false }), buildEmailMessage(RICH)),
    ).toEqual({
      status: "sent",
      metadata: { external_id: "sg-1" },
    });
    const [request] = target.requests;
    expect(request).toMatchObject({ method: "POST", path: "/v3/mail/send" });
    expect(request?.headers).toMatchObject({ authorization: `Bearer ${KEY}`, "content-type": "application/json" });
    expect(request?.json).toEqual({
      personalizations: [
        {
          to: [{ email: "ada@lark.test" }],
          cc: [{ email: "bo@lark.test", name: "Bo" }, { email: "cy@lark.test" }],
          bcc: [{ email: "dee@lark.test" }],
        },
      ],
      from: { email: "hi@lark.test", name: "Lark, Inc." },
      reply_to: { email: "help@lark.test" },
      subject: "Hello Ada",
      content: [
        { type: "text/plain", value: "Hi" },
        { type: "text/html", value: "<p>Hi</p>" },
      ],
      tags: ["new-comment"],
      categories: ["new-comment"],
      custom_args: { sender: "knock.app", knock_message_id: MESSAGE_ID, knock_recipient_id: "ada" },
      headers: { "List-Unsubscribe": "<https://lark.test/u>" },
      attachments: [
        { filename: "a.txt", content: "aGk=", type: "text/plain", content_id: "img", disposition: "inline" },
      ],
      tracking_settings: { open_tracking: { enable: true }, click_tracking: { enable: false, enable_text: false } },
    });
  });

  it("lists an address once in to, cc and bcc, because the API rejects duplicates", async () => {
    target.respondWith(OK.sendgrid);
    await bench.send(mail("sendgrid"), buildEmailMessage({ cc: "ADA@lark.test, bo@lark.test", bcc: "bo@lark.test" }));
    expect(target.requests[0]?.json.personalizations).toEqual([
      { to: [{ email: "ada@lark.test" }], cc: [{ email: "bo@lark.test" }] },
    ]);
  });

  it("CH-044 bounces after an error about the recipient's address, and fails for good after another", async () => {
    const error = (field: string) => ({
      status: 400,
      json: { errors: [{ message: "Does not contain a valid address.", field, help: null }] },
    });
    target.respondWith(error("personalizations.0.to.0.email"), error("from.email"));
    expect(await bench.send(mail("sendgrid"), buildEmailMessage())).toEqual({
      status: "bounced",
      reason: "SendGrid: Does not contain a valid address. (personalizations.0.to.0.email)",
    });
    expect(await bench.send(mail("sendgrid"), buildEmailMessage())).toMatchObject({
      status: "failed",
      retryable: false,
    });
  });

  it("CH-042 reads the end of a rate limit", async () => {
    target.respondWith({
      status: 429,
      headers: { "x-ratelimit-reset": String(NOW / 1_000 + 90) },
      json: { errors: [] },
    });
    expect(await bench.send(mail("sendgrid"), buildEmailMessage())).toMatchObject({
      retryable: true,
      retry_after_ms: 90_000,
    });
  });
});

describe("Postmark", () => {
  it("CH-092 CH-082 sends an email request with tag and metadata", async () => {
    target.respondWith(OK.postmark);
    const to = mail("postmark", { open_tracking: false, link_tracking: true });
    expect(await bench.send(to, buildEmailMessage(RICH))).toMatchObject({
      status: "sent",
      metadata: { external_id: "pm-1" },
    });
    const [request] = target.requests;
    expect(request).toMatchObject({ method: "POST", path: "/email" });
    expect(request?.headers).toMatchObject({ "x-postmark-server-token": KEY, accept: "application/json" });
    expect(request?.json).toEqual({
      From: '"Lark, Inc." <hi@lark.test>',
      To: "ada@lark.test",
      Cc: "Bo <bo@lark.test>, cy@lark.test",
      Bcc: "dee@lark.test",
      ReplyTo: "help@lark.test",
      Subject: "Hello Ada",
      Tag: "new-comment",
      HtmlBody: "<p>Hi</p>",
      TextBody: "Hi",
      Metadata: { sender: "knock.app", knock_message_id: MESSAGE_ID, knock_recipient_id: "ada" },
      Headers: [{ Name: "List-Unsubscribe", Value: "<https://lark.test/u>" }],
      TrackOpens: false,
      TrackLinks: "HtmlAndText",
      Attachments: [{ Name: "a.txt", Content: "aGk=", ContentType: "text/plain", ContentID: "cid:img" }],
    });
  });

  it.each([
    [406, "You tried to send to a recipient that has been marked as inactive.", "bounced"],
    [300, "Invalid 'To' address: 'ada@lark.test'.", "bounced"],
    [300, "Invalid 'From' address: 'hi'.", "failed"],
    [405, "You're out of credits", "failed"],
  ])("CH-044 maps code %i, %s: %s", async (ErrorCode, Message, status) => {
    target.respondWith({ status: 422, json: { ErrorCode, Message } });
    const delivery = await bench.send(mail("postmark"), buildEmailMessage());
    expect(delivery).toMatchObject({ status, reason: expect.stringContaining(`${Message} (code ${ErrorCode})`) });
    if (status === "failed") expect(delivery).toMatchObject({ retryable: false });
  });
});

describe("Resend", () => {
  it("CH-099 sends an emails request with the message id as its idempotency key", async () => {
    target.respondWith(OK.resend);
    expect(await bench.send(mail("resend"), buildEmailMessage(RICH))).toMatchObject({
      status: "sent",
      metadata: { external_id: "re-1" },
    });
    const [request] = target.requests;
    expect(request).toMatchObject({ method: "POST", path: "/emails" });
    expect(request?.headers).toMatchObject({ authorization: `Bearer ${KEY}`, "idempotency-key": MESSAGE_ID });
    expect(request?.json).toEqual({
      from: '"Lark, Inc." <hi@lark.test>',
      to: ["ada@lark.test"],
      cc: ["Bo <bo@lark.test>", "cy@lark.test"],
      bcc: ["dee@lark.test"],
      reply_to: ["help@lark.test"],
      subject: "Hello Ada",
      html: "<p>Hi</p>",
      text: "Hi",
      headers: { "List-Unsubscribe": "<https://lark.test/u>" },
      tags: [
        { name: "knock_message_id", value: MESSAGE_ID },
        { name: "workflow", value: "new-comment" },
      ],
      attachments: [{ filename: "a.txt", content: "aGk=", content_type: "text/plain", content_id: "img" }],
    });
  });

  it("retries a repeat that overlaps its first attempt, and bounces a bad recipient", async () => {
    const createErrorResponse = (status: number, name: string, text: string) => ({
      status,
      json: { statusCode: status, name, message: text },
    });
    target.respondWith(
      createErrorResponse(409, "concurrent_idempotent_requests", "Another request is in progress."),
      createErrorResponse(409, "invalid_idempotent_request", "The body differs."),
      createErrorResponse(422, "validation_error", "Invalid `to` field. The email address needs to follow a format."),
    );
    expect(await bench.send(mail("resend"), buildEmailMessage())).toMatchObject({ status: "failed", retryable: true });
    expect(await bench.send(mail("resend"), buildEmailMessage())).toMatchObject({ status: "failed", retryable: false });
    expect(await bench.send(mail("resend"), buildEmailMessage())).toMatchObject({ status: "bounced" });
  });
});

describe.each(VENDORS)("email over HTTP: %s", (vendor) => {
  it("CH-080 E-178 merges rendered JSON overrides into the body, including the Liquid of a channel", async () => {
    target.respondWith(OK[vendor]);
    const to = mail(vendor, { json_overrides: '{"extra": {"a": {{ data.n }}, "b": 1}}' });
    const json_overrides = { extra: { a: 1, b: 2 }, subject: "Other", Subject: "Other" };
    expect(await bench.send(to, buildEmailMessage({ json_overrides }))).toMatchObject({ status: "sent" });
    expect(target.requests[0]?.json).toMatchObject({ extra: { a: 1, b: 2 } });
    expect(Object.values(target.requests[0]?.json ?? {})).toContain("Other");
    expect(await bench.send(to, buildEmailMessage())).toMatchObject({ status: "sent" });
  });

  it("E-178 CH-090 sends headers of JSON overrides as texts in the provider's own field", async () => {
    target.respondWith(OK[vendor]);
    const headers = { "X-Number": 7 };
    await bench.send(mail(vendor), buildEmailMessage({ headers: { "X-Number": "7" }, json_overrides: { headers } }));
    const { headers: own, Headers: postmark } = target.requests[0]?.json ?? {};
    if (vendor === "postmark") {
      expect(postmark).toEqual([{ Name: "X-Number", Value: "7" }]);
      expect(own).toBeUndefined();
    } else expect(own).toEqual({ "X-Number": "7" });
  });

  it.each([
    ["400", { status: 400, json: {} }, { status: "failed", retryable: false }],
    ["401", { status: 401, text: "no" }, { status: "failed", retryable: false }],
    ["403", { status: 403 }, { status: "failed", retryable: false }],
    ["a redirect, not followed", { status: 302, headers: { location: "/x" } }, { status: "failed", retryable: false }],
    [
      "429",
      { status: 429, headers: { "retry-after": "7" } },
      { status: "failed", retryable: true, retry_after_ms: 7_000 },
    ],
    [
      "503 with a date",
      { status: 503, headers: { "retry-after": new Date(NOW + 60_000).toUTCString() } },
      { status: "failed", retryable: true, retry_after_ms: 60_000 },
    ],
    ["500", { status: 500, text: "<html>" }, { status: "failed", retryable: true }],
    [
      "a success response of another server",
      { status: 200, text: "<html>portal" },
      { status: "failed", retryable: true },
    ],
    ["no response", { fault: "silent" }, { status: "failed", retryable: true }],
    ["a closed connection", { fault: "drop" }, { status: "failed", retryable: true }],
    ["a response that is not HTTP", { fault: "garbage" }, { status: "failed", retryable: true }],
    ["an endless response", { fault: "endless" }, { status: "failed", retryable: true }],
  ] as [string, TestResponse, JsonObject][])("CH-042 maps the response: %s", async (_title, reply, expected) => {
    target.respondWith(reply, OK[vendor]);
    const to = mail(vendor, { timeout_ms: getTimeout(reply) });
    expect(await bench.send(to, buildEmailMessage())).toMatchObject(expected);
    expect(await bench.send(mail(vendor), buildEmailMessage())).toMatchObject({ status: "sent" }); // the next message is sent
    expect(target.requests).toHaveLength(2);
  });

  it("removes a key that the server repeats, and control characters, from the reason", async () => {
    const text = `bad key ${KEY}\u001b[31m\r\nX: y`;
    target.respondWith({ status: 401, json: { errors: [{ message: text }], Message: text, message: text } });
    const delivery = await bench.send(mail(vendor), buildEmailMessage());
    expect(delivery).toMatchObject({ reason: expect.stringContaining("bad key [redacted] [31m X: y") });
  });

  it("escapes control characters in an id", async () => {
    const id = "id-\u001b[31m\u0000x";
    target.respondWith({ status: 202, headers: { "x-message-id": "id- [31m x" }, json: { MessageID: id, id } });
    expect(await bench.send(mail(vendor), buildEmailMessage())).toMatchObject({
      metadata: { external_id: "id- [31m x" },
    });
  });

  it.each([
    ["to", "ada@lark.test\r\nBcc: eve@lark.test", "bounced"],
    ["to", "not an address", "bounced"],
    ["to", "", "bounced"],
    ["cc", "bo@lark.test\nBcc: eve@lark.test", "failed"],
    ["bcc", "eve", "failed"],
    ["reply_to", "x@y.test\r\nSubject: z", "failed"],
    ["from", "Eve\r\nBcc: eve@lark.test <hi@lark.test>", "failed"],
    ["from", "", "failed"],
    ["headers", { "X-A": "b\r\nBcc: eve@lark.test" }, "failed"],
    ["headers", { "X-A: b\r\nBcc": "eve@lark.test" }, "failed"],
  ])("prevents header injection by %s %j", async (name, value, status) => {
    const delivery = await bench.send(mail(vendor), buildEmailMessage({ [name]: value }));
    expect(delivery).toMatchObject({ status });
    if (status === "failed") expect(delivery).toMatchObject({ retryable: false });
    expect(target.requests).toHaveLength(0);
  });

  it("replaces a line break in the subject with a space", async () => {
    target.respondWith(OK[vendor]);
    await bench.send(mail(vendor), buildEmailMessage({ subject_line: "Hello\r\n  Ada\n" }));
    expect(Object.values(target.requests[0]?.json ?? {})).toContain("Hello Ada");
  });
});
