import { generateKeyPairSync } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { flattenData } from "../../src/providers/push/fcm/send.js";
import type { JsonObject } from "../../src/util/json.js";
import { type HttpTestServer, startHttpTestServer, type TestResponse } from "../helpers/http-test-server.js";
import { type Http2TestResponse, type Http2TestServer, startHttp2TestServer } from "../helpers/http2-test-server.js";
import { buildChannel, buildMessage, MESSAGE_ID, NOW, ProviderHarness } from "../helpers/provider-harness.js";
import { verifyJwt } from "../helpers/verify-jwt.js";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const RSA_PEM = rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const EC_PEM = ec.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const ACCOUNT = { client_email: "push@lark.test", private_key: RSA_PEM, private_key_id: "kid-1" };

const MINUTE = 60_000;
const push = (more: JsonObject = {}) =>
  buildMessage("push", { token: "device-1", title: "T", body: "B", data: { page: "Home", n: 1 }, ...more });
const silent = (more: JsonObject = {}) => push({ title: "", body: "", ...more });

/**
 * Short only where nothing but the timeout ends the request, because other responses may be late on a busy machine. The next
 * message of the channel has the same limit.
 */
const timeoutFor = ({ fault }: TestResponse | Http2TestResponse): number =>
  fault === "silent" || fault === "endless" ? 1_500 : 30_000;

let target: HttpTestServer;
let bench: ProviderHarness;
beforeEach(async () => {
  target = await startHttpTestServer();
  bench = new ProviderHarness({
    FCM_ACCOUNT: JSON.stringify(ACCOUNT),
    APNS_KEY: EC_PEM.replaceAll("\n", "\\n"),
    EXPO_TOKEN: "expo-token-01",
  });
});
afterEach(async () => {
  await bench.close();
  await target.close();
});

it("C-160 CH-140 E-183 flattenData converts data to texts", () => {
  expect(flattenData({ a: { b: [1, false] }, c: "x", d: null, e: {}, f: [] })).toEqual({
    "a.b.0": "1",
    "a.b.1": "false",
    c: "x",
    d: "null",
  });
});

describe("FCM", () => {
  let tokens: HttpTestServer;
  beforeEach(async () => {
    tokens = await startHttpTestServer();
    tokens.respondWith({ json: { access_token: "access-token-1", expires_in: 3600, token_type: "Bearer" } });
  });
  afterEach(() => tokens.close());
  const fcm = (settings: JsonObject = {}) =>
    buildChannel("push", "push_fcm", {
      project_id: "lark",
      service_account_json: "$FCM_ACCOUNT",
      base_url: target.url,
      token_url: `${tokens.url}/token`,
      ...settings,
    });
  const ok: TestResponse = { json: { name: "projects/lark/messages/1" } };

  it("CH-140 CH-131 sends a v1 message with notification and flattened data, with a token for the service account", async () => {
    target.respondWith(ok);
    expect(await bench.send(fcm(), push())).toEqual({
      status: "sent",
      metadata: { external_id: "projects/lark/messages/1" },
    });
    expect(target.requests[0]).toMatchObject({ method: "POST", path: "/v1/projects/lark/messages:send" });
    expect(target.requests[0]?.headers.authorization).toBe("Bearer access-token-1");
    expect(target.requests[0]?.json).toEqual({
      message: {
        token: "device-1",
        notification: { title: "T", body: "B" },
        data: { page: "Home", n: "1", knock_message_id: MESSAGE_ID },
      },
    });
    const { form } = tokens.requests[0] ?? { form: {} as Record<string, string> };
    expect(form.grant_type).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
    expect(verifyJwt(form.assertion ?? "", rsa.privateKey)).toEqual({
      header: { typ: "JWT", alg: "RS256", kid: "kid-1" },
      claims: {
        iss: "push@lark.test",
        scope: "https://www.googleapis.com/auth/firebase.messaging",
        aud: `${tokens.url}/token`,
        iat: NOW / 1_000,
        exp: NOW / 1_000 + 3_600,
      },
    });
  });

  it("CH-132 sends a silent push as data only; CH-133 merges overrides or replaces with them", async () => {
    target.respondWith(ok);
    await bench.send(fcm(), silent());
    await bench.send(fcm(), push({ payload_overrides: { notification: { body: "X" }, android: { ttl: "1s" } } }));
    const replacing = { __strategy__: "replace", notification: { body: "X" } };
    await bench.send(fcm(), push({ payload_overrides: replacing }));
    const [first, second, third] = target.requests.map(({ json }) => json.message as JsonObject);
    expect(first).not.toHaveProperty("notification");
    expect(second).toMatchObject({ notification: { title: "T", body: "X" }, android: { ttl: "1s" } });
    expect(third?.notification).toEqual({ body: "X" });
    expect(JSON.stringify(target.requests[2]?.json)).not.toContain("__strategy__");
  });

  it("reuses a token until it is about to expire, also for concurrent messages", async () => {
    target.respondWith(ok);
    await Promise.all([bench.send(fcm(), push()), bench.send(fcm(), push())]);
    bench.now += 58 * MINUTE;
    await bench.send(fcm(), push());
    expect(tokens.requests).toHaveLength(1);
    bench.now += 90_000;
    await bench.send(fcm(), push());
    expect(tokens.requests).toHaveLength(2);
  });

  it("replaces a token that is no longer accepted, and tries again", async () => {
    const unauthenticated = { status: 401, json: { error: { message: "expired", status: "UNAUTHENTICATED" } } };
    target.respondWith(unauthenticated, ok);
    expect(await bench.send(fcm(), push())).toMatchObject({ status: "failed", retryable: true });
    expect(await bench.send(fcm(), push())).toMatchObject({ status: "sent" });
    expect(tokens.requests).toHaveLength(2);
  });

  const error = (status: number, code: string, text = "said", more: JsonObject = {}): TestResponse => ({
    status,
    json: {
      error: {
        status: code,
        message: text,
        details: [{ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", errorCode: code, ...more }],
      },
    },
  });
  it.each([
    [
      "a device that no longer exists",
      error(404, "UNREGISTERED"),
      { status: "bounced", token: "device-1", reason: "Firebase: said (code UNREGISTERED)" },
    ],
    [
      "an invalid token",
      error(400, "INVALID_ARGUMENT", "The registration token is not a valid FCM registration token"),
      { status: "bounced", token: "device-1" },
    ],
    [
      "another invalid argument",
      error(400, "INVALID_ARGUMENT", "Invalid data payload key: from"),
      { retryable: false },
    ],
    ["another sender's token", error(403, "SENDER_ID_MISMATCH"), { retryable: false }],
    ["Apple's credentials", error(401, "THIRD_PARTY_AUTH_ERROR"), { retryable: false }],
    [
      "a quota",
      { ...error(429, "QUOTA_EXCEEDED"), headers: { "retry-after": "60" } },
      { retryable: true, retry_after_ms: 60_000 },
    ],
    ["an overloaded server", error(503, "UNAVAILABLE"), { retryable: true }],
    ["no response", { fault: "silent" }, { retryable: true }],
    ["a success response of another server", { text: "<html>" }, { retryable: true }],
  ] as [string, TestResponse, JsonObject][])("CH-140 CH-042 maps the response: %s", async (_title, reply, expected) => {
    target.respondWith(reply, ok);
    const channel = fcm({ timeout_ms: timeoutFor(reply) });
    expect(await bench.send(channel, push())).toMatchObject(expected);
    expect(await bench.send(channel, push())).toMatchObject({ status: "sent" });
  });

  it.each([
    ["a refused account", { status: 400, json: { error: "invalid_grant", error_description: "Invalid JWT" } }, false],
    ["a fault of theirs", { status: 500 }, true],
    ["no token", { json: {} }, true],
  ] as [string, TestResponse, boolean][])("maps the token server's response: %s", async (_title, reply, retryable) => {
    tokens.respondWith(reply);
    expect(await bench.send(fcm(), push())).toMatchObject({ status: "failed", retryable });
    expect(target.requests).toHaveLength(0);
  });

  it.each([
    ["not JSON", "settings.service_account_json is not a JSON object"],
    ["{}", "has no client_email or private_key"],
    [JSON.stringify({ client_email: "a", private_key: "secret-key" }), "private_key is not a private key in PEM form"],
  ])("fails for good with an invalid service account: %j", async (value, reason) => {
    const other = new ProviderHarness({ FCM_ACCOUNT: value });
    const delivery = await other.send(fcm(), push());
    expect(delivery).toMatchObject({ retryable: false, reason: expect.stringContaining(reason) });
    expect(JSON.stringify(delivery)).not.toContain("secret-key");
    await other.close();
  });
});

describe("APNs", () => {
  let apple: Http2TestServer;
  beforeEach(async () => {
    apple = await startHttp2TestServer();
  });
  afterEach(() => apple.close());
  const apns = (settings: JsonObject = {}) =>
    buildChannel("push", "push_apns", {
      bundle_id: "test.lark.app",
      signing_key: "$APNS_KEY",
      key_id: "ABCDE12345",
      team_id: "TEAM123456",
      base_url: apple.url,
      ...settings,
    });
  const bearer = (index: number): string =>
    String(apple.requests[index]?.headers.authorization).replace(/^bearer /, "");

  it("CH-141 CH-131 sends one request per device over one HTTP/2 session, with a signed provider token", async () => {
    apple.respondWith({ headers: { "apns-id": "a1" } });
    expect(await bench.send(apns(), push())).toEqual({ status: "sent", metadata: { external_id: "a1" } });
    await bench.send(apns(), push({ token: "device-2" }));
    const [first, second] = apple.requests;
    expect(first?.headers).toMatchObject({
      ":method": "POST",
      ":path": "/3/device/device-1",
      "apns-topic": "test.lark.app",
      "apns-push-type": "alert",
      "apns-priority": "10",
    });
    expect(first?.headers["apns-id"]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5/);
    expect(second?.headers).toMatchObject({ ":path": "/3/device/device-2", "apns-id": first?.headers["apns-id"] });
    expect(first?.json).toEqual({
      page: "Home",
      n: 1,
      knock_message_id: MESSAGE_ID,
      aps: { alert: { title: "T", body: "B" } },
    });
    expect(verifyJwt(bearer(0), ec.privateKey)).toEqual({
      header: { typ: "JWT", alg: "ES256", kid: "ABCDE12345" },
      claims: { iss: "TEAM123456", iat: NOW / 1_000 },
    });
    expect(apple.sessions).toBe(1);
  });

  it("reuses the provider token for at least 20 and less than 60 minutes", async () => {
    for (const minutes of [0, 20, 15, 24]) {
      bench.now += minutes * MINUTE;
      await bench.send(apns(), push());
    }
    expect(bearer(1)).toBe(bearer(0));
    expect(bearer(2)).toBe(bearer(0));
    expect(bearer(3)).not.toBe(bearer(0));
  });

  it("CH-132 sends a silent push as a background push; CH-141 reads headers, aps and more from overrides", async () => {
    await bench.send(apns(), silent());
    const payload_overrides = {
      headers: { "apns-priority": 5, "apns-collapse-id": "c", host: "evil.test" },
      aps: { badge: 2 },
      extra: true,
    };
    await bench.send(apns(), push({ payload_overrides }));
    const [first, second] = apple.requests;
    expect(first?.headers).toMatchObject({ "apns-push-type": "background", "apns-priority": "5" });
    expect(first?.json.aps).toEqual({ "content-available": 1 });
    expect(second?.headers).toMatchObject({ "apns-priority": "5", "apns-collapse-id": "c" });
    expect(second?.headers).not.toHaveProperty("host", "evil.test");
    expect(second?.json).toMatchObject({ aps: { alert: { title: "T" }, badge: 2 }, extra: true });
  });

  const reason = (status: number, text: string): Http2TestResponse => ({ status, json: { reason: text } });
  it.each([
    ["410", reason(410, "Unregistered"), { status: "bounced", token: "device-1", reason: "APNs: Unregistered" }],
    ["a bad token", reason(400, "BadDeviceToken"), { status: "bounced", token: "device-1" }],
    ["another app's token", reason(400, "DeviceTokenNotForTopic"), { status: "bounced" }],
    ["a message that is too large", reason(413, "PayloadTooLarge"), { status: "failed", retryable: false }],
    ["a rejected key", reason(403, "InvalidProviderToken"), { status: "failed", retryable: false }],
    ["an old token", reason(403, "ExpiredProviderToken"), { status: "failed", retryable: true }],
    [
      "too many requests",
      { ...reason(429, "TooManyRequests"), headers: { "retry-after": "5" } },
      { status: "failed", retryable: true, retry_after_ms: 5_000 },
    ],
    ["an overloaded server", reason(503, "ServiceUnavailable"), { status: "failed", retryable: true }],
    ["no response", { fault: "silent" }, { status: "failed", retryable: true }],
    ["a session that the server ends", { fault: "goaway" }, { status: "failed", retryable: true }],
    ["a stream that is reset", { fault: "reset" }, { status: "failed", retryable: true }],
    ["an endless response", { fault: "endless" }, { status: "failed", retryable: true }],
  ] as [string, Http2TestResponse, JsonObject][])(
    "CH-044 CH-042 maps the response: %s",
    async (_title, reply, expected) => {
      apple.respondWith(reply, {});
      const channel = apns({ timeout_ms: timeoutFor(reply) });
      expect(await bench.send(channel, push())).toMatchObject(expected);
      expect(await bench.send(channel, push())).toMatchObject({ status: "sent" });
    },
  );

  it("retries when the connection is refused, and fails for good with an invalid key or a header with a line break", async () => {
    const { url } = apple;
    await apple.close();
    expect(await bench.send(apns({ base_url: url }), push())).toMatchObject({ status: "failed", retryable: true });
    const other = new ProviderHarness({ APNS_KEY: "no key at all" });
    expect(await other.send(apns(), push())).toMatchObject({ status: "failed", retryable: false });
    apple = await startHttp2TestServer();
    const evil = push({ payload_overrides: { headers: { "apns-collapse-id": "a\r\nx: y" } } });
    expect(await bench.send(apns(), evil)).toMatchObject({ status: "failed", retryable: false });
    expect(apple.requests).toHaveLength(0);
  });
});

describe("Expo", () => {
  const expo = (settings: JsonObject = {}) =>
    buildChannel("push", "push_expo", { auth_token: "$EXPO_TOKEN", base_url: target.url, ...settings });
  const ok: TestResponse = { json: { data: { status: "ok", id: "x1" } } };

  it("CH-142 CH-131 sends a push/send request; CH-132 only wakes the app for a silent one", async () => {
    target.respondWith(ok, { json: { data: [{ status: "ok", id: "x2" }] } });
    expect(await bench.send(expo(), push())).toEqual({ status: "sent", metadata: { external_id: "x1" } });
    expect(await bench.send(expo(), silent({ payload_overrides: { priority: "high" } }))).toMatchObject({
      metadata: { external_id: "x2" },
    });
    const [first, second] = target.requests;
    expect(first).toMatchObject({ method: "POST", path: "/--/api/v2/push/send" });
    expect(first?.headers.authorization).toBe("Bearer expo-token-01");
    const data = { page: "Home", n: 1, knock_message_id: MESSAGE_ID };
    expect(first?.json).toEqual({ to: "device-1", title: "T", body: "B", data });
    expect(second?.json).toEqual({ to: "device-1", _contentAvailable: true, data, priority: "high" });
  });

  const ticket = (error: string): TestResponse => ({
    json: { data: { status: "error", message: "said", details: { error } } },
  });
  it.each([
    [
      "a device that no longer exists",
      ticket("DeviceNotRegistered"),
      { status: "bounced", token: "device-1", reason: "Expo: said (code DeviceNotRegistered)" },
    ],
    ["a message that is too large", ticket("MessageTooBig"), { status: "failed", retryable: false }],
    ["bad credentials", ticket("InvalidCredentials"), { status: "failed", retryable: false }],
    ["too many to one device", ticket("MessageRateExceeded"), { status: "failed", retryable: true }],
    [
      "too many requests",
      { status: 429, headers: { "retry-after": "1" }, json: { errors: [{ code: "TOO_MANY_REQUESTS", message: "m" }] } },
      { status: "failed", retryable: true, retry_after_ms: 1_000 },
    ],
    [
      "a bad request",
      { status: 400, json: { errors: [{ code: "VALIDATION_ERROR", message: "m" }] } },
      { retryable: false },
    ],
    ["an overloaded server", { status: 502 }, { status: "failed", retryable: true }],
    ["no ticket", { json: {} }, { status: "failed", retryable: true }],
    ["no response", { fault: "silent" }, { status: "failed", retryable: true }],
  ] as [string, TestResponse, JsonObject][])("CH-044 CH-042 maps the response: %s", async (_title, reply, expected) => {
    target.respondWith(reply, ok);
    const channel = expo({ timeout_ms: timeoutFor(reply) });
    expect(await bench.send(channel, push())).toMatchObject(expected);
    expect(await bench.send(channel, push())).toMatchObject({ status: "sent" });
  });
});
