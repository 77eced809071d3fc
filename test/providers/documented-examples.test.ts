import { generateKeyPairSync } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Channel } from "../../src/domain/environment/environment.js";
import type { Message } from "../../src/domain/message/message.js";
import type { JsonObject } from "../../src/util/json.js";
import { type HttpTestServer, startHttpTestServer, type TestResponse } from "../helpers/http-test-server.js";
import { startHttp2TestServer } from "../helpers/http2-test-server.js";
import {
  buildChannel,
  buildEmailMessage,
  buildMessage,
  MESSAGE_ID,
  ProviderHarness,
} from "../helpers/provider-harness.js";
import { startSmtpReceiver } from "../helpers/smtp-receiver.js";

/** A message with the values of a vendor's documented example, the whole request that it becomes, and the response of the example. */
interface ExampleCase {
  vendor: string;
  /** The page of the vendor with the example. */
  source: string;
  buildChannel: (url: string) => Channel;
  message: Message;
  path: string;
  headers: Record<string, string>;
  /** The body: the fields of the example, and those that identify the message. */
  json?: JsonObject;
  form?: Record<string, string>;
  response: TestResponse;
  external_id: string;
}

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ACCOUNT = {
  client_email: "push@lark.test",
  private_key: rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
};
const METADATA = { sender: "knock.app", knock_message_id: MESSAGE_ID, knock_recipient_id: "ada" };
const buildChat = (text: string, connection: JsonObject, metadata: JsonObject | null = null): Message => {
  const template = { blocks: [{ type: "markdown", name: "body", content: text }], json_content: null, summary: null };
  return buildMessage("chat", { connection, template, metadata });
};
const TEAMS_CHANNEL = "19:6848757105754c8981c67612732d9aa7@thread.skype";

const CASES: ExampleCase[] = [
  {
    vendor: "Postmark",
    source: "https://postmarkapp.com/developer/api/email-api#send-a-single-email",
    buildChannel: (base_url) =>
      buildChannel("email", "postmark", { api_key: "$KEY", open_tracking: true, link_tracking: false, base_url }),
    message: buildEmailMessage({
      from: "sender@example.com",
      to: "receiver@example.com",
      cc: "copied@example.com",
      bcc: "blind-copied@example.com",
      reply_to: "reply@example.com",
      subject_line: "Test",
      html_body: '<b>Hello</b> <img src="cid:image.jpg"/>',
      text_body: "Hello",
      headers: { "CUSTOM-HEADER": "value" },
      attachments: [{ name: "readme.txt", content: "dGVzdCBjb250ZW50", content_type: "text/plain" }],
      json_overrides: { Tag: "Invitation", MessageStream: "outbound", Metadata: { color: "blue" } },
    }),
    path: "/email",
    headers: { "x-postmark-server-token": "key-0123456789", accept: "application/json" },
    json: {
      From: "sender@example.com",
      To: "receiver@example.com",
      Cc: "copied@example.com",
      Bcc: "blind-copied@example.com",
      ReplyTo: "reply@example.com",
      Subject: "Test",
      Tag: "Invitation",
      HtmlBody: '<b>Hello</b> <img src="cid:image.jpg"/>',
      TextBody: "Hello",
      Metadata: { ...METADATA, color: "blue" },
      Headers: [{ Name: "CUSTOM-HEADER", Value: "value" }],
      Attachments: [{ Name: "readme.txt", Content: "dGVzdCBjb250ZW50", ContentType: "text/plain" }],
      TrackOpens: true,
      TrackLinks: "None",
      MessageStream: "outbound",
    },
    response: {
      json: { To: "receiver@example.com", MessageID: "0a129aee-e1cd-480d-b08d-4f48548ff48d", ErrorCode: 0 },
    },
    external_id: "0a129aee-e1cd-480d-b08d-4f48548ff48d",
  },
  {
    vendor: "SendGrid",
    source: "https://www.twilio.com/docs/sendgrid/for-developers/sending-email/api-getting-started",
    buildChannel: (base_url) => buildChannel("email", "sendgrid", { api_key: "$KEY", base_url }),
    message: buildEmailMessage({
      from: "test@example.com",
      to: "test@example.com",
      subject_line: "Sending with SendGrid is Fun",
      html_body: null,
      text_body: "and easy to do anywhere, even with cURL",
    }),
    path: "/v3/mail/send",
    headers: { authorization: "Bearer key-0123456789" },
    json: {
      personalizations: [{ to: [{ email: "test@example.com" }] }],
      from: { email: "test@example.com" },
      subject: "Sending with SendGrid is Fun",
      content: [{ type: "text/plain", value: "and easy to do anywhere, even with cURL" }],
      tags: ["new-comment"],
      categories: ["new-comment"],
      custom_args: METADATA,
    },
    response: { status: 202, headers: { "x-message-id": "14c5d75ce93" }, text: "" },
    external_id: "14c5d75ce93",
  },
  {
    vendor: "Resend",
    source: "https://resend.com/docs/api-reference/emails/send-email",
    buildChannel: (base_url) => buildChannel("email", "resend", { api_key: "$KEY", base_url }),
    message: buildEmailMessage({
      from: "Acme <onboarding@resend.dev>",
      to: "delivered@resend.dev",
      subject_line: "hello world",
      html_body: "<p>it works!</p>",
      text_body: null,
      reply_to: "onboarding@resend.dev",
    }),
    path: "/emails",
    headers: { authorization: "Bearer key-0123456789", "idempotency-key": MESSAGE_ID },
    json: {
      from: "Acme <onboarding@resend.dev>",
      to: ["delivered@resend.dev"],
      subject: "hello world",
      html: "<p>it works!</p>",
      reply_to: ["onboarding@resend.dev"],
      tags: [
        { name: "knock_message_id", value: MESSAGE_ID },
        { name: "workflow", value: "new-comment" },
      ],
    },
    response: { json: { id: "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794" } },
    external_id: "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794",
  },
  {
    vendor: "Twilio",
    source: "https://www.twilio.com/docs/messaging/api/message-resource#send-an-sms-message",
    buildChannel: (base_url) =>
      buildChannel("sms", "twilio", {
        account_id: "AC0123456789",
        auth_token: "$KEY",
        phone_number: "+15557122661",
        base_url,
      }),
    message: buildMessage("sms", { to: "+15558675310", body: "Hi there" }),
    path: "/2010-04-01/Accounts/AC0123456789/Messages.json",
    headers: { authorization: `Basic ${Buffer.from("AC0123456789:key-0123456789").toString("base64")}` },
    form: { To: "+15558675310", From: "+15557122661", Body: "Hi there" },
    response: { status: 201, json: { sid: "SM0123456789", status: "queued", error_code: null } },
    external_id: "SM0123456789",
  },
  {
    vendor: "Expo",
    source: "https://docs.expo.dev/push-notifications/sending-notifications/",
    buildChannel: (base_url) => buildChannel("push", "push_expo", { auth_token: "$KEY", base_url }),
    message: buildMessage("push", { token: "ExponentPushToken[xxxx]", title: "hello", body: "world" }),
    path: "/--/api/v2/push/send",
    headers: { authorization: "Bearer key-0123456789", accept: "application/json" },
    json: {
      to: "ExponentPushToken[xxxx]",
      title: "hello",
      body: "world",
      data: { knock_message_id: MESSAGE_ID },
    },
    response: { json: { data: [{ status: "ok", id: "XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX" }] } },
    external_id: "XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX",
  },
  {
    vendor: "FCM",
    source: "https://firebase.google.com/docs/cloud-messaging/send/v1-api",
    buildChannel: (base_url) =>
      buildChannel("push", "push_fcm", {
        project_id: "myproject-b5ae1",
        service_account_json: "$ACCOUNT",
        base_url,
        token_url: `${base_url}/token`,
      }),
    message: buildMessage("push", {
      token: "bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1",
      title: "FCM Message",
      body: "This is an FCM notification message!",
    }),
    path: "/v1/projects/myproject-b5ae1/messages:send",
    headers: { authorization: "Bearer access-token" },
    json: {
      message: {
        token: "bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1",
        notification: { body: "This is an FCM notification message!", title: "FCM Message" },
        data: { knock_message_id: MESSAGE_ID },
      },
    },
    response: { json: { name: "projects/myproject-b5ae1/messages/0:1500415314455276%31bd1c9631bd1c96" } },
    external_id: "projects/myproject-b5ae1/messages/0:1500415314455276%31bd1c9631bd1c96",
  },
  {
    vendor: "Slack",
    source: "https://docs.slack.dev/reference/methods/chat.postMessage",
    buildChannel: (base_url) => buildChannel("chat", "chat_slack", { bot_token: "$KEY", base_url }),
    message: buildChat("Hello world", { channel_id: "C123ABC456" }),
    path: "/api/chat.postMessage",
    headers: { authorization: "Bearer key-0123456789", "content-type": "application/json; charset=utf-8" },
    json: { channel: "C123ABC456", text: "Hello world" },
    response: { json: { ok: true, channel: "C123ABC456", ts: "1503435956.000247" } },
    external_id: "1503435956.000247",
  },
  {
    vendor: "Discord",
    source: "https://docs.discord.com/developers/resources/message#create-message",
    buildChannel: (base_url) => buildChannel("chat", "discord", { bot_token: "$KEY", base_url }),
    message: buildChat("Hello, World!", { channel_id: "290926798999357250" }),
    path: "/api/v10/channels/290926798999357250/messages",
    headers: { authorization: "Bot key-0123456789", "user-agent": "DiscordBot (knock-cli, 0)" },
    json: { content: "Hello, World!", nonce: MESSAGE_ID.slice(2), enforce_nonce: true },
    response: { json: { id: "334385199974967042", channel_id: "290926798999357250" } },
    external_id: "334385199974967042",
  },
  {
    vendor: "Microsoft Teams",
    source:
      "https://learn.microsoft.com/en-us/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages",
    buildChannel: (base_url) =>
      buildChannel("chat", "chat_ms_teams", {
        bot_id: "c20af598",
        bot_password: "$KEY",
        base_url,
        token_url: `${base_url}/token`,
      }),
    message: buildChat("Hello World!", { ms_teams_channel_id: TEAMS_CHANNEL }),
    path: "/v3/conversations",
    headers: { authorization: "Bearer access-token" },
    json: {
      isGroup: true,
      bot: { id: "c20af598" },
      channelData: { channel: { id: TEAMS_CHANNEL } },
      activity: { type: "message", textFormat: "markdown", text: "Hello World!" },
    },
    response: { status: 201, json: { id: `${TEAMS_CHANNEL};messageid=1509394430446`, activityId: "1509394430446" } },
    external_id: "1509394430446",
  },
];

let target: HttpTestServer;
let harness: ProviderHarness;
beforeEach(async () => {
  target = await startHttpTestServer();
  const signing = ec.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  harness = new ProviderHarness({ KEY: "key-0123456789", ACCOUNT: JSON.stringify(ACCOUNT), SIGNING: signing });
});
afterEach(async () => {
  await harness.close();
  await target.close();
});

/** Sends a message, for which chat providers read the connection from the recipient. */
const send = (channel: Channel, message: Message) =>
  harness.send(channel, message, { recipient: { connections: [message.content.connection ?? null] }, tenant: {} });

describe.each(CASES)("a request of $vendor", ({ buildChannel: build, message, ...expected }) => {
  it("is the documented example", async () => {
    target.respondWith(({ path }) =>
      path === "/token" ? { json: { access_token: "access-token", expires_in: 3_600 } } : expected.response,
    );
    const { external_id } = expected;
    expect(await send(build(target.url), message)).toMatchObject({ status: "sent", metadata: { external_id } });
    const request = target.requests.at(-1);
    expect(request).toMatchObject({ method: "POST", path: expected.path, headers: expected.headers });
    if (expected.json !== undefined) expect(request?.json).toEqual(expected.json);
    if (expected.form !== undefined) expect(request?.form).toEqual(expected.form);
  });
});

// https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages
it("a request of Mailgun is the documented example, as a form with files", async () => {
  target.respondWith({
    json: { id: "<20111114174239.25659.5817@samples.mailgun.org>", message: "Queued. Thank you." },
  });
  const settings = { api_key: "$KEY", domain: "samples.mailgun.org", open_tracking: true, link_tracking: false };
  const image = { name: "logo.png", content: "iVBORw==", content_type: "image/png", content_id: "logo" };
  const message = buildEmailMessage({
    from: "Excited User <excited@samples.mailgun.org>",
    to: "Dude <devs@mailgun.net>",
    subject_line: "Hello",
    cc: "baz@example.com, qux@example.com",
    bcc: "bar@example.com",
    reply_to: "a@example.com, b@example.com",
    text_body: "Testing some Mailgun awesomeness!",
    html_body: "<html>HTML version of the body</html>",
    headers: { "X-My-Header": "my own value" },
    attachments: [{ name: "message.txt", content: "aGk=", content_type: "text/plain" }, image],
    json_overrides: { "o:tag": ["tag1", "tag2"], "v:my-var": { my_message_id: 123 } },
  });
  const delivery = await send(buildChannel("email", "email_mailgun", { ...settings, base_url: target.url }), message);
  expect(delivery).toMatchObject({ metadata: { external_id: "<20111114174239.25659.5817@samples.mailgun.org>" } });
  const [request] = target.requests;
  expect(request).toMatchObject({ method: "POST", path: "/v3/samples.mailgun.org/messages" });
  expect(request?.headers.authorization).toBe(`Basic ${Buffer.from("api:key-0123456789").toString("base64")}`);
  const type = String(request?.headers["content-type"]);
  const form = await new Response(request?.text, { headers: { "content-type": type } }).formData();
  expect([...form].map(([name, value]) => [name, typeof value === "string" ? value : value.name])).toEqual([
    ["from", "Excited User <excited@samples.mailgun.org>"],
    ["to", "Dude <devs@mailgun.net>"],
    ["cc", "baz@example.com"],
    ["cc", "qux@example.com"],
    ["bcc", "bar@example.com"],
    ["subject", "Hello"],
    ["html", "<html>HTML version of the body</html>"],
    ["text", "Testing some Mailgun awesomeness!"],
    ["h:Reply-To", "a@example.com, b@example.com"],
    ["h:X-My-Header", "my own value"],
    ["v:sender", "knock.app"],
    ["v:knock_message_id", MESSAGE_ID],
    ["v:knock_recipient_id", "ada"],
    ["o:tag", "tag1"],
    ["o:tag", "tag2"],
    ["o:tracking-opens", "yes"],
    ["o:tracking-clicks", "no"],
    ["v:my-var", '{"my_message_id":123}'],
    ["attachment", "message.txt"],
    ["inline", "logo"],
  ]);
});

// https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification
it("a request of APNs is the documented example", async () => {
  const apple = await startHttp2TestServer();
  apple.respondWith({ headers: { "apns-id": "EC1BF194-B3B2-424B-89A9-5A918A6E6B5D" } });
  const settings = {
    bundle_id: "com.example.MyApp",
    signing_key: "$SIGNING",
    key_id: "ABC123DEFG",
    team_id: "DEF123GHIJ",
  };
  const message = buildMessage("push", {
    token: "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0",
    title: "Game Request",
    body: "Bob wants to play poker",
    data: { gameID: "12345678" },
    payload_overrides: { aps: { alert: { subtitle: "Five Card Draw" }, category: "GAME_INVITATION" } },
  });
  expect(await send(buildChannel("push", "push_apns", { ...settings, base_url: apple.url }), message)).toEqual({
    status: "sent",
    metadata: { external_id: "EC1BF194-B3B2-424B-89A9-5A918A6E6B5D" },
  });
  const [request] = apple.requests;
  expect(request?.headers).toMatchObject({
    ":method": "POST",
    "apns-topic": "com.example.MyApp",
    "apns-push-type": "alert",
    ":path": "/3/device/00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0",
    authorization: expect.stringMatching(/^bearer [\w-]+\.[\w-]+\.[\w-]+$/),
  });
  expect(request?.json).toEqual({
    aps: {
      alert: { title: "Game Request", subtitle: "Five Card Draw", body: "Bob wants to play poker" },
      category: "GAME_INVITATION",
    },
    gameID: "12345678",
    knock_message_id: MESSAGE_ID,
  });
  await apple.close();
});

// https://www.rfc-editor.org/rfc/rfc5322#appendix-A.1.1
it("a message over SMTP is the example of RFC 5322", async () => {
  const server = await startSmtpReceiver();
  const channel = buildChannel("email", "smtp", { host: "127.0.0.1", port: server.port, tls: "none" });
  const message = buildEmailMessage({
    from: "John Doe <jdoe@machine.example>",
    to: "Mary Smith <mary@example.net>",
    subject_line: "Saying Hello",
    html_body: null,
    text_body: 'This is a message just to say hello.\nSo, "Hello".',
  });
  expect(await send(channel, message)).toMatchObject({ status: "sent" });
  const [received] = server.received;
  expect(received).toMatchObject({ from: "jdoe@machine.example", to: ["mary@example.net"] });
  const [headers = "", body = ""] = String(received?.raw).split("\r\n\r\n", 2);
  expect(headers.split("\r\n")).toEqual(
    expect.arrayContaining([
      ...["From: John Doe <jdoe@machine.example>", "To: Mary Smith <mary@example.net>", "Subject: Saying Hello"],
      expect.stringMatching(/^Date: \w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} \+0000$/),
      expect.stringMatching(/^Message-ID: <[^@\s]+@[^>\s]+>$/),
    ]),
  );
  expect(body.trim()).toBe('This is a message just to say hello.\r\nSo, "Hello".');
  await server.close();
});
