import { createSign } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DeliveryExchange } from "../../src/domain/message/delivery-log.js";
import { parseEnvironment } from "../../src/project/environment/parse-environment.js";
import { getAwsOrigin } from "../../src/providers/aws/aws-settings.js";
import { signRequest } from "../../src/providers/aws/sign-request.js";
import { type FakeProviderName, type StartedFake, startFakeProvider } from "../../src/providers/start-fake-provider.js";
import type { JsonObject } from "../../src/util/json.js";
import { type HttpTestServer, startHttpTestServer } from "../helpers/http-test-server.js";
import { LOOPBACK_CERTIFICATE, LOOPBACK_KEY } from "../helpers/loopback-certificate.js";
import {
  buildChannel,
  buildEmailMessage,
  buildMessage,
  MESSAGE_ID,
  NOW,
  ProviderHarness,
} from "../helpers/provider-harness.js";

const SECRETS = { SECRET: "fake/aws/secret/access/key" };
const AMBIENT = { AWS_ACCESS_KEY_ID: "AKIAFAKEAWSACCESSKEY", AWS_SECRET_ACCESS_KEY: SECRETS.SECRET };
const ROLE = "arn:aws:iam::123456789012:role/knock";
const TARGET = "arn:aws:sns:eu-west-1:803981987763:endpoint/APNS_SANDBOX/pushapp/98e9ced9-f136-3893-9d60-776547eafebb";

let fake: StartedFake;
let harness: ProviderHarness;
const open = async (name: FakeProviderName): Promise<void> => {
  fake = await startFakeProvider(name);
};
beforeEach(() => {
  harness = new ProviderHarness({ ...SECRETS, ...AMBIENT });
});
afterEach(async () => {
  await harness.close();
  await fake?.close();
});

/** A channel with the access key of the fake, unless the settings have a role. */
const buildAwsChannel = (type: "email" | "sms" | "push", settings: JsonObject = {}) =>
  buildChannel(type, type === "email" ? "email_aws_ses" : `${type}_aws_sns`, {
    aws_region: "eu-west-1",
    base_url: fake.url,
    ...(settings.iam_role_arn === undefined
      ? { access_key_id: "AKIAFAKEAWSACCESSKEY", secret_access_key: "$SECRET" }
      : { token_url: fake.url, external_id: "channel-1" }),
    ...settings,
  });
const countRoleRequests = (): number => fake.requests.filter(({ text }) => text.includes("AssumeRole")).length;

describe("Signature Version 4", () => {
  // The vectors of AWS's Signature Version 4 test suite (aws-sig-v4-test-suite), which its SDKs contain:
  // https://github.com/awslabs/aws-c-auth/tree/main/tests/aws-signing-test-suite/v4
  it.each([
    ["get-vanilla", "GET", "", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
    ["post-vanilla", "POST", "", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
    [
      ...["get-vanilla-query-order-key-case", "GET", "?Param2=value2&Param1=value1", ""],
      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ],
    [
      ...["post-x-www-form-urlencoded", "POST", "", "Param1=value1"],
      "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    ],
  ] as [string, string, string, string, string][])("signs %s as AWS does", (_name, method, query, body, signature) => {
    const headers: Record<string, string> = body === "" ? {} : { "content-type": "application/x-www-form-urlencoded" };
    const signed = signRequest(
      { method, url: `https://example.amazonaws.com/${query}`, headers, body },
      { service: "service", region: "us-east-1" },
      {
        access_key_id: "AKIDEXAMPLE",
        secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        session_token: null,
      },
      Date.parse("2015-08-30T12:36:00Z"),
    );
    const names = body === "" ? "host;x-amz-date" : "content-type;host;x-amz-date";
    expect(signed.authorization).toBe(
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${names}, Signature=${signature}`,
    );
  });

  it("is refused by the fake for another secret, region or body", async () => {
    await open("aws-ses");
    const wrong = new ProviderHarness({ SECRET: "fake/aws/secret/access/other" });
    // The fake's clock is not the harness's: a wrong signature would be blamed on the clock.
    wrong.now = Date.now();
    const delivery = await wrong.send(buildAwsChannel("email"), buildEmailMessage());
    expect(delivery).toMatchObject({ status: "failed", retryable: false });
    expect("reason" in delivery && delivery.reason).toMatch(/signature.*SignatureDoesNotMatch/);
    await wrong.close();
    harness.now = Date.now();
    expect(
      await harness.send(buildAwsChannel("email", { aws_region: "us-east-1" }), buildEmailMessage()),
    ).toMatchObject({
      status: "failed",
      reason: expect.stringContaining("us-east-1/ses/aws4_request"),
    });
  });
});

describe("credentials", () => {
  beforeEach(() => open("aws-ses"));
  const channel = () => buildAwsChannel("email", { iam_role_arn: ROLE });

  it("CH-093 assumes a role once for concurrent messages, and again a minute before the credentials expire", async () => {
    const exchanges: DeliveryExchange[] = [];
    const send = () =>
      harness.send(channel(), buildEmailMessage(), undefined, (exchange) => void exchanges.push(exchange));
    const deliveries = await Promise.all(Array.from({ length: 20 }, send));
    expect(new Set(deliveries.map(({ status }) => status))).toEqual(new Set(["sent"]));
    expect(countRoleRequests()).toBe(1);
    expect(new URLSearchParams(fake.requests[0]?.text)).toEqual(
      new URLSearchParams({
        Action: "AssumeRole",
        Version: "2011-06-15",
        RoleArn: ROLE,
        RoleSessionName: "knock",
        DurationSeconds: "3600",
        ExternalId: "channel-1",
      }),
    );
    harness.now += 58 * 60_000;
    await send();
    expect(countRoleRequests()).toBe(1);
    harness.now += 61_000;
    await send();
    expect(countRoleRequests()).toBe(2);
    const log = JSON.stringify(exchanges);
    for (const secret of [SECRETS.SECRET, "fake/aws/role/secret", "fake-aws-session-token"])
      expect(log).not.toContain(secret);
  });

  it("requests credentials once if they expire in the middle of 1,000 messages, and sends each message", async () => {
    const aws = await startHttpTestServer();
    let issued = 0;
    let sent = 0;
    const isExpired = (token: unknown) => token === "token-1" && sent >= 100;
    aws.respondWith(({ form, headers }) => {
      if (form.Action === "AssumeRole") {
        issued++;
        const fields = `<SecretAccessKey>s</SecretAccessKey><SessionToken>token-${issued}</SessionToken>`;
        return { text: `<Credentials><AccessKeyId>ASIA</AccessKeyId>${fields}</Credentials>` };
      }
      if (isExpired(headers["x-amz-security-token"]))
        return { status: 403, headers: { "x-amzn-errortype": "ExpiredTokenException" }, json: { message: "expired" } };
      sent++;
      return { json: { MessageId: String(sent) } };
    });
    // All requests are sent at once, and a busy machine answers the last ones late.
    const urls = { base_url: aws.url, token_url: aws.url, timeout_ms: 120_000 };
    const channel = buildAwsChannel("email", { iam_role_arn: ROLE, ...urls });
    const send = () => harness.send(channel, buildEmailMessage());
    const deliveries = await Promise.all(Array.from({ length: 1_000 }, send));
    expect(deliveries.filter(({ status }) => status !== "sent")).toEqual([]);
    expect([issued, sent]).toEqual([2, 1_000]);
    await aws.close();
  });

  it("retries if new credentials have expired, and reports variables that are not set", async () => {
    await harness.send(channel(), buildEmailMessage());
    fake.failNext("expired_token", 1);
    expect(await harness.send(channel(), buildEmailMessage())).toMatchObject({ status: "sent" });
    const empty = new ProviderHarness();
    expect(await empty.send(channel(), buildEmailMessage())).toMatchObject({
      retryable: false,
      reason: "the environment variable AWS_ACCESS_KEY_ID is not set, and settings.iam_role_arn needs it",
    });
    await empty.close();
  });

  it("explains a clock that is wrong by ten minutes, and retries", async () => {
    fake.failNext("wrong_clock");
    harness.now = 10 * 60_000;
    expect(await harness.send(buildAwsChannel("email"), buildEmailMessage())).toMatchObject({
      retryable: true,
      reason: "Amazon SES: RequestTimeTooSkewed: this machine's clock is 10 minutes ahead of AWS: set the clock",
    });
    fake.failNext("wrong_clock");
    harness.now = -10 * 60_000;
    expect(await harness.send(buildAwsChannel("email"), buildEmailMessage())).toMatchObject({
      reason: expect.stringContaining("clock is 10 minutes behind AWS"),
    });
  });

  it.each([
    [{ aws_region: "eu-wset-1" }, 'did you mean "eu-west-1"?'],
    [{ secret_access_key: "plain" }, "is a secret and must name an environment variable"],
    [{ iam_role_arn: ROLE }, "must have exactly one of access_key_id, iam_role_arn"],
    [
      { access_key_id: null, secret_access_key: null },
      "must have exactly one of access_key_id, iam_role_arn, has none",
    ],
  ] as [JsonObject, string][])("refuses settings such as %j", (settings, message) => {
    const all = { aws_region: "eu-west-1", access_key_id: "AKIA", secret_access_key: "$SECRET", ...settings };
    const channels = { out: { type: "email", provider: "aws_ses", deliver: true, settings: all } };
    expect(() => parseEnvironment({ channels }, "environment.json")).toThrow(message);
  });
});

describe("Amazon SES", () => {
  beforeEach(() => open("aws-ses"));

  it("CH-093 sends the documented request", async () => {
    // https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_RequestSyntax
    const email = buildEmailMessage({
      from: "Lärk <hi@lark.test>",
      cc: "cc@lark.test",
      reply_to: "re@lark.test",
      headers: { "X-Ref": "1", "X-Place": "Zürich, Hauptbahnhof" },
      attachments: [{ name: "a.txt", content_type: "text/plain", content: "aGk=" }],
      json_overrides: { ConfigurationSetName: "events" },
    });
    expect(
      await harness.send(buildAwsChannel("email"), { ...email, workflow: `new comment!${"x".repeat(300)}` }),
    ).toEqual({
      status: "sent",
      metadata: { external_id: "0102019c-fake-ses-000000" },
    });
    const { method, path, body } = fake.requests[0] ?? {};
    expect([method, path]).toEqual(["POST", "/v2/email/outbound-emails"]);
    expect(body).toEqual({
      FromEmailAddress: "=?UTF-8?B?TMOkcms=?= <hi@lark.test>",
      Destination: { ToAddresses: ["ada@lark.test"], CcAddresses: ["cc@lark.test"] },
      ReplyToAddresses: ["re@lark.test"],
      Content: {
        Simple: {
          Subject: { Data: "Hello Ada", Charset: "UTF-8" },
          Body: { Html: { Data: "<p>Hi</p>", Charset: "UTF-8" }, Text: { Data: "Hi", Charset: "UTF-8" } },
          Headers: [
            { Name: "X-Ref", Value: "1" },
            { Name: "X-Place", Value: "=?UTF-8?B?WsO8cmljaCwgSGF1?= =?UTF-8?B?cHRiYWhuaG9m?=" },
          ],
          Attachments: [
            {
              FileName: "a.txt",
              RawContent: "aGk=",
              ContentType: "text/plain",
              ContentDisposition: "ATTACHMENT",
              ContentTransferEncoding: "BASE64",
            },
          ],
        },
      },
      EmailTags: [
        { Name: "Sender", Value: "knockapp" },
        { Name: "knock_message_id", Value: MESSAGE_ID },
        { Name: "knock_workflow", Value: `newcomment${"x".repeat(246)}` },
        { Name: "knock_recipient_id", Value: "ada" },
      ],
      ConfigurationSetName: "events",
    });
  });

  // https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization
  it.each([
    ["in a header", { "x-amzn-errortype": "SendingPausedException:http://internal.amazon.com/coral/" }, {}],
    ["in a header with a namespace", { "x-amzn-errortype": "com.amazonaws.sesv2#SendingPausedException" }, {}],
    ["in the body", {}, { __type: "com.amazonaws.sesv2#SendingPausedException" }],
    ["in the body as code", {}, { code: "SendingPausedException" }],
  ])("reads the code of an error %s", async (_title, headers, fields) => {
    const aws = await startHttpTestServer();
    aws.respondWith({
      status: 400,
      headers: headers as Record<string, string>,
      json: { message: "paused", ...fields },
    });
    expect(await harness.send(buildAwsChannel("email", { base_url: aws.url }), buildEmailMessage())).toEqual({
      status: "failed",
      retryable: true,
      reason: "Amazon SES: paused (code SendingPausedException)",
    });
    await aws.close();
  });

  it("refuses 41 MB of attachments before it sends them", async () => {
    const content = "a".repeat(41_000_000);
    const email = buildEmailMessage({ attachments: [{ name: "a.bin", content }] });
    expect(await harness.send(buildAwsChannel("email"), email)).toMatchObject({
      retryable: false,
      reason: expect.stringContaining("Amazon SES accepts 40.0 MB, and this message has 41.0 MB"),
    });
    expect(fake.requests).toEqual([]);
  });
});

describe("webhooks of Amazon SNS", () => {
  const TOPIC = "arn:aws:sns:eu-west-1:123456789012:ses-events";
  const FIELDS = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
  // https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-examples.html
  const EVENT = {
    eventType: "Bounce",
    mail: { timestamp: "2026-03-01T11:58:00.000Z", tags: { knock_message_id: [MESSAGE_ID] } },
    bounce: {
      bounceType: "Permanent",
      bounceSubType: "General",
      timestamp: "2026-03-01T11:59:00.000Z",
      bouncedRecipients: [{ emailAddress: "ada@lark.test", diagnosticCode: "smtp; 550 user unknown" }],
    },
  };
  const CONFIRMATION = {
    Type: "SubscriptionConfirmation",
    Token: "2336412f37",
    SubscribeURL: "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37",
  };
  let sns: HttpTestServer;
  beforeEach(async () => {
    await open("aws-ses");
    sns = await startHttpTestServer();
    sns.respondWith({ text: LOOPBACK_CERTIFICATE });
  });
  afterEach(() => sns.close());
  const channel = () => buildAwsChannel("email", { base_url: sns.url, topic_arn: TOPIC });
  const read = (webhook: ReturnType<typeof buildWebhook>) => harness.readEvents(channel(), webhook);

  /** Signs as documented: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html */
  function buildWebhook(changes: Record<string, string> = {}) {
    const fields: Record<string, string> = {
      Type: "Notification",
      MessageId: "1",
      TopicArn: TOPIC,
      Message: JSON.stringify(EVENT),
      Timestamp: new Date(NOW).toISOString(),
      SignatureVersion: "1",
      SigningCertURL: "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
      ...changes,
    };
    const content = FIELDS.filter((name) => fields[name] !== undefined).map((name) => `${name}\n${fields[name]}\n`);
    const signer = createSign(fields.SignatureVersion === "1" ? "RSA-SHA1" : "RSA-SHA256").update(content.join(""));
    return {
      url: "https://hooks.lark.test/v1/providers/out/events",
      headers: { "x-amz-sns-message-type": String(fields.Type) },
      body: JSON.stringify({ ...fields, Signature: signer.sign(LOOPBACK_KEY, "base64") }),
    };
  }

  it("CH-093 reads events with both versions of the signature, and requests the certificate once", async () => {
    const variants: Record<string, string>[] = [{}, { SignatureVersion: "2" }, { Subject: "Amazon SES" }];
    for (const changes of variants)
      expect(await read(buildWebhook(changes))).toEqual([
        {
          message_id: MESSAGE_ID,
          type: "bounced",
          at: Date.parse("2026-03-01T11:59:00Z"),
          reason: "Amazon SES: smtp; 550 user unknown",
        },
      ]);
    expect(sns.requests.map(({ path }) => path)).toEqual(["/SimpleNotificationService-1.pem"]);
  });

  it("CH-093 ignores temporary bounces, new subscriptions and emails of others", async () => {
    const events = [
      { ...EVENT, bounce: { ...EVENT.bounce, bounceType: "Transient" } },
      { ...EVENT, eventType: "Subscription", subscription: { newTopicPreferences: { unsubscribeAll: false } } },
      { ...EVENT, mail: {} },
      { ...EVENT, eventType: "Send" },
    ];
    for (const event of events) expect(await read(buildWebhook({ Message: JSON.stringify(event) }))).toEqual([]);
    expect(await read(buildWebhook({ Message: "Successfully validated SNS topic" }))).toEqual([]);
  });

  it("confirms the subscription of its topic", async () => {
    expect(await read(buildWebhook(CONFIRMATION))).toEqual([]);
    expect(sns.requests.at(-1)).toMatchObject({ method: "GET", path: "/?Action=ConfirmSubscription&Token=2336412f37" });
  });

  it("refuses signatures that are wrong or old, and other topics, even with a valid signature", async () => {
    const webhook = buildWebhook();
    const changed = { ...webhook, body: webhook.body.replace(MESSAGE_ID, "other") };
    await expect(read(changed)).rejects.toThrow("The webhook's signature is wrong");
    await expect(read(buildWebhook({ TopicArn: `${TOPIC}2` }))).rejects.toThrow("settings.topic_arn");
    await expect(read(buildWebhook({ SignatureVersion: "3" }))).rejects.toThrow("SignatureVersion of 1 or 2");
    const old = buildWebhook({ ...CONFIRMATION, Timestamp: "2026-03-01T11:00:00.000Z" });
    await expect(read(old)).rejects.toThrow("60 minutes old");
    expect(sns.requests.filter(({ path }) => path.includes("ConfirmSubscription"))).toEqual([]);
  });

  it.each([
    "http://sns.eu-west-1.amazonaws.com/a.pem",
    "https://sns.eu-west-1.amazonaws.com.lark.test/a.pem",
    "https://sns.eu-west-1.amazonaws.com@lark.test/a.pem",
    "https://sns.eu-west-1.amazonaws.com:444/a.pem",
    "https://lark.test/sns.eu-west-1.amazonaws.com/a.pem",
    "https://s3.eu-west-1.amazonaws.com/bucket/a.pem",
    "https://sns.eu-west-1.amazonaws.com\\@lark.test/a.pem",
    "",
  ])("never requests a URL of another host: %s", async (url) => {
    await expect(read(buildWebhook({ SigningCertURL: url }))).rejects.toThrow("it was not requested");
    expect(sns.requests).toEqual([]);
    await expect(read(buildWebhook({ ...CONFIRMATION, SubscribeURL: url }))).rejects.toThrow("it was not requested");
    expect(sns.requests).toHaveLength(1);
  });

  it("requests the certificate again after a failure", async () => {
    sns.respondWith({ status: 500 }, { text: "no certificate" }, { text: LOOPBACK_CERTIFICATE });
    await expect(read(buildWebhook())).rejects.toThrow("SigningCertURL could not be requested: status 500");
    await expect(read(buildWebhook())).rejects.toThrow("SigningCertURL has no certificate");
    expect(await read(buildWebhook())).toHaveLength(1);
  });
});

describe("Amazon SNS", () => {
  it("CH-112 sends SMS messages as a form with attributes", async () => {
    await open("aws-sns-sms");
    const channel = buildAwsChannel("sms", {
      message_type: "transactional",
      sender_id: "LARK",
      phone_number: "+12025550100",
    });
    expect(await harness.send(channel, buildMessage("sms", { to: "+1 (202) 555-0143", body: "Hi ✓" }))).toEqual({
      status: "sent",
      metadata: { external_id: "94f20ce6-13c5-43a0-9a9e-ca52d816e90b" },
    });
    // https://docs.aws.amazon.com/sns/latest/api/API_Publish.html and
    // https://docs.aws.amazon.com/sns/latest/dg/sms_sending-overview.html
    const attribute = (index: number, name: string, value: string) => ({
      [`MessageAttributes.entry.${index}.Name`]: name,
      [`MessageAttributes.entry.${index}.Value.DataType`]: "String",
      [`MessageAttributes.entry.${index}.Value.StringValue`]: value,
    });
    expect(fake.requests[0]?.body).toEqual({
      Action: "Publish",
      Version: "2010-03-31",
      PhoneNumber: "+12025550143",
      Message: "Hi ✓",
      ...attribute(1, "AWS.SNS.SMS.SMSType", "Transactional"),
      ...attribute(2, "AWS.SNS.SMS.SenderID", "LARK"),
      ...attribute(3, "AWS.MM.SMS.OriginationNumber", "+12025550100"),
    });
  });

  it.each([
    [{ to: "0171 5550143" }, "bounced", 'is not a number with a country code, such as "+12025550143"'],
    [{ to: "" }, "failed", "the SMS has no number to go to"],
    [{ body: "x".repeat(1_601) }, "failed", "accepts 1600 characters in an SMS, and this one has 1601"],
  ] as const)("CH-112 sends no SMS for %j", async (content, status, reason) => {
    await open("aws-sns-sms");
    const message = buildMessage("sms", { to: "+12025550143", body: "Hi", ...content });
    const delivery = await harness.send(buildAwsChannel("sms"), message);
    expect(delivery).toMatchObject({ status, reason: expect.stringContaining(reason) });
    expect(fake.requests).toEqual([]);
  });

  const buildPush = (content: JsonObject = {}) =>
    buildMessage("push", { token: TARGET, title: "T", body: "B", data: { count: 9 }, ...content });

  it("CH-144 sends a payload for each platform to the endpoint", async () => {
    await open("aws-sns-push");
    expect(await harness.send(buildAwsChannel("push"), buildPush())).toMatchObject({ status: "sent" });
    const { Message: message, ...fields } = (fake.requests[0] as StartedFake["requests"][0]).body as Record<
      string,
      string
    >;
    expect(fields).toEqual({ Action: "Publish", Version: "2010-03-31", TargetArn: TARGET, MessageStructure: "json" });
    const payloads = JSON.parse(String(message)) as Record<string, string>;
    // https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html
    const apns = { aps: { alert: { title: "T", body: "B" } }, count: 9, knock_message_id: MESSAGE_ID };
    const fcm = { notification: { title: "T", body: "B" }, data: { count: "9", knock_message_id: MESSAGE_ID } };
    expect({ ...payloads, APNS_SANDBOX: JSON.parse(String(payloads.APNS_SANDBOX)) }).toEqual({
      default: "B",
      GCM: JSON.stringify({ fcmV1Message: { message: fcm } }),
      APNS: JSON.stringify(apns),
      APNS_SANDBOX: apns,
    });
  });

  it("CH-144 takes the region of the endpoint, and needs none in the settings", async () => {
    await open("aws-sns-push");
    const channel = buildAwsChannel("push", { aws_region: null });
    expect(await harness.send(channel, buildPush())).toMatchObject({ status: "sent" });
    await harness.send(channel, buildPush({ token: TARGET.replace("eu-west-1", "us-west-2") }));
    expect(fake.requests[1]?.headers.authorization).toContain("/us-west-2/sns/aws4_request");
    const reason = "Amazon SNS: device-1 is not the ARN of an endpoint";
    expect(await harness.send(channel, buildPush({ token: "device-1" }))).toEqual({
      status: "bounced",
      token: "device-1",
      reason,
    });
  });

  it.each([
    ["sns", "eu-west-1", "https://sns.eu-west-1.amazonaws.com"],
    ["sns", "cn-north-1", "https://sns.cn-north-1.amazonaws.com.cn"],
    ["email", "eusc-de-east-1", "https://email.eusc-de-east-1.amazonaws.eu"],
  ])("has the URL of %s in %s", (service, region, url) => expect(getAwsOrigin(service, region)).toBe(url));

  it("CH-144 merges overrides into the payloads and adds attributes", async () => {
    await open("aws-sns-push");
    const entry = { Name: "AWS.SNS.MOBILE.APNS.PRIORITY", Value: { DataType: "String", StringValue: "5" } };
    const payload_overrides = {
      Message: { APNS: { aps: { badge: 9 } } },
      MessageAttributes: { entry: [entry] },
    };
    await harness.send(buildAwsChannel("push"), buildPush({ title: "", body: "", payload_overrides }));
    const { Message: message, ...fields } = (fake.requests[0] as StartedFake["requests"][0]).body as Record<
      string,
      string
    >;
    expect(JSON.parse((JSON.parse(String(message)) as Record<string, string>).APNS as string)).toMatchObject({
      aps: { "content-available": 1, badge: 9 },
    });
    expect(fields).toMatchObject({
      "MessageAttributes.entry.1.Name": "AWS.SNS.MOBILE.APNS.PRIORITY",
      "MessageAttributes.entry.1.Value.StringValue": "5",
    });
  });

  it("CH-144 bounces with the ARN of an endpoint that is disabled", async () => {
    await open("aws-sns-push");
    fake.failNext("endpoint_disabled");
    expect(await harness.send(buildAwsChannel("push"), buildPush())).toEqual({
      status: "bounced",
      token: TARGET,
      reason: "Amazon SNS: Endpoint is disabled (code EndpointDisabled)",
    });
  });
});
