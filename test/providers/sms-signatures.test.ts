import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { ProviderWebhook } from "../../src/ports/provider.js";
import type { JsonObject } from "../../src/util/json.js";
import { buildChannel, MESSAGE_ID, ProviderHarness } from "../helpers/provider-harness.js";

/** Reads a webhook with a key at a time, in seconds since 1970. */
async function read(provider: string, settings: JsonObject, key: string, at: number, webhook: ProviderWebhook) {
  const harness = new ProviderHarness({ KEY: key });
  harness.now = at * 1_000;
  return harness.readEvents(buildChannel("sms", provider, settings), webhook);
}

// https://github.com/messagebird/messagebird-nodejs/blob/master/lib/testdata/webhook-signature-jwt-reference.json
describe("the signature of MessageBird", () => {
  const KEY = "36efdd1aace2e26cd490f0d951138253bef2f7c6d34d18981da781555cc4cebb";
  const HEADER = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
  const SORTED_URL = "https://example.com/path?bar=1&foo=2";
  const NO_BODY =
    "eyJpc3MiOiJNZXNzYWdlQmlyZCIsIm5iZiI6MTYyNTQ3OTIwMCwiZXhwIjoxNjI1NDc5MjYwLCJqdGkiOiJjOTQ2YWY3Ny1lMTgyLTRlYWEtYjJmZi0xYTU0NWI1ZTk5MWEiLCJ1cmxfaGFzaCI6IjQxZjA1ZjBkZGQwYTIyYWIyMDlhYzQ2ZjQ3YzQ1NzJkOWNlZmEyNTdlZDc0YjI0MDA0YmFlNzUzZWNlNmMyNjAifQ.huo2ou6JDoDc7sV25d75UMWeYhBeavQlLsqIibSZuac";
  const WITH_BODY =
    "eyJpc3MiOiJNZXNzYWdlQmlyZCIsIm5iZiI6MTYyNTQ3OTIwMCwiZXhwIjoxNjI1NDc5MjYwLCJqdGkiOiI5M2U1NTAwNi1hMGU4LTQ1MjYtYTE5MC1mYTVmZjAwZWExMTYiLCJ1cmxfaGFzaCI6IjQxZjA1ZjBkZGQwYTIyYWIyMDlhYzQ2ZjQ3YzQ1NzJkOWNlZmEyNTdlZDc0YjI0MDA0YmFlNzUzZWNlNmMyNjAiLCJwYXlsb2FkX2hhc2giOiJkZmZkNjAyMWJiMmJkNWIwYWY2NzYyOTA4MDllYzNhNTMxOTFkZDgxYzdmNzBhNGIyODY4OGEzNjIxODI5ODZmIn0._H--TOuYFLpeEH39-rg5E3IHVkjHozBcaKVWPRC5m9I";
  const EXPIRED =
    "eyJpc3MiOiJNZXNzYWdlQmlyZCIsIm5iZiI6MTYyNTQ3NTYwMCwiZXhwIjoxNjI1NDc1NjYwLCJqdGkiOiI1ZjAyZjUyMi02MDMwLTQ2YzgtYjVhMy0wMTI0NjQ3OGQ4YmMiLCJ1cmxfaGFzaCI6IjBmMTE1ZGIwNjJiN2MwZGQwMzBiMTY4NzhjOTlkZWE1YzM1NGI0OWRjMzdiMzhlYjg4NDYxNzljNzc4M2U5ZDcifQ.45MSST3B_2PsjNUeiuW54_vUQgVw4rBXrdWrOUEz3lM";
  const check = (url: string, token: string, body = "") =>
    read("sms_messagebird", { api_key: "$KEY", sender_id: "Lark", webhook_signing_key: "$KEY" }, KEY, 1_625_479_200, {
      url,
      body,
      headers: { "messagebird-signature-jwt": `${HEADER}.${token}` },
    });

  it("accepts the vendor's valid vectors", async () => {
    expect(await check(SORTED_URL, NO_BODY)).toEqual([]);
    expect(await check(SORTED_URL, WITH_BODY, "Hello, World!")).toEqual([]);
  });

  it.each([
    ["of another URL", "https://example.com/path?foo=1&bar=2", NO_BODY, "", "another request"],
    ["of another body", SORTED_URL, WITH_BODY, "Hello, Mars!", "another request"],
    ["without the body", SORTED_URL, NO_BODY, "Hello, World!", "another request"],
    ["that has expired", "https://example.com/", EXPIRED, "", "60 minutes old"],
    ["that was changed", SORTED_URL, NO_BODY.replace("eyJpc3", "eyJpc4"), "", "signature is wrong"],
  ])("refuses a token %s", async (_title, url, token, body, reason) => {
    await expect(check(url, token, body)).rejects.toThrow(reason);
  });
});

// https://github.com/plivo/plivo-go/blob/master/utils_test.go
describe("the signature of Plivo", () => {
  const SETTINGS = { authentication_id: "MA1", authentication_token: "$KEY", sender_id: "Lark" };
  const NONCE = "31627761595286130198";
  const BASE = "https://plivobin.non-prod.plivops.com/api/v1/validate_signature03.xml";
  const CALL = "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36";
  const SIP = "PlivoSignature382029104058171078704104";
  const FIELDS = new URLSearchParams({
    Direction: "outbound",
    From: "19792014278",
    ALegUUID: CALL,
    CallStatus: "in-progress",
    BillRate: "0.002",
    ParentAuthID: "MANWVLYTK4ZWU1YTY4QA",
    To: `sip:${SIP}@phone-qa.voice.plivodev.com`,
    ALegRequestUUID: CALL,
    CallUUID: CALL,
    RequestUUID: CALL,
    "SIP-H-To": `<sip:${SIP}@52.9.11.55;transport=udp>;tag=1`,
    SessionStart: "2020-04-08 11:34:33.238707",
    Event: "StartApp",
  }).toString();
  const check = (version: "v2" | "v3", key: string, url: string, nonce: string, signature: string, body = "") => {
    const header = `x-plivo-signature-${version}`;
    return read("sms_plivo", SETTINGS, key, 0, {
      url,
      body,
      headers: { [header]: signature, [`${header}-nonce`]: nonce },
    });
  };

  it("accepts the vendor's valid vectors of version 2, and no others", async () => {
    const [first, second] = [
      "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc=",
      "LDphWoWimP4QM5AoWI1uwP6WmlWtt5ITPZjXIWYvCNU=",
    ];
    const checkOld = (url: string, nonce: string, signature: string) =>
      check("v2", "my_auth_token", url, nonce, signature);
    expect(await checkOld("https://answer.url", "12345", first)).toEqual([]);
    expect(await checkOld("https://answer.url:8000", "24725744043720739450", second)).toEqual([]);
    // Plivo signs with each token while a token is replaced.
    expect(await checkOld("https://answer.url", "12345", `${second}, ${first}`)).toEqual([]);
    await expect(checkOld("https://answer.url:8000", "12345", first)).rejects.toThrow("signature is wrong");
    await expect(checkOld("https://answer.url", "123456", first)).rejects.toThrow("signature is wrong");
  });

  it.each([
    ["with a query", `${BASE}/?a=b&c=d`, "k7Pusd4OxCIjR5IfA9iedDNu/h/gbdYqdzG/MiYtd1c="],
    ["without a query", BASE, "iAjE5QqI37mbkYe4w3jTMudqEzbDufdqi7sYwTu64e0="],
  ])("accepts the vendor's vector of version 3 %s, and no other body or query", async (_title, url, signature) => {
    const checkNew = (to: string, body: string) =>
      check("v3", "Y2Q2ZDgxZmY5YWRiOTI5YmQ1Njg0MTAxZWIyOTc4", to, NONCE, signature, body);
    expect(await checkNew(url, FIELDS)).toEqual([]);
    await expect(checkNew(url, FIELDS.replace("in-progress", "delivered"))).rejects.toThrow("signature is wrong");
    await expect(checkNew(`${BASE}?message_id=1`, FIELDS)).rejects.toThrow("signature is wrong");
  });
});

// https://github.com/Vonage/vonage-ruby-sdk/blob/7.x/test/vonage/signature_test.rb
describe("the signature of Vonage", () => {
  const AT = 1_385_047_698;
  const FIELDS = {
    "message-timestamp": "2013-11-21 15:27:30",
    messageId: "020000001B0FE827",
    msisdn: "14843472194",
    text: "Test again",
    timestamp: String(AT),
    to: "13239877404",
    type: "text",
  };
  const SIG = "DDB8397C2B90AAC7F3882D306475C9A5058C92322EEF43C92B298B6E0FC0D330";
  const SETTINGS = { api_key: "12345", api_secret: "$KEY", sender_id: "Lark", webhook_signing_key: "$KEY" };
  const check = (fields: Record<string, string>, url = "https://hooks.lark.test/") => {
    const body = new URLSearchParams(fields).toString();
    return read("sms_vonage", SETTINGS, "my_secret_key_for_testing", AT, { url, headers: {}, body });
  };

  it("accepts the vendor's vector as a form, and in the query", async () => {
    expect(await check({ ...FIELDS, sig: SIG })).toEqual([]);
    expect(await check({}, `https://hooks.lark.test/?${new URLSearchParams({ ...FIELDS, sig: SIG })}`)).toEqual([]);
  });

  it.each(["2013-11-21 15:27:30", "2013-11-21 15:27:30 +0000", "2013-11-21T15:27:30Z"])(
    "has the time %s in UTC",
    async (time) => {
      const zone = process.env.TZ;
      process.env.TZ = "Asia/Tokyo";
      try {
        const fields = {
          "client-ref": MESSAGE_ID,
          "message-timestamp": time,
          status: "delivered",
          timestamp: String(AT),
        };
        const signed = Object.entries(fields)
          .map(([name, value]) => `&${name}=${value}`)
          .join("");
        const sig = createHmac("sha256", "my_secret_key_for_testing").update(signed).digest("hex");
        expect(await check({ ...fields, sig })).toMatchObject([{ at: Date.UTC(2013, 10, 21, 15, 27, 30) }]);
      } finally {
        if (zone === undefined) delete process.env.TZ;
        else process.env.TZ = zone;
      }
    },
  );

  it("refuses another message, and the vendor's vector for an MD5 hash", async () => {
    const refused = "signature is wrong";
    await expect(check({ ...FIELDS, sig: SIG, "client-ref": MESSAGE_ID })).rejects.toThrow(refused);
    await expect(check({ ...FIELDS, sig: "d2e7b1dc968737c5998ad624e02f90b7" })).rejects.toThrow(refused);
  });
});

// https://github.com/sinch/sinch-sdk-node/blob/main/packages/sms/tests/rest/v1/callbacks/callbacks-webhook.test.ts
describe("the signature of Sinch", () => {
  const BODY =
    '{"at":"2025-01-13T09:22:40.914Z","batch_id":"01JHFFHQ0P99JPPNQPJDV7JTBP","client_reference":"a client reference","code":0,"operator_status_at":"2025-01-13T09:22:00Z","recipient":"33662162466","status":"Delivered","type":"recipient_delivery_report_sms"}';
  const AT = 1_736_760_161;
  const check = (body: string, at = AT) =>
    read(
      "sms_sinch",
      { api_token: "$KEY", service_plan_id: "p", region: "eu", webhook_signing_key: "$KEY" },
      ...(["SMSWebhooksSecret", at] as const),
      {
        url: "https://hooks.lark.test/",
        headers: {
          "x-sinch-webhook-signature": "ZoHei66PPN/kZjw7hFVfGhJOnml3iGNCMWoyQVcE5o0=",
          "x-sinch-webhook-signature-nonce": "01JHFFHWYY7HSS4FWTMDTQEK8V",
          "x-sinch-webhook-signature-timestamp": String(AT),
        },
        body,
      },
    );

  it("accepts the vendor's vector within 15 minutes, and no other body", async () => {
    const delivered = {
      message_id: "a client reference",
      type: "delivered",
      at: Date.parse("2025-01-13T09:22:40.914Z"),
    };
    expect(await check(BODY)).toEqual([delivered]);
    expect(await check(BODY, AT - 14 * 60)).toEqual([delivered]);
    await expect(check(BODY, AT + 20 * 60)).rejects.toThrow("20 minutes old");
    await expect(check(BODY, AT - 20 * 60)).rejects.toThrow("20 minutes ahead");
    await expect(check(BODY.replace("Delivered", "Failed"))).rejects.toThrow("signature is wrong");
  });
});

// https://github.com/messagemedia/webhooks-demo/blob/master/signed-webhook-handler.php has the scheme, and there is no vector.
describe("the signature of MessageMedia", () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const AT = 1_531_895_632;
  const DATE = "Wed, 18 Jul 2018 06:33:52 GMT";
  const BODY = JSON.stringify({
    status: "delivered",
    error_code: "220",
    date_received: "2018-07-18T06:33:50.807Z",
    metadata: { knock_message_id: MESSAGE_ID },
  });
  const check = (digest: string | null, key: string) => {
    const content = Buffer.from(`POST /hooks?a=1 HTTP/1.1${DATE}${BODY}`);
    const signature = sign((digest ?? "SHA-256").replace("-", ""), content, privateKey).toString("base64");
    const settings = { api_key: "k", api_secret: "$KEY", source_number: "Lark", region: "eu" };
    return read("sms_messagemedia", { ...settings, webhook_signing_key: "$KEY" }, key, AT, {
      url: "https://hooks.lark.test/hooks?a=1",
      body: BODY,
      headers: {
        date: DATE,
        "x-messagemedia-signature": signature,
        ...(digest === null ? {} : { "x-messagemedia-digest-type": digest }),
      },
    });
  };

  it.each([null, "SHA-224", "SHA-256", "SHA-512"])("is accepted with the digest %s", async (digest) => {
    const delivered = { message_id: MESSAGE_ID, type: "delivered", at: Date.parse("2018-07-18T06:33:50.807Z") };
    const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
    // The API returns the key without the lines around it.
    const der = publicKey.export({ type: "spki", format: "der" }).toString("base64");
    for (const key of [pem, pem.replaceAll("\n", "\\n"), der]) expect(await check(digest, key)).toEqual([delivered]);
    await expect(check(digest, "bm90IGEga2V5")).rejects.toThrow("signature is wrong");
  });
});
