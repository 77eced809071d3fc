import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Channel } from "../../src/domain/environment/environment.js";
import { publicConnection } from "../../src/domain/message/chat-connection.js";
import type { Message } from "../../src/domain/message/message.js";
import type { Json, JsonObject } from "../../src/util/json.js";
import { type HttpTarget, startHttpTarget } from "../helpers/http-target.js";
import { type Http2Target, startHttp2Target } from "../helpers/http2-target.js";
import { jsonWith } from "../helpers/json-arbitraries.js";
import { propertyRuns } from "../helpers/property-runs.js";
import { channel, email, message, ProviderBench } from "../helpers/provider-bench.js";

const SECRET = "the-secret-0123456789";
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" });

/** What answers of any of the providers are made of. */
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
];
const inner = fc.oneof(
  jsonWith(...KEYS),
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
  fc.tuple(object, fc.constantFrom("error", "errors", "data")).map(([one, name]) => ({ [name]: one })),
  fc.tuple(object, fc.constantFrom("errors", "data", "details")).map(([one, name]) => ({ [name]: [one, null] })),
  jsonWith(...KEYS),
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

let http: HttpTarget;
let http2: Http2Target;
let bench: ProviderBench;
beforeAll(async () => {
  http = await startHttpTarget();
  http2 = await startHttp2Target();
  const FCM = JSON.stringify({ client_email: "a@lark.test", private_key: rsa });
  bench = new ProviderBench({ KEY: SECRET, FCM, EC: String(ec) });
});
afterAll(async () => {
  await bench.close();
  await http.close();
  await http2.close();
});

const push = () => message("push", { token: "device-1", title: "T", body: "B", data: {} });
const chat = (connection: JsonObject): Message =>
  message("chat", { connection: publicConnection(connection), template: { blocks: [{ content: "x" }] } });
const settings = (more: JsonObject = {}): JsonObject => ({ base_url: http.url, timeout_ms: 2_000, ...more });
const BOT = { channel_id: "C1", ms_teams_channel_id: "19:x", access_token: SECRET };
const webhook = (): JsonObject => ({ incoming_webhook: { url: `${http.url}/${SECRET}` } });

const VENDORS: [string, () => [Channel, Message, JsonObject?]][] = [
  ["SendGrid", () => [channel("email", "sendgrid", settings({ api_key: "$KEY" })), email()]],
  ["Postmark", () => [channel("email", "postmark", settings({ api_key: "$KEY" })), email()]],
  ["Resend", () => [channel("email", "resend", settings({ api_key: "$KEY" })), email()]],
  [
    "Twilio",
    () => [
      channel("sms", "twilio", settings({ account_id: "AC", auth_token: "$KEY", from: "+1" })),
      message("sms", { to: "+2", body: "x" }),
    ],
  ],
  [
    "FCM",
    () => [
      channel(
        "push",
        "fcm",
        settings({ project_id: "p", service_account_json: "$FCM", token_url: `${http.url}/token` }),
      ),
      push(),
    ],
  ],
  ["Expo", () => [channel("push", "expo", settings({ auth_token: "$KEY" })), push()]],
  ["a Slack bot", () => [channel("chat", "slack", settings()), chat(BOT), BOT]],
  ["a Slack webhook", () => [channel("chat", "slack", settings()), chat(webhook()), webhook()]],
  ["a Discord bot", () => [channel("chat", "discord", settings({ bot_token: "$KEY" })), chat(BOT), BOT]],
  ["a Discord webhook", () => [channel("chat", "discord", settings()), chat(webhook()), webhook()]],
  [
    "a Teams bot",
    () => [
      channel("chat", "ms_teams", settings({ bot_id: "b", bot_password: "$KEY", token_url: `${http.url}/token` })),
      chat(BOT),
      BOT,
    ],
  ],
  ["a Teams webhook", () => [channel("chat", "ms_teams", settings()), chat(webhook()), webhook()]],
  [
    "a webhook",
    () => [
      channel("http", "webhook", { signing_key: "$KEY" }),
      message("http", { method: "post", url: `${http.url}/x`, body: {} }),
    ],
  ],
];

/** A delivery whose failure was foreseen: no fault of the code's, nothing secret, nothing a terminal would obey. */
function checkDelivery(delivery: unknown): void {
  const text = JSON.stringify(delivery);
  expect(delivery).toMatchObject({ status: expect.stringMatching(/^(sent|delivered|bounced|failed)$/) });
  expect(text).not.toMatch(/is not a function|Cannot (read|convert)|undefined|\[object/);
  expect(text).not.toContain(SECRET);
  expect(text).not.toMatch(/\\u00[01]/);
}

describe("whatever a server answers, a delivery comes of it", () => {
  it.each(VENDORS)("%s", async (_name, make) => {
    await fc.assert(
      fc.asyncProperty(reply, async (answer) => {
        http.answer(answer);
        const [to, sent, connection] = make();
        const stored = { recipient: { connections: connection ? [connection] : [] }, tenant: {} };
        checkDelivery(await bench.send(to, sent, stored));
      }),
      propertyRuns(750),
    );
  });

  it("APNs", async () => {
    const to = channel("push", "apns", {
      bundle_id: "b",
      signing_key: "$EC",
      key_id: "k",
      team_id: "t",
      base_url: http2.url,
      timeout_ms: 2_000,
    });
    await fc.assert(
      fc.asyncProperty(reply, async ({ status, headers, text }) => {
        http2.answer({ status, headers, text });
        checkDelivery(await bench.send(to, push()));
      }),
      propertyRuns(750),
    );
  });
});
