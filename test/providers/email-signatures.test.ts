import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { ProviderWebhook } from "../../src/ports/provider.js";
import type { JsonObject } from "../../src/util/json.js";
import { buildChannel, ProviderHarness } from "../helpers/provider-harness.js";

/** Reads a webhook with a key at a time, in seconds since 1970. */
function read(provider: string, key: string, at: number, webhook: ProviderWebhook, others: JsonObject = {}) {
  const harness = new ProviderHarness({ KEY: key });
  harness.now = at * 1_000;
  const settings = { api_key: "$KEY", webhook_signing_key: "$KEY", ...others };
  return harness.readEvents(buildChannel("email", provider, settings), webhook);
}

const URL = "https://hooks.lark.test/v1/providers/out/events";

// https://github.com/mailgun/mailgun-php/blob/master/tests/Api/WebhookTest.php
describe("the signature of Mailgun", () => {
  const AT = 1_403_645_220;
  const check = (token: string) => {
    const signature = "9cfc5c41582e51246e73c88d34db3af0a3a2692a76fbab81492842f000256d33";
    const body = JSON.stringify({ signature: { timestamp: String(AT), token, signature }, "event-data": {} });
    const webhook = { url: URL, headers: {}, body };
    return read("email_mailgun", "key-3ax6xnjp29jd6fds4gc373sgvjxteol0", AT, webhook, { domain: "mg.lark.test" });
  };

  it("accepts the vendor's valid vector, and not the invalid one", async () => {
    expect(await check("5egbgr1vjgqxtrnp65xfznchgdccwh5d6i09vijqi3whgowmn6")).toEqual([]);
    const invalid = check("owyldpe6nxhmrn78epljl6bj0orrki1u3d2v5e6cnlmmuox8jr");
    await expect(invalid).rejects.toThrow("signature is wrong");
  });
});

// https://github.com/mailersend/mailersend-nodejs/blob/main/src/__tests__/services/mailersend.utils.test.ts
describe("the signature of MailerSend", () => {
  const BODY =
    '{"type":"activity.sent","domain_id":"test_domain","created_at":"2022-09-08T20:06:12.062074Z","webhook_id":"webhook_test","url":"https:\\/\\/webhook.site\\/test","data":{"object":"activity","id":"631a6250bd4f6bd6844a2307","type":"sent","created_at":"2022-09-08T20:06:12.051000Z","email":{"object":"email","id":"631a6250bd4f6bd6844a2307","created_at":"2022-09-08T20:06:11.887000Z","from":"donotreply@mailsender.com","subject":"Test Message","status":"sent","tags":null,"message":{"object":"message","id":"631a6250bd4f6bd6844a2307","created_at":"2022-09-08T20:06:11.399000Z"},"recipient":{"object":"recipient","id":"631a6250bd4f6bd6844a2307","email":"test@test.com","created_at":"2022-03-31T21:31:37.304000Z"}},"morph":null,"template_id":""}}';
  const check = (body: string) =>
    read("email_mailersend", "yXdTVu1YewsKiuN2bcILlFHsljmR9kaU", 0, {
      url: URL,
      body,
      headers: { signature: "445e75aab3d8ea9169d134189a2814f06858977bd9cdc69324264e39f47bda2e" },
    });

  it("accepts the vendor's vector, and no other body", async () => {
    expect(await check(BODY)).toEqual([]);
    await expect(check(BODY.replace("activity.sent", "activity.delivered"))).rejects.toThrow("signature is wrong");
  });
});

// https://github.com/evendis/mandrill-rails/blob/master/spec/fixtures/webhook_examples/click_with_signature.json: the vendor
// publishes no vector, and this is one of its test events.
describe("the signature of Mandrill", () => {
  const EVENT =
    '{"event":"click","msg":{"ts":1365109999,"subject":"This an example webhook message","email":"example.webhook@mandrillapp.com","sender":"example.sender@mandrillapp.com","tags":["webhook-example"],"opens":[{"ts":1365111111}],"clicks":[{"ts":1365111111,"url":"http:\\/\\/mandrill.com"}],"state":"sent","metadata":{"user_id":111},"_id":"exampleaaaaaaaaaaaaaaaaaaaaaaaaa","_version":"exampleaaaaaaaaaaaaaaa"},"ip":"127.0.0.1","location":{"country_short":"US","country":"United States","region":"Oklahoma","city":"Oklahoma City","latitude":35.4675598145,"longitude":-97.5164337158,"postal_code":"73101","timezone":"-05:00"},"user_agent":"Mozilla\\/5.0 (Macintosh; U; Intel Mac OS X 10.6; en-US; rv:1.9.1.8) Gecko\\/20100317 Postbox\\/1.1.3","user_agent_parsed":{"type":"Email Client","ua_family":"Postbox","ua_name":"Postbox 1.1.3","ua_version":"1.1.3","ua_url":"http:\\/\\/www.postbox-inc.com\\/","ua_company":"Postbox, Inc.","ua_company_url":"http:\\/\\/www.postbox-inc.com\\/","ua_icon":"http:\\/\\/cdn.mandrill.com\\/img\\/email-client-icons\\/postbox.png","os_family":"OS X","os_name":"OS X 10.6 Snow Leopard","os_url":"http:\\/\\/www.apple.com\\/osx\\/","os_company":"Apple Computer, Inc.","os_company_url":"http:\\/\\/www.apple.com\\/","os_icon":"http:\\/\\/cdn.mandrill.com\\/img\\/email-client-icons\\/macosx.png","mobile":false},"url":"http:\\/\\/mandrill.com","ts":1379233940}';
  const check = (key: string, url: string, events: string, signature: string) =>
    read("email_mandrill", key, 0, {
      url,
      body: new URLSearchParams({ mandrill_events: events }).toString(),
      headers: { "x-mandrill-signature": signature },
    });

  it("accepts a request of the vendor, and no other URL or events", async () => {
    const checkEvents = (url: string, events: string) =>
      check("ntynTMaFpM_octE5R1DKAw", url, events, "7rUa4lNJitlb178MgGOcHO6T4Bg=");
    expect(await checkEvents("http://requestb.in/q9a918q9", `[${EVENT},${EVENT}]`)).toEqual([]);
    for (const request of [
      checkEvents("http://requestb.in/q9a918q9/", `[${EVENT},${EVENT}]`),
      checkEvents("http://requestb.in/q9a918q9", `[${EVENT}]`),
    ])
      await expect(request).rejects.toThrow("signature is wrong");
  });

  // https://mandrill.zendesk.com/hc/en-us/articles/360038740014
  it("accepts the test of a new webhook with a key of its own, and events only with the webhook's key", async () => {
    const sign = (events: string) =>
      createHmac("sha1", "test-webhook").update(`${URL}mandrill_events${events}`).digest("base64");
    expect(await check("webhook-key", URL, "[]", sign("[]"))).toEqual([]);
    await expect(check("webhook-key", URL, `[${EVENT}]`, sign(`[${EVENT}]`))).rejects.toThrow("signature is wrong");
    await expect(check("webhook-key", URL, "[]", "AAAA")).rejects.toThrow("signature is wrong");
  });
});
