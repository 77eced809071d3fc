import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { type HttpTestServer, startHttpTestServer, type TestResponse } from "../helpers/http-test-server.js";
import { buildChannel, buildEmailMessage, MESSAGE_ID, ProviderHarness } from "../helpers/provider-harness.js";

/** A message with the values of a vendor's documented example, and the whole request that it has to become. */
interface RequestCase {
  vendor: string;
  /** The page of the vendor with the example. */
  source: string;
  settings: JsonObject;
  content: JsonObject;
  path: string;
  headers: Record<string, string>;
  /** The fields of the example, and those that identify the message. */
  body: JsonObject;
  response: TestResponse;
  external_id: string | undefined;
}

const METADATA = { sender: "knock.app", knock_message_id: MESSAGE_ID, knock_recipient_id: "ada" };
const PDF = { name: "invoice.pdf", content_type: "application/pdf", content: "JVBERi0xLjQ=" };
const LOGO = {
  name: "logo.gif",
  content_type: "image/gif",
  content: "R0lGODlh",
  content_id: "id1",
  disposition: "inline",
};
const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString("base64")}`;

const CASES: RequestCase[] = [
  {
    vendor: "email_mailjet",
    source: "https://dev.mailjet.com/email/guides/send-api-v31/",
    settings: { api_key: "$KEY", api_secret_key: "$SECRET", open_tracking: true, link_tracking: false },
    content: {
      from: "Mailjet Pilot <pilot@mailjet.com>",
      to: "passenger 1 <passenger1@mailjet.com>",
      cc: "passenger2@mailjet.com",
      bcc: "passenger3@mailjet.com",
      reply_to: "copilot@mailjet.com",
      subject_line: "Your email flight plan!",
      text_body: "Dear passenger 1, welcome to Mailjet!",
      html_body: "<h3>Dear passenger 1, welcome to Mailjet!</h3>",
      headers: { "X-My-Header": "my own value" },
      attachments: [PDF, LOGO],
      json_overrides: { Priority: 2, Headers: { "X-My-Header-2": "my own value 2" } },
    },
    path: "/v3.1/send",
    headers: { authorization: basic("key-0123456789:secret-0123456789") },
    body: {
      Messages: [
        {
          From: { Email: "pilot@mailjet.com", Name: "Mailjet Pilot" },
          To: [{ Email: "passenger1@mailjet.com", Name: "passenger 1" }],
          Cc: [{ Email: "passenger2@mailjet.com" }],
          Bcc: [{ Email: "passenger3@mailjet.com" }],
          ReplyTo: { Email: "copilot@mailjet.com" },
          Subject: "Your email flight plan!",
          TextPart: "Dear passenger 1, welcome to Mailjet!",
          HTMLPart: "<h3>Dear passenger 1, welcome to Mailjet!</h3>",
          Attachments: [{ ContentType: "application/pdf", Filename: "invoice.pdf", Base64Content: "JVBERi0xLjQ=" }],
          InlinedAttachments: [
            { ContentType: "image/gif", Filename: "logo.gif", Base64Content: "R0lGODlh", ContentID: "id1" },
          ],
          Headers: { "X-My-Header": "my own value", "X-My-Header-2": "my own value 2" },
          TrackOpens: "enabled",
          TrackClicks: "disabled",
          CustomID: MESSAGE_ID,
          Priority: 2,
        },
      ],
    },
    response: {
      json: { Messages: [{ Status: "success", To: [{ Email: "passenger1@mailjet.com", MessageUUID: "cb927469" }] }] },
    },
    external_id: "cb927469",
  },
  {
    vendor: "email_sparkpost",
    source: "https://developers.sparkpost.com/api/transmissions/",
    settings: { api_key: "$KEY", open_tracking: true, link_tracking: true },
    content: {
      from: "Fred Flintstone <fred@flintstone.com>",
      to: "Wilma Flintstone <wilma@flintstone.com>",
      cc: "Barney <barney@flintstone.com>",
      bcc: "betty@flintstone.com",
      reply_to: "Christmas Sales <sales@flintstone.com>",
      subject_line: "Big Christmas savings!",
      text_body: "Save big this Christmas",
      html_body: "<p>Save big this Christmas</p>",
      headers: { "X-Customer-Campaign-ID": "christmas_campaign" },
      attachments: [PDF, LOGO],
      json_overrides: { options: { ip_pool: "fast" } },
    },
    path: "/api/v1/transmissions",
    headers: { authorization: "key-0123456789" },
    body: {
      options: {
        transactional: true,
        perform_substitutions: false,
        open_tracking: true,
        click_tracking: true,
        ip_pool: "fast",
      },
      metadata: METADATA,
      recipients: [
        { address: { email: "wilma@flintstone.com", name: "Wilma Flintstone" } },
        { address: { email: "barney@flintstone.com", header_to: "Wilma Flintstone <wilma@flintstone.com>" } },
        { address: { email: "betty@flintstone.com", header_to: "Wilma Flintstone <wilma@flintstone.com>" } },
      ],
      content: {
        from: { name: "Fred Flintstone", email: "fred@flintstone.com" },
        subject: "Big Christmas savings!",
        reply_to: "Christmas Sales <sales@flintstone.com>",
        headers: { "X-Customer-Campaign-ID": "christmas_campaign", CC: "Barney <barney@flintstone.com>" },
        text: "Save big this Christmas",
        html: "<p>Save big this Christmas</p>",
        attachments: [{ type: "application/pdf", name: "invoice.pdf", data: "JVBERi0xLjQ=" }],
        inline_images: [{ type: "image/gif", name: "id1", data: "R0lGODlh" }],
      },
    },
    response: {
      json: { results: { total_rejected_recipients: 0, total_accepted_recipients: 3, id: "11668787484950529" } },
    },
    external_id: "11668787484950529",
  },
  {
    vendor: "email_mailtrap",
    source: "https://docs.mailtrap.io/developers/email-sending",
    settings: { api_key: "$KEY" },
    content: {
      from: "Example Sales Team <sales@example.com>",
      to: "John Doe <john_doe@example.com>",
      cc: "Jane Doe <jane_doe@example.com>",
      bcc: "jim_doe@example.com",
      reply_to: "Reply <reply@example.com>",
      subject_line: "Your Example Order Confirmation",
      text_body: "Congratulations on your order no. 1234",
      html_body: "<p>Congratulations on your order no. <strong>1234</strong>.</p>",
      headers: { "X-Message-Source": "dev.mydomain.com" },
      attachments: [PDF, LOGO],
      json_overrides: { category: "API Test", custom_variables: { batch_id: "PSJ-12" } },
    },
    path: "/api/send",
    headers: { authorization: "Bearer key-0123456789" },
    body: {
      from: { email: "sales@example.com", name: "Example Sales Team" },
      to: [{ email: "john_doe@example.com", name: "John Doe" }],
      cc: [{ email: "jane_doe@example.com", name: "Jane Doe" }],
      bcc: [{ email: "jim_doe@example.com" }],
      reply_to: { email: "reply@example.com", name: "Reply" },
      subject: "Your Example Order Confirmation",
      text: "Congratulations on your order no. 1234",
      html: "<p>Congratulations on your order no. <strong>1234</strong>.</p>",
      headers: { "X-Message-Source": "dev.mydomain.com" },
      category: "API Test",
      custom_variables: { ...METADATA, batch_id: "PSJ-12" },
      attachments: [
        { filename: "invoice.pdf", content: "JVBERi0xLjQ=", type: "application/pdf", disposition: "attachment" },
        { filename: "logo.gif", content: "R0lGODlh", type: "image/gif", disposition: "inline", content_id: "id1" },
      ],
    },
    response: { json: { success: true, message_ids: ["0c7fd939-02cf-11ed-88c2-0a58a9feac02"] } },
    external_id: "0c7fd939-02cf-11ed-88c2-0a58a9feac02",
  },
  {
    vendor: "email_mandrill",
    source: "https://mailchimp.com/developer/transactional/api/messages/send-new-message/",
    settings: { api_key: "$KEY", open_tracking: true, link_tracking: false },
    content: {
      from: "Example Name <message.from_email@example.com>",
      to: "Recipient Name <recipient.email@example.com>",
      cc: "copy@example.com",
      bcc: "message.bcc_address@example.com",
      reply_to: "message.reply@example.com",
      subject_line: "example subject",
      text_body: "Example text content",
      html_body: "<p>Example HTML content</p>",
      headers: { "X-Source": "example" },
      attachments: [PDF, LOGO],
      json_overrides: { important: false, metadata: { website: "www.example.com" } },
    },
    path: "/api/1.0/messages/send.json",
    headers: {},
    body: {
      key: "key-0123456789",
      message: {
        html: "<p>Example HTML content</p>",
        text: "Example text content",
        subject: "example subject",
        from_email: "message.from_email@example.com",
        from_name: "Example Name",
        to: [
          { email: "recipient.email@example.com", name: "Recipient Name", type: "to" },
          { email: "copy@example.com", type: "cc" },
          { email: "message.bcc_address@example.com", type: "bcc" },
        ],
        headers: { "Reply-To": "message.reply@example.com", "X-Source": "example" },
        important: false,
        preserve_recipients: true,
        track_opens: true,
        track_clicks: false,
        metadata: { ...METADATA, website: "www.example.com" },
        attachments: [{ type: "application/pdf", name: "invoice.pdf", content: "JVBERi0xLjQ=" }],
        images: [{ type: "image/gif", name: "id1", content: "R0lGODlh" }],
      },
    },
    response: {
      text: JSON.stringify([
        { email: "copy@example.com", status: "rejected", reject_reason: "unsub", _id: "1" },
        { email: "recipient.email@example.com", status: "sent", reject_reason: null, _id: "2" },
      ]),
    },
    external_id: "2",
  },
  {
    vendor: "email_mailersend",
    source: "https://developers.mailersend.com/api/v1/email.html#send-an-email",
    settings: { api_key: "$KEY" },
    content: {
      from: "MailerSend <hello@mailersend.com>",
      to: "John Mailer <john@mailersend.com>",
      cc: "jane@mailersend.com",
      bcc: "jim@mailersend.com",
      reply_to: "Reply <reply@mailersend.com>",
      subject_line: "Hello from the company!",
      text_body: "This is just a friendly hello from your friends.",
      html_body: "<b>This is just a friendly hello from your friends.</b>",
      headers: { "X-Source": "example" },
      attachments: [PDF, LOGO],
      json_overrides: { settings: { track_clicks: true } },
    },
    path: "/v1/email",
    headers: { authorization: "Bearer key-0123456789" },
    body: {
      from: { email: "hello@mailersend.com", name: "MailerSend" },
      to: [{ email: "john@mailersend.com", name: "John Mailer" }],
      cc: [{ email: "jane@mailersend.com" }],
      bcc: [{ email: "jim@mailersend.com" }],
      reply_to: { email: "reply@mailersend.com", name: "Reply" },
      subject: "Hello from the company!",
      text: "This is just a friendly hello from your friends.",
      html: "<b>This is just a friendly hello from your friends.</b>",
      tags: [`knock_message_id:${MESSAGE_ID}`],
      headers: [{ name: "X-Source", value: "example" }],
      attachments: [
        { filename: "invoice.pdf", content: "JVBERi0xLjQ=", disposition: "attachment" },
        { filename: "logo.gif", content: "R0lGODlh", disposition: "inline", id: "id1" },
      ],
      settings: { track_clicks: true },
    },
    response: { status: 202, headers: { "x-message-id": "5e42957d51f1d94a1070a733" }, text: "" },
    external_id: "5e42957d51f1d94a1070a733",
  },
  {
    vendor: "email_cloudflare",
    source: "https://developers.cloudflare.com/email-service/api/send-emails/rest-api/",
    settings: { api_key: "$KEY", account_id: "023e105f4ecef8ad9ca31a8372d0c353" },
    content: {
      from: "Newsletter Team <newsletter@yourdomain.com>",
      to: "Ada <recipient@example.com>",
      cc: "manager@example.com",
      bcc: "archive@example.com",
      reply_to: "support@yourdomain.com",
      subject_line: "Welcome to our service!",
      text_body: "Welcome! Thanks for signing up.",
      html_body: "<h1>Welcome!</h1><p>Thanks for signing up.</p>",
      headers: { "X-Campaign-ID": "weekly-digest-2026-03" },
      attachments: [PDF, LOGO],
      json_overrides: { headers: { "X-Number": 7 } },
    },
    path: "/client/v4/accounts/023e105f4ecef8ad9ca31a8372d0c353/email/sending/send",
    headers: { authorization: "Bearer key-0123456789" },
    body: {
      to: { address: "recipient@example.com", name: "Ada" },
      from: { address: "newsletter@yourdomain.com", name: "Newsletter Team" },
      cc: ["manager@example.com"],
      bcc: ["archive@example.com"],
      reply_to: "support@yourdomain.com",
      subject: "Welcome to our service!",
      html: "<h1>Welcome!</h1><p>Thanks for signing up.</p>",
      text: "Welcome! Thanks for signing up.",
      headers: { "X-Campaign-ID": "weekly-digest-2026-03", "X-Number": "7" },
      attachments: [
        { content: "JVBERi0xLjQ=", filename: "invoice.pdf", type: "application/pdf", disposition: "attachment" },
        { content: "R0lGODlh", filename: "logo.gif", type: "image/gif", disposition: "inline", content_id: "id1" },
      ],
    },
    response: {
      json: { success: true, errors: [], result: { delivered: ["recipient@example.com"], permanent_bounces: [] } },
    },
    external_id: undefined,
  },
];

let target: HttpTestServer;
let harness: ProviderHarness;
beforeEach(async () => {
  target = await startHttpTestServer();
  harness = new ProviderHarness({ KEY: "key-0123456789", SECRET: "secret-0123456789" });
});
afterEach(async () => {
  await harness.close();
  await target.close();
});

describe.each(CASES)("the request of $vendor", ({ vendor, settings, content, ...expected }) => {
  const channel = () => buildChannel("email", vendor, { ...settings, base_url: target.url });

  it("CH-080 is the documented example, with the overrides", async () => {
    target.respondWith(expected.response);
    const delivery = await harness.send(channel(), buildEmailMessage(content));
    const { external_id } = expected;
    expect(delivery).toEqual({ status: "sent", ...(external_id === undefined ? {} : { metadata: { external_id } }) });
    const [request] = target.requests;
    expect(request).toMatchObject({ method: "POST", path: expected.path });
    expect(request?.headers).toMatchObject({
      "content-type": "application/json",
      "user-agent": "knock-cli",
      ...expected.headers,
    });
    expect(request?.json).toEqual(expected.body);
  });

  it("has some content for an email without any", async () => {
    target.respondWith(expected.response);
    await harness.send(channel(), buildEmailMessage({ ...content, html_body: null, text_body: null }));
    expect(JSON.stringify(target.requests[0]?.json)).toMatch(/"(text|TextPart)":" "/);
  });

  // MailerSend documents no limit for a request.
  it.skipIf(vendor === "email_mailersend")("is not sent if it is larger than the vendor accepts", async () => {
    const attachments = [{ ...PDF, content: "A".repeat(45_000_000) }];
    expect(await harness.send(channel(), buildEmailMessage({ ...content, attachments }))).toMatchObject({
      status: "failed",
      retryable: false,
      reason: expect.stringMatching(/accepts \d+\.\d MB, and this message has 45\.\d MB/),
    });
    expect(target.requests).toEqual([]);
  });
});

describe("Mailtrap's API for testing", () => {
  const settings = { api_key: "$KEY", api: "testing" };

  it("CH-096 gets the message in the inbox", async () => {
    target.respondWith({ json: { success: true, message_ids: ["1"] } });
    const channel = buildChannel("email", "email_mailtrap", { ...settings, inbox_id: "42", base_url: target.url });
    expect(await harness.send(channel, buildEmailMessage())).toMatchObject({ status: "sent" });
    expect(target.requests[0]).toMatchObject({ path: "/api/send/42" });
  });

  it("fails if the variable of the inbox is not set", async () => {
    const channel = buildChannel("email", "email_mailtrap", { ...settings, inbox_id: "$INBOX" });
    expect(await harness.send(channel, buildEmailMessage())).toMatchObject({
      retryable: false,
      reason: expect.stringContaining("INBOX"),
    });
  });
});
