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
      ...{ url, body },
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

// https://github.com/plivo/plivo-node/blob/master/test/utils.js has vectors of version 2 and none of version 3.
describe("the signature of Plivo", () => {
  const check = (url: string, nonce: string, signature: string) =>
    read(
      "sms_plivo",
      { authentication_id: "MA1", authentication_token: "$KEY", sender_id: "Lark" },
      "my_auth_token",
      0,
      {
        url,
        headers: { "x-plivo-signature-v2": signature, "x-plivo-signature-v2-nonce": nonce },
        body: "",
      },
    );

  it("accepts the vendor's valid vectors, and no others", async () => {
    const [first, second] = [
      "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc=",
      "LDphWoWimP4QM5AoWI1uwP6WmlWtt5ITPZjXIWYvCNU=",
    ];
    expect(await check("https://answer.url", "12345", first)).toEqual([]);
    expect(await check("https://answer.url:8000", "24725744043720739450", second)).toEqual([]);
    await expect(check("https://answer.url:8000", "12345", first)).rejects.toThrow("signature is wrong");
    await expect(check("https://answer.url", "123456", first)).rejects.toThrow("signature is wrong");
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

  it("refuses another message, and the vendor's vector for an MD5 hash", async () => {
    const refused = "signature is wrong";
    await expect(check({ ...FIELDS, sig: SIG, "client-ref": MESSAGE_ID })).rejects.toThrow(refused);
    await expect(check({ ...FIELDS, sig: "d2e7b1dc968737c5998ad624e02f90b7" })).rejects.toThrow(refused);
  });
});

// https://developers.sinch.com/docs/conversation/callbacks: one scheme for all APIs of Sinch.
describe("the signature of Sinch", () => {
  const BODY =
    '{"app_id":"","accepted_time":"2021-10-18T17:49:13.813615Z","project_id":"e2df3a34-a71b-4448-9db5-a8d2baad28e4","contact_create_notification":{"contact":{"id":"01FJA8B466Y0R2GNXD78MD9SM1","channel_identities":[{"channel":"SMS","identity":"48123456789","app_id":""}],"display_name":"New Test Contact","email":"new.contact@email.com","external_id":"","metadata":"","language":"EN_US"}},"message_metadata":""}';
  const AT = 1_634_579_353;
  const check = (body: string, at = AT) =>
    read(
      "sms_sinch",
      { api_token: "$KEY", service_plan_id: "p", region: "eu", webhook_signing_key: "$KEY" },
      ...(["foo_secret1234", at] as const),
      {
        url: "https://hooks.lark.test/",
        headers: {
          "x-sinch-webhook-signature": "6bpJoRmFoXVjfJIVglMoJzYXxnoxRujzR4k2GOXewOE=",
          "x-sinch-webhook-signature-nonce": "01FJA8B4A7BM43YGWSG9GBV067",
          "x-sinch-webhook-signature-timestamp": String(AT),
        },
        body,
      },
    );

  it("accepts the vendor's vector within 15 minutes, and no other body", async () => {
    expect(await check(BODY)).toEqual([]);
    expect(await check(BODY, AT - 14 * 60)).toEqual([]);
    await expect(check(BODY, AT + 20 * 60)).rejects.toThrow("20 minutes old");
    await expect(check(BODY.replace("New", "Old"))).rejects.toThrow("signature is wrong");
  });
});
