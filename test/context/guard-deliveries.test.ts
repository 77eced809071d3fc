import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDeliveryGuard } from "../../src/context/guard-deliveries.js";
import type { Channel } from "../../src/domain/environment/environment.js";
import type { ChannelType } from "../../src/domain/message/channel-types.js";
import type { Message } from "../../src/domain/message/message.js";
import { buildUnidentifiedRecipient, toRecipientKey } from "../../src/domain/recipient/recipient.js";
import type { Delivery } from "../../src/ports/provider.js";
import { openProviders, type Providers } from "../../src/providers/open-providers.js";
import type { JsonObject } from "../../src/util/json.js";
import { type HttpTestServer, startHttpTestServer } from "../helpers/http-test-server.js";
import { buildChannel, buildEmailMessage, buildMessage } from "../helpers/provider-harness.js";
import { type SmtpReceiver, startSmtpReceiver } from "../helpers/smtp-receiver.js";

let http: HttpTestServer;
let smtp: SmtpReceiver;
let providers: Providers;

beforeEach(async () => {
  http = await startHttpTestServer();
  http.respondWith({ status: 202, json: { id: "1", MessageID: "1", ErrorCode: 0, sid: "1" } });
  smtp = await startSmtpReceiver();
  providers = openProviders({ variables: { KEY: "key-0123456789" }, privateAddresses: async () => ["127.0.0.1"] });
});
afterEach(async () => {
  await providers.close();
  await http.close();
  await smtp.close();
});

const PROPERTIES = { email: "Ada <Ada@lark.test>", phone_number: "+4420790" };

/** Sends a message to a channel through a guard. The stored properties of every recipient are the same. */
function send(channel: Channel, message: Message, allow: string[], redirect: string | null = null): Promise<Delivery> {
  const guards = allow.length === 0 ? [] : [{ allow, source: "knock.json", origin: "project" as const }];
  const guard = createDeliveryGuard(redirect, guards);
  const provider = guard?.(
    providers.findProvider,
    () => {},
    async (key) => ({ ...buildUnidentifiedRecipient(key, 0), properties: PROPERTIES }),
  )(channel);
  if (!provider) throw new Error("the channel has no provider");
  return provider.send(message, channel, { recipient: {}, tenant: {} });
}

const MAIL = {
  smtp: () => buildChannel("email", "smtp", { host: "127.0.0.1", port: smtp.port, tls: "none" }),
  sendgrid: () => buildChannel("email", "sendgrid", { api_key: "$KEY", base_url: http.url }),
  postmark: () => buildChannel("email", "postmark", { api_key: "$KEY", base_url: http.url }),
  resend: () => buildChannel("email", "resend", { api_key: "$KEY", base_url: http.url }),
};
const VENDORS = Object.keys(MAIL) as (keyof typeof MAIL)[];

/** The number of messages and requests that have left the process. */
const countSent = () => http.requests.length + smtp.received.length + smtp.connections;

/** Contents whose address at acme.com or at a number is in a form that a check of the text could miss. */
const OTHERS: [field: string, content: JsonObject][] = [
  ["cc", { cc: "boss@acme.com" }],
  ["cc, a domain literal", { cc: "boss@[10.0.0.1]" }],
  ["bcc, a domain literal with a name", { bcc: '"qa@lark.test" <boss@[10.0.0.1]>' }],
  ["cc, a name that is an allowed address", { cc: '"qa@lark.test" <boss@acme.com>' }],
  ["cc, a list with a quoted comma", { cc: '"Qa, qa@lark.test" <qa@lark.test>, boss@acme.com' }],
  ["cc, a group", { cc: "Team: qa@lark.test, boss@acme.com;" }],
  ["cc, a comment", { cc: "boss@acme.com (qa@lark.test)" }],
  ["cc, a domain with a comment", { cc: "boss@lark.test(qa).acme.com" }],
  ["cc, a quoted local part", { cc: '"boss@acme.com"@lark.test' }],
  ["cc, an encoded word", { cc: "=?utf-8?q?boss=40acme.com?= <boss@acme.com>" }],
  ["cc, punycode", { cc: "boss@xn--lrk-ula.test" }],
  ["cc, similar letters", { cc: "boss@lаrk.test" }],
  ["cc, a trailing dot", { cc: "boss@lark.test." }],
  ["cc, a full-width sign", { cc: "boss＠lark.test" }],
  ["cc, no domain", { cc: "boss" }],
  ["to, a domain literal", { to: "boss@[10.0.0.1]" }],
  ["to, a domain literal with a name", { to: '"qa@lark.test" <boss@[10.0.0.1]>' }],
  ["to, another address", { to: "boss@acme.com" }],
  ["a header", { headers: { "Resent-To": "boss@acme.com" } }],
  ["a header, a domain literal", { headers: { "Resent-Bcc": '"qa@lark.test" <boss@[10.0.0.1]>' } }],
  ["a header, no domain", { headers: { "Apparently-To": "boss" } }],
  ["a header of a mail service", { headers: { "X-SMTPAPI": '{"to":["boss@acme.com"]}' } }],
  ["a header of a mail service, escaped", { headers: { "X-SMTPAPI": '{"to":["boss\\u0040acme.com"]}' } }],
  ["overrides", { json_overrides: { personalizations: [{ to: [{ email: "boss@acme.com" }] }] } }],
  ["overrides, a domain literal", { json_overrides: { Bcc: '"qa@lark.test" <boss@[10.0.0.1]>' } }],
  ["overrides, a header", { json_overrides: { headers: { "Resent-Cc": "boss@acme.com" } } }],
];

describe("a guard of deliveries", () => {
  it.each(VENDORS.flatMap((vendor) => OTHERS.map(([field, content]) => [vendor, field, content] as const)))(
    "refuses an email of %s with another address in %s",
    async (vendor, _field, content) => {
      const delivery = await send(MAIL[vendor](), buildEmailMessage(content), ["*@lark.test", "user:ada"]);
      expect(delivery).toMatchObject({
        reason: expect.stringMatching(/is not allowed by knock\.json|is not an email/),
      });
      expect(countSent()).toBe(0);
    },
  );

  it.each(VENDORS)("delivers an email of %s whose addresses are all allowed", async (vendor) => {
    const content = {
      to: '"Lovelace, Ada" <ADA@Lark.test>',
      cc: "Qa <qa@lark.test>, o'hara@lark.test",
      headers: { "List-Unsubscribe": "<https://lark.test/u>, <mailto:leave@lark.test>", "X-Order": "7" },
      json_overrides: { Cc: '"Qa" <qa@lark.test>', subject: "Write to qa@lark.test" },
    };
    expect(await send(MAIL[vendor](), buildEmailMessage(content), ["*@lark.test"])).toMatchObject({ status: "sent" });
    expect(http.requests.length + smtp.received.length).toBe(1);
  });

  it("needs an allowed address or an allowed ID whose stored address it is", async () => {
    const sms = buildChannel("sms", "twilio", {
      account_id: "AC1",
      auth_token: "$KEY",
      phone_number: "+15550100",
      base_url: http.url,
    });
    const text = (to: string) => buildMessage("sms", { to, body: "Hi" });
    const email = (to: string) => buildEmailMessage({ to });
    const results = [
      await send(MAIL.resend(), email("ada@LARK.test"), ["user:ada"]),
      await send(MAIL.resend(), email("bo@lark.test"), ["user:ada"]),
      await send(MAIL.resend(), email("ada@lark.test"), ["user:bo"]),
      await send(sms, text("+4420790"), ["user:ada"]),
      await send(sms, text("+4420791"), ["user:ada"]),
      await send(sms, text("+4420791"), ["phone:+4420791"]),
    ];
    expect(results.map((result) => ("reason" in result ? result.reason : result.status))).toEqual([
      "sent",
      'not delivered: email address "bo@lark.test" is not allowed by knock.json',
      'not delivered: user "ada" is not allowed by knock.json',
      "sent",
      'not delivered: phone number "+4420791" is not allowed by knock.json',
      "sent",
    ]);
    expect(http.requests).toHaveLength(3);
  });

  it.each<[what: string, type: ChannelType, provider: string, settings: JsonObject, content: JsonObject]>([
    [
      "a number in the overrides",
      "sms",
      "twilio",
      { account_id: "AC1", auth_token: "$KEY", phone_number: "+15550100" },
      { to: "+4420790", body: "Hi", payload_overrides: { To: ["+4420790", "+4999"] } },
    ],
    [
      "a device in the overrides",
      "push",
      "expo",
      {},
      { token: "t", payload_overrides: { to: "ExponentPushToken[x]" } },
    ],
    ["a topic in the overrides", "push", "expo", {}, { token: "t", payload_overrides: { topic: "all", token: null } }],
    [
      "a connection of the template",
      "chat",
      "slack",
      { bot_token: "$KEY" },
      { connection: { channel_id: "C1" }, metadata: { connection_overridden: true }, template: {} },
    ],
    [
      "a channel in the template",
      "chat",
      "slack",
      { bot_token: "$KEY" },
      { connection: { channel_id: "C1" }, template: { json_content: { text: "Hi", channel: "@boss" } } },
    ],
  ])("refuses %s", async (_what, type, provider, settings, content) => {
    const channel = buildChannel(type, provider, { base_url: http.url, ...settings });
    const delivery = await send(channel, buildMessage(type, content), ["user:ada", "token:test-*"]);
    expect(delivery).toMatchObject({ reason: expect.stringContaining("is not allowed by knock.json") });
    expect(countSent()).toBe(0);
  });

  it("lets a template's connection pass if a pattern allows its values", async () => {
    const content = { connection: { channel_id: "test-1" }, metadata: { connection_overridden: true }, template: {} };
    const channel = buildChannel("chat", "discord", { base_url: http.url, bot_token: "$KEY" });
    const message = buildMessage("chat", content, { recipient: toRecipientKey("ada") });
    expect(await send(channel, message, ["user:ada", "token:test-*"])).toMatchObject({ status: "sent" });
  });

  it("removes headers that could name recipients from a redirected email", async () => {
    const headers = {
      "X-SMTPAPI": '{"to":["boss@acme.com"]}',
      "X-MC-BccAddress": "boss@[10.0.0.1]",
      "Apparently-To": "boss",
      "List-Unsubscribe": "<mailto:leave@lark.test>",
    };
    const message = buildEmailMessage({ headers, bcc: "boss@acme.com" });
    expect(await send(MAIL.resend(), message, [], "qa@lark.test")).toMatchObject({ status: "sent" });
    expect(http.requests[0]?.json).toMatchObject({
      to: ["qa@lark.test"],
      headers: { "List-Unsubscribe": "<mailto:leave@lark.test>" },
    });
    expect(http.requests[0]?.text).not.toContain("boss");
  });
});
