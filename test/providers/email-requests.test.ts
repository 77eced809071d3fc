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
      options: { transactional: true, open_tracking: true, click_tracking: true, ip_pool: "fast" },
      campaign_id: "new-comment",
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
    expect(request?.headers).toMatchObject({ "content-type": "application/json", ...expected.headers });
    expect(request?.json).toEqual(expected.body);
  });

  it("has some content for an email without any", async () => {
    target.respondWith(expected.response);
    await harness.send(channel(), buildEmailMessage({ ...content, html_body: null, text_body: null }));
    expect(JSON.stringify(target.requests[0]?.json)).toMatch(/"(text|TextPart)":" "/);
  });

  it("is not sent if it is larger than the vendor accepts", async () => {
    const attachments = [{ ...PDF, content: "A".repeat(45_000_000) }];
    expect(await harness.send(channel(), buildEmailMessage({ ...content, attachments }))).toMatchObject({
      status: "failed",
      retryable: false,
      reason: expect.stringMatching(/accepts \d+\.\d MB, and this message has 45\.\d MB/),
    });
    expect(target.requests).toEqual([]);
  });
});
