import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { type HttpTestServer, startHttpTestServer, type TestResponse } from "../helpers/http-test-server.js";
import { buildChannel, buildMessage, MESSAGE_ID, ProviderHarness } from "../helpers/provider-harness.js";

interface RequestCase {
  provider: string;
  /** The vendor's documentation with this example, whose values are changed to those of the test. */
  source: string;
  settings: JsonObject;
  body?: string;
  /** The response of the example. */
  response: TestResponse;
  id?: string;
  path: string;
  headers?: Record<string, string>;
  form?: Record<string, string>;
  json?: JsonObject;
}

const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;
const HOOK = "https://hooks.lark.test/v1/providers/out/events";

const CASES: RequestCase[] = [
  {
    provider: "sms_vonage",
    source: "https://developer.vonage.com/en/messaging/sms/code-snippets/send-an-sms",
    settings: { api_key: "abcd1234", api_secret: "$SECRET", sender_id: "Lark", webhook_url: HOOK },
    response: { json: { "message-count": "1", messages: [{ status: "0", "message-id": "0A00" }] } },
    id: "0A00",
    path: "/sms/json",
    form: {
      from: "Lark",
      to: "15550000001",
      text: "Hello from Lark",
      api_key: "abcd1234",
      api_secret: "secret-value-1",
      "client-ref": MESSAGE_ID,
      callback: HOOK,
    },
  },
  {
    provider: "sms_vonage",
    source: "https://developer.vonage.com/en/messaging/sms/guides/concatenation-and-encoding",
    settings: { api_key: "abcd1234", api_secret: "$SECRET", phone_number: "+12025550143" },
    body: "こんにちは",
    response: { json: { messages: [{ status: "0", "message-id": "0A00" }] } },
    path: "/sms/json",
    form: {
      from: "12025550143",
      to: "15550000001",
      text: "こんにちは",
      api_key: "abcd1234",
      api_secret: "secret-value-1",
      "client-ref": MESSAGE_ID,
      type: "unicode",
    },
  },
  {
    provider: "sms_messagebird",
    source: "https://developers.messagebird.com/api/sms-messaging/#send-outbound-sms",
    settings: { api_key: "$SECRET", sender_id: "Lark", webhook_url: HOOK },
    response: { status: 201, json: { id: "e8077d80" } },
    id: "e8077d80",
    path: "/messages",
    headers: { authorization: "AccessKey secret-value-1" },
    json: {
      originator: "Lark",
      body: "Hello from Lark",
      recipients: ["15550000001"],
      reference: MESSAGE_ID,
      datacoding: "auto",
      reportUrl: HOOK,
    },
  },
  {
    provider: "sms_plivo",
    source: "https://www.plivo.com/docs/messaging/api/message/send-a-message",
    settings: {
      authentication_id: "MA1",
      authentication_token: "$SECRET",
      phone_number: "+12025550143",
      webhook_url: HOOK,
    },
    response: { status: 202, json: { message: "message(s) queued", message_uuid: ["db3ce55a"], api_id: "db342550" } },
    id: "db3ce55a",
    path: "/v1/Account/MA1/Message/",
    headers: { authorization: basic("MA1:secret-value-1") },
    json: {
      src: "+12025550143",
      dst: "15550000001",
      text: "Hello from Lark",
      url: `${HOOK}?message_id=${MESSAGE_ID}`,
      method: "POST",
    },
  },
  {
    provider: "sms_telnyx",
    source: "https://developers.telnyx.com/docs/messaging/messages/send-message",
    settings: { api_key: "$SECRET", phone_number: "+12025550143", webhook_url: HOOK },
    response: { json: { data: { record_type: "message", id: "40385f64" } } },
    id: "40385f64",
    path: "/v2/messages",
    headers: { authorization: "Bearer secret-value-1" },
    json: {
      from: "+12025550143",
      to: "+15550000001",
      text: "Hello from Lark",
      tags: [`knock_message_id=${MESSAGE_ID}`],
      webhook_url: HOOK,
    },
  },
  {
    provider: "sms_telnyx",
    source: "https://developers.telnyx.com/docs/messaging/messages/number-pool",
    settings: { api_key: "$SECRET", messaging_profile_id: "abc85f64" },
    response: { json: { data: { id: "40385f64" } } },
    path: "/v2/messages",
    json: {
      messaging_profile_id: "abc85f64",
      to: "+15550000001",
      text: "Hello from Lark",
      tags: [`knock_message_id=${MESSAGE_ID}`],
    },
  },
  {
    provider: "sms_sinch",
    source: "https://developers.sinch.com/docs/sms/api-reference/sms/batches/sendsms",
    settings: {
      api_token: "$SECRET",
      service_plan_id: "plan1",
      region: "us",
      phone_number: "+12025550143",
      webhook_url: HOOK,
    },
    response: { status: 201, json: { id: "01FC66621XXXXX119Z8PMV1QPQ" } },
    id: "01FC66621XXXXX119Z8PMV1QPQ",
    path: "/xms/v1/plan1/batches",
    headers: { authorization: "Bearer secret-value-1" },
    json: {
      from: "12025550143",
      to: ["15550000001"],
      body: "Hello from Lark",
      client_reference: MESSAGE_ID,
      delivery_report: "per_recipient_final",
      callback_url: HOOK,
    },
  },
  {
    provider: "sms_messagemedia",
    source: "https://messagemedia.github.io/documentation/#tag/Messages/operation/SendMessages",
    settings: {
      api_key: "key1",
      api_secret: "$SECRET",
      region: "apac",
      source_number: "Lark",
      source_number_type: "alpha",
      webhook_url: HOOK,
    },
    response: { status: 202, json: { messages: [{ message_id: "04fe9a97", status: "queued" }] } },
    id: "04fe9a97",
    path: "/v1/messages",
    headers: { authorization: basic("key1:secret-value-1") },
    json: {
      messages: [
        {
          content: "Hello from Lark",
          destination_number: "+15550000001",
          format: "SMS",
          source_number: "Lark",
          source_number_type: "ALPHANUMERIC",
          metadata: { knock_message_id: MESSAGE_ID },
          delivery_report: true,
          callback_url: HOOK,
        },
      ],
    },
  },
  {
    provider: "sms_africas_talking",
    source: "https://developers.africastalking.com/docs/sms/sending/bulk",
    settings: { api_key: "$SECRET", username: "lark", short_code: "12345" },
    response: {
      status: 201,
      json: { SMSMessageData: { Recipients: [{ statusCode: 101, status: "Success", messageId: "ATPid_1" }] } },
    },
    id: "ATPid_1",
    path: "/version1/messaging",
    headers: { apikey: "secret-value-1", accept: "application/json" },
    form: { username: "lark", to: "+15550000001", message: "Hello from Lark", from: "12345" },
  },
  {
    provider: "sms_mailersend",
    source: "https://developers.mailersend.com/api/v1/sms",
    settings: { api_key: "$SECRET", phone_number: "+12025550143" },
    response: { status: 202, headers: { "x-sms-message-id": "5e42957d" } },
    id: "5e42957d",
    path: "/v1/sms",
    headers: { authorization: "Bearer secret-value-1" },
    json: { from: "+12025550143", to: ["+15550000001"], text: "Hello from Lark" },
  },
];

let target: HttpTestServer;
const harness = new ProviderHarness({ SECRET: "secret-value-1" });
beforeEach(async () => {
  target = await startHttpTestServer();
});
afterEach(() => target.close());

const open = ({ provider, settings }: RequestCase) =>
  buildChannel("sms", provider, { ...settings, base_url: target.url });

describe("a request for an SMS", () => {
  it.each(CASES.map((example) => [example.provider, example] as const))(
    "of %s is the vendor's documented example",
    async (_provider, example) => {
      target.respondWith(example.response);
      const message = buildMessage("sms", { to: "+1 555 000-0001", body: example.body ?? "Hello from Lark" });
      const delivery = await harness.send(open(example), message);
      expect(delivery).toMatchObject({
        status: "sent",
        ...(example.id === undefined ? {} : { metadata: { external_id: example.id } }),
      });
      const [request, ...others] = target.requests;
      expect(others).toEqual([]);
      expect(request).toMatchObject({ method: "POST", path: example.path, headers: example.headers ?? {} });
      if (example.form !== undefined) expect(request?.form).toEqual(example.form);
      if (example.json !== undefined) expect(request?.json).toEqual(example.json);
    },
  );

  const one = [...new Map(CASES.map((example) => [example.provider, example])).values()];

  it.each(one.map((example) => [example.provider, example] as const))(
    "E-182 of %s contains the overrides of the payload",
    async (_provider, example) => {
      target.respondWith(example.response);
      const overrides = { payload_overrides: { extra_field: "1" } };
      await harness.send(open(example), buildMessage("sms", { to: "+15550000001", body: "Hi", ...overrides }));
      const [request] = target.requests;
      expect(decodeURIComponent(request?.text ?? "")).toMatch(/extra_field"?[:=]"?1/);
    },
  );

  it.each(one.map((example) => [example.provider, example] as const))(
    "of %s is not sent to a number without a country code, or with a text that is longer than the vendor accepts",
    async (_provider, example) => {
      const send = (content: JsonObject) => harness.send(open(example), buildMessage("sms", content));
      for (const to of ["0171 1234567", "5550001", "15550000001", "+"])
        expect(await send({ to, body: "Hi" })).toMatchObject({
          status: "failed",
          retryable: false,
          reason: expect.stringContaining("with its country code"),
        });
      if (!["sms_telnyx", "sms_africas_talking"].includes(example.provider))
        expect(await send({ to: "+15550000001", body: "x".repeat(6_000) })).toMatchObject({
          status: "failed",
          retryable: false,
          reason: expect.stringMatching(/accepts \d+ characters, and this text has 6000/),
        });
      expect(target.requests).toEqual([]);
    },
  );
});
