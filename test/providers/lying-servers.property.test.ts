import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Channel } from "../../src/domain/environment/environment.js";
import { redactConnection } from "../../src/domain/message/chat-connection.js";
import type { Message } from "../../src/domain/message/message.js";
import type { Json, JsonObject } from "../../src/util/json.js";
import { getPropertyRuns } from "../helpers/get-property-runs.js";
import { type HttpTestServer, startHttpTestServer } from "../helpers/http-test-server.js";
import { type Http2TestServer, startHttp2TestServer } from "../helpers/http2-test-server.js";
import { arbitraryJson } from "../helpers/json-arbitraries.js";
import { buildChannel, buildEmailMessage, buildMessage, ProviderHarness } from "../helpers/provider-harness.js";

const SECRET = "the-secret-0123456789";
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" });

/** The keys in the responses of all providers. */
const KEYS = [
  ...[
    "errors",
    "error",
    "message",
    "Message",
    "ErrorCode",
    "MessageID",
    "field",
    "name",
    "id",
    "sid",
    "status",
    "code",
  ],
  ...["details", "fieldViolations", "errorCode", "data", "ok", "ts", "retry_after", "reason", "activityId"],
  ...["access_token", "expires_in", "error_code", "error_message"],
  ...["Messages", "Errors", "To", "ErrorRelatedTo", "results", "total_accepted_recipients", "message_ids"],
  ...["reject_reason", "warnings", "recipients", "result", "permanent_bounces"],
];
const inner = fc.oneof(
  arbitraryJson(...KEYS),
  fc.constantFrom<Json[]>(
    "said",
    406,
    300,
    "UNREGISTERED",
    "validation_error",
    "INVALID_ARGUMENT",
    "failed",
    false,
    "ok",
  ),
);
const object = fc.dictionary(fc.constantFrom(...KEYS), inner, { minKeys: 1, maxKeys: 8 });
const json = fc.oneof(
  object,
  fc.tuple(object, fc.constantFrom("error", "errors", "data")).map(([value, name]) => ({ [name]: value })),
  fc.tuple(object, fc.constantFrom("errors", "data", "details")).map(([value, name]) => ({ [name]: [value, null] })),
  arbitraryJson(...KEYS),
);
const reply = fc.record({
  status: fc.constantFrom(200, 201, 202, 204, 301, 400, 401, 403, 404, 409, 410, 422, 429, 500, 503),
  headers: fc.constantFrom<Record<string, string>[]>(
    {},
    { "retry-after": "soon" },
    { "retry-after": "-1" },
    { "retry-after": "1e9" },
    { "retry-after": "99999999999999999999" },
    { "x-ratelimit-reset": "x" },
    { "content-type": "text/html" },
  ),
  text: fc.oneof(
    json.map((value) => JSON.stringify(value)),
    fc.constantFrom(`bad ${SECRET}`, "", "null", "[]", "{", "ok", "1", "no_service", "HTTP error 999", "\u001b[31m"),
  ),
});

let http: HttpTestServer;
let http2: Http2TestServer;
let bench: ProviderHarness;
beforeAll(async () => {
  http = await startHttpTestServer();
  http2 = await startHttp2TestServer();
  const FCM = JSON.stringify({ client_email: "a@lark.test", private_key: rsa });
  bench = new ProviderHarness({ KEY: SECRET, FCM, EC: String(ec) });
});
afterAll(async () => {
  await bench.close();
  await http.close();
  await http2.close();
});

const push = () => buildMessage("push", { token: "device-1", title: "T", body: "B", data: {} });
const chat = (connection: JsonObject): Message =>
  buildMessage("chat", { connection: redactConnection(connection), template: { blocks: [{ content: "x" }] } });
const settings = (more: JsonObject = {}): JsonObject => ({ base_url: http.url, timeout_ms: 2_000, ...more });
const BOT = { channel_id: "C1", ms_teams_channel_id: "19:x", access_token: SECRET };
const webhook = (): JsonObject => ({ incoming_webhook: { url: `${http.url}/${SECRET}` } });

const OTHER_SETTINGS = { mailjet: { api_secret_key: "$KEY" }, cloudflare: { account_id: "1" } };

const VENDORS: [string, () => [Channel, Message, JsonObject?]][] = [
  ["SendGrid", () => [buildChannel("email", "sendgrid", settings({ api_key: "$KEY" })), buildEmailMessage()]],
  ["Postmark", () => [buildChannel("email", "postmark", settings({ api_key: "$KEY" })), buildEmailMessage()]],
  ["Resend", () => [buildChannel("email", "resend", settings({ api_key: "$KEY" })), buildEmailMessage()]],
  ...["mailjet", "sparkpost", "mailtrap", "mandrill", "mailersend", "cloudflare"].map(
    (vendor): [string, () => [Channel, Message]] => [
      vendor,
      () => [
        buildChannel(
          "email",
          vendor,
          settings({ api_key: "$KEY", ...OTHER_SETTINGS[vendor as keyof typeof OTHER_SETTINGS] }),
        ),
        buildEmailMessage(),
      ],
    ],
  ),
  [
    "Twilio",
    () => [
      buildChannel("sms", "twilio", settings({ account_id: "AC", auth_token: "$KEY", from: "+1" })),
      buildMessage("sms", { to: "+2", body: "x" }),
    ],
  ],
  [
    "FCM",
    () => [
      buildChannel(
        "push",
        "fcm",
        settings({ project_id: "p", service_account_json: "$FCM", token_url: `${http.url}/token` }),
      ),
      push(),
    ],
  ],
  ["Expo", () => [buildChannel("push", "expo", settings({ auth_token: "$KEY" })), push()]],
  ["a Slack bot", () => [buildChannel("chat", "slack", settings()), chat(BOT), BOT]],
  ["a Slack webhook", () => [buildChannel("chat", "slack", settings()), chat(webhook()), webhook()]],
  ["a Discord bot", () => [buildChannel("chat", "discord", settings({ bot_token: "$KEY" })), chat(BOT), BOT]],
  ["a Discord webhook", () => [buildChannel("chat", "discord", settings()), chat(webhook()), webhook()]],
  [
    "a Teams bot",
    () => [
      buildChannel("chat", "ms_teams", settings({ bot_id: "b", bot_password: "$KEY", token_url: `${http.url}/token` })),
      chat(BOT),
      BOT,
    ],
  ],
  ["a Teams webhook", () => [buildChannel("chat", "ms_teams", settings()), chat(webhook()), webhook()]],
  [
    "a webhook",
    () => [
      buildChannel("http", "webhook", { signing_key: "$KEY" }),
      buildMessage("http", { method: "post", url: `${http.url}/x`, body: {} }),
    ],
  ],
];

/** Checks that a failure is a predicted one: no error of the code, no secret and no control character in it. */
function checkDelivery(delivery: unknown): void {
  const text = JSON.stringify(delivery);
  expect(delivery).toMatchObject({ status: expect.stringMatching(/^(sent|delivered|bounced|failed)$/) });
  expect(text).not.toMatch(/is not a function|Cannot (read|convert)|undefined|\[object/);
  expect(text).not.toContain(SECRET);
  expect(text).not.toMatch(/\\u00[01]/);
}

describe("a delivery", () => {
  it.each(VENDORS)("has a valid result for any response of %s", async (_name, make) => {
    await fc.assert(
      fc.asyncProperty(reply, async (answer) => {
        http.respondWith(answer);
        const [to, sent, connection] = make();
        const stored = { recipient: { connections: connection ? [connection] : [] }, tenant: {} };
        checkDelivery(await bench.send(to, sent, stored));
      }),
      getPropertyRuns(750),
    );
  });

  it("has a valid result for any response of APNs", async () => {
    const to = buildChannel("push", "apns", {
      bundle_id: "b",
      signing_key: "$EC",
      key_id: "k",
      team_id: "t",
      base_url: http2.url,
      timeout_ms: 2_000,
    });
    await fc.assert(
      fc.asyncProperty(reply, async ({ status, headers, text }) => {
        http2.respondWith({ status, headers, text });
        checkDelivery(await bench.send(to, push()));
      }),
      getPropertyRuns(750),
    );
  });
});
