import { createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openVendor as openKnockWebhook } from "../../src/providers/http/knock-webhook/send.js";
import { SettingsReader } from "../../src/providers/settings-reader.js";
import type { JsonObject } from "../../src/util/json.js";
import {
  getTimeout,
  type HttpTestServer,
  startHttpTestServer,
  type TestResponse,
} from "../helpers/http-test-server.js";
import { buildChannel, buildMessage, MESSAGE_ID, NOW, ProviderHarness } from "../helpers/provider-harness.js";

const TOKEN = "twilio-token-0123";
const SIGNING_KEY = "whsec-0123456789";
let target: HttpTestServer;
let bench: ProviderHarness;
beforeEach(async () => {
  target = await startHttpTestServer();
  bench = new ProviderHarness({ TWILIO_TOKEN: TOKEN, HOOK_KEY: SIGNING_KEY });
});
afterEach(async () => {
  await bench.close();
  await target.close();
});

describe("Twilio", () => {
  const twilio = (settings: JsonObject = { from: "+15550009999" }) =>
    buildChannel("sms", "twilio", {
      account_sid: "AC1",
      auth_token: "$TWILIO_TOKEN",
      base_url: target.url,
      ...settings,
    });
  const sms = (more: JsonObject = {}) => buildMessage("sms", { to: "+15550000001", body: "Ping ✓", ...more });
  const queued = { status: 201, json: { sid: "SM1", status: "queued", error_code: null } };

  it("CH-110 sends a form with To, From and Body, and the account's credentials", async () => {
    target.respondWith(queued);
    expect(await bench.send(twilio(), sms())).toMatchObject({ status: "sent", metadata: { external_id: "SM1" } });
    const [request] = target.requests;
    expect(request).toMatchObject({
      method: "POST",
      path: "/2010-04-01/Accounts/AC1/Messages.json",
      form: { To: "+15550000001", From: "+15550009999", Body: "Ping ✓" },
    });
    expect(request?.headers["content-type"]).toBe("application/x-www-form-urlencoded");
    expect(request?.headers.authorization).toBe(`Basic ${Buffer.from(`AC1:${TOKEN}`).toString("base64")}`);
  });

  it("CH-110 sends from a messaging service or a short code instead of a number", async () => {
    target.respondWith(queued);
    await bench.send(twilio({ messaging_service_sid: "MG1" }), sms());
    await bench.send(twilio({ from: `MG${"a1".repeat(16)}` }), sms());
    await bench.send(twilio({ short_code: "12345" }), sms());
    expect(target.requests.map(({ form: { To: _to, Body: _body, ...sender } }) => sender)).toEqual([
      { MessagingServiceSid: "MG1" },
      { MessagingServiceSid: `MG${"a1".repeat(16)}` },
      { From: "12345" },
    ]);
  });

  it("E-182 sends rendered overrides as form fields", async () => {
    target.respondWith(queued);
    const to = twilio({ from: "+1", payload_overrides: '{"Attempt": {{ data.n }}}' });
    await bench.send(to, sms({ payload_overrides: { StatusCallback: "https://c", Attempt: 1 } }));
    await bench.send(to, sms({ payload_overrides: { MediaUrl: ["https://a", "https://b"], Body: "Other" } }));
    expect(target.requests[0]?.form).toMatchObject({ StatusCallback: "https://c", Attempt: "1", Body: "Ping ✓" });
    const second = new URLSearchParams(target.requests[1]?.text);
    expect(second.getAll("MediaUrl")).toEqual(["https://a", "https://b"]);
    expect([second.get("Body"), second.get("StatusCallback")]).toEqual(["Other", null]);
  });

  const error = (status: number, code: number): TestResponse => ({ status, json: { code, message: "said", status } });
  it.each([
    ["CH-044 an invalid number", error(400, 21211), { status: "bounced", reason: "Twilio: said (code 21211)" }],
    ["CH-044 a number that is not mobile", error(400, 21614), { status: "bounced" }],
    ["CH-044 an unsubscribed number", error(400, 21610), { status: "bounced" }],
    ["another error in the request", error(400, 21603), { status: "failed", retryable: false }],
    ["bad credentials", error(401, 20003), { status: "failed", retryable: false }],
    [
      "CH-042 too many requests",
      { ...error(429, 20429), headers: { "retry-after": "3" } },
      { status: "failed", retryable: true, retry_after_ms: 3_000 },
    ],
    ["CH-042 an error of the API", error(503, 20503), { status: "failed", retryable: true }],
    ["no response", { fault: "silent" }, { status: "failed", retryable: true }],
    ["a success response of another server", { text: "hi" }, { status: "failed", retryable: true }],
    [
      "E-214 failed at once",
      { status: 201, json: { sid: "SM1", status: "failed", error_code: 30005, error_message: "Unknown" } },
      { status: "bounced", reason: "Twilio: Unknown (code 30005)" },
    ],
    [
      "E-214 undelivered at once",
      { status: 201, json: { sid: "SM1", status: "undelivered", error_code: 30007 } },
      { status: "failed", retryable: false },
    ],
    ["E-214 delivered at once", { status: 201, json: { sid: "SM1", status: "delivered" } }, { status: "delivered" }],
  ] as [string, TestResponse, JsonObject][])("maps the response: %s", async (_title, reply, expected) => {
    target.respondWith(reply, queued);
    const to = twilio({ from: "+1", timeout_ms: getTimeout(reply) });
    expect(await bench.send(to, sms())).toMatchObject(expected);
    expect(await bench.send(twilio({ from: "+1" }), sms())).toMatchObject({ status: "sent" });
  });
});

describe("a webhook", () => {
  const hook = (settings: JsonObject = {}) => buildChannel("http", "http_knock_webhook", settings);
  const request = (more: JsonObject = {}) =>
    buildMessage("http", {
      method: "post",
      url: `${target.url}/in`,
      headers: [],
      query_params: [],
      body: { a: [1, "é"] },
      ...more,
    });

  it("E-206 CH-200 CH-202 sends method, URL with query, headers and a JSON body, and treats 2xx as delivered", async () => {
    target.respondWith({ status: 204 });
    const sent = request({
      method: "put",
      url: `${target.url}/in?x=1`,
      query_params: [{ key: "q", value: "a b&c" }],
      headers: [
        { key: "X-Team", value: "North" },
        { key: "Content-Length", value: "999" },
        { key: "", value: "nothing" },
      ],
    });
    expect(await bench.send(hook(), sent)).toEqual({ status: "delivered" });
    const [got] = target.requests;
    expect(got).toMatchObject({ method: "PUT", path: "/in?x=1&q=a+b%26c", json: { a: [1, "é"] } });
    expect(got?.headers).toMatchObject({
      "content-type": "application/json",
      "x-team": "North",
      "idempotency-key": MESSAGE_ID,
    });
    expect(got?.headers["x-webhook-signature"]).toBeUndefined();
  });

  it("E-195 CH-205 CHQ-3 CHQ-4 signs exactly the bytes of the body, or an empty text without a body", async () => {
    const signed = hook({ signing_key: "$HOOK_KEY" });
    await bench.send(signed, request());
    await bench.send(signed, request({ method: "get", body: null }));
    const [post, get] = target.requests;
    for (const got of [post, get]) {
      const [, t, s] = /^t=(\d+),s=(.+)$/.exec(String(got?.headers["x-webhook-signature"])) ?? [];
      expect(Number(t)).toBe(NOW);
      expect(s).toBe(createHmac("sha256", SIGNING_KEY).update(`${t}.${got?.text}`).digest("base64"));
    }
    expect(post?.text).toBe('{"a":[1,"é"]}');
    expect(get).toMatchObject({ method: "GET", text: "" });
  });

  it("E-195 signs with a key from Liquid, and sends nothing unsigned without it", async () => {
    const signed = hook({ signing_key: "{{ recipient.key }}" });
    await bench.send(signed, { ...request(), secrets: { signing_key: "key-of-ada" } });
    const [got] = target.requests;
    const [, t, s] = /^t=(\d+),s=(.+)$/.exec(String(got?.headers["x-webhook-signature"])) ?? [];
    expect(s).toBe(createHmac("sha256", "key-of-ada").update(`${t}.${got?.text}`).digest("base64"));
    expect(await bench.send(signed, request())).toMatchObject({ status: "failed", retryable: false });
    expect(target.requests).toHaveLength(1);
  });

  const answers = (status: number, expected: JsonObject) => [`${status}`, { status }, expected] as const;
  const final = { status: "failed", retryable: false };
  const passing = { status: "failed", retryable: true };
  it.each<readonly [string, TestResponse, JsonObject]>([
    ...[401, 403, 404, 405].map((status) => answers(status, final)),
    ...[301, 307, 400, 409, 422, 500, 502].map((status) => answers(status, passing)),
    ["429", { status: 429, headers: { "retry-after": "2" } }, { ...passing, retry_after_ms: 2_000 }],
    ["no response", { fault: "silent" }, passing],
    ["a closed connection", { fault: "drop" }, passing],
  ])("C-175 E-211 CH-203 CH-204 retries after: %s", async (_title, reply, expected) => {
    target.respondWith({ ...reply, headers: { location: "/elsewhere", ...reply.headers } });
    expect(await bench.send(hook({ timeout_ms: getTimeout(reply) }), request())).toMatchObject(expected);
    expect(target.requests).toHaveLength(1);
  });

  it.each([
    ["", "is not valid"],
    ["/relative", "is not valid"],
    ["https://", "is not valid"],
    ["ftp://lark.test/", "must start with https://"],
    ["file:///etc/passwd", "must start with https://"],
    ["http://lark.test/", "plain http goes to this machine only (lark.test)"],
    ["http://127.0.0.1.lark.test/", "plain http goes to this machine only"],
  ])("C-155 CH-203 CH-207 fails for good with the URL %j", async (url, reason) => {
    const delivery = await bench.send(hook(), request({ url }));
    expect(delivery).toMatchObject({ ...final, reason: expect.stringContaining(reason) });
  });

  it.each([
    ["ENOTFOUND", false],
    ["EAI_AGAIN", true],
  ])(
    "CH-203 fails for good if a host does not resolve, and retries if the resolver fails: %s",
    async (code, retryable) => {
      // Tests do not use the machine's resolver, so only its result is tested.
      const hooks = openKnockWebhook(new SettingsReader(hook(), {}), {
        sendRequest: async () => ({ failure: "connection", message: `getaddrinfo ${code}`, code }),
        now: () => NOW,
        onClose: () => undefined,
        record: () => undefined,
      });
      const delivery = hooks.send(request({ url: "https://lark.test/" }), hook(), { recipient: {}, tenant: {} });
      await expect(delivery).rejects.toMatchObject({ delivery: { status: "failed", retryable } });
    },
  );

  it("CH-208 CHQ-9 allows plain http to localhost unless disabled", async () => {
    expect(await bench.send(hook({ allow_http: false }), request())).toMatchObject(final);
    expect(target.requests).toHaveLength(0);
    expect(await bench.send(hook({ allow_http: true }), request())).toEqual({ status: "delivered" });
  });

  it("rejects a header with a line break without a request", async () => {
    const delivery = await bench.send(hook(), request({ headers: [{ key: "X-A", value: "b\r\nX-Evil: c" }] }));
    expect(delivery).toMatchObject(final);
    expect(target.requests).toHaveLength(0);
  });
});
