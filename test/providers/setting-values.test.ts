import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { type HttpTestServer, startHttpTestServer } from "../helpers/http-test-server.js";
import { buildChannel, buildEmailMessage, buildMessage, ProviderHarness } from "../helpers/provider-harness.js";

let target: HttpTestServer;
let harness: ProviderHarness;
beforeEach(async () => {
  target = await startHttpTestServer();
  target.respondWith({ json: { id: "1", messages: [{ message_id: "1" }] } });
  harness = new ProviderHarness({ KEY: "key-0123456789", EUROPE: "EU", UNKNOWN: "uk" });
});
afterEach(async () => {
  await harness.close();
  await target.close();
});

describe("a setting with a list of values", () => {
  const sms = buildMessage("sms", { to: "+15550000001", body: "Hi" });
  const sendSms = (provider: string, settings: JsonObject) =>
    harness.send(buildChannel("sms", provider, { base_url: target.url, ...settings }), sms);

  it("CH-117 has the values that people see", async () => {
    const settings = { api_key: "k", api_secret: "$KEY", source_number: "12345", source_number_type: "ShortCode" };
    for (const region of ["EU", "$EUROPE"])
      expect(await sendSms("sms_messagemedia", { ...settings, region })).toMatchObject({ status: "sent" });
    const [first, second] = target.requests;
    expect(first?.json).toMatchObject({ messages: [{ source_number_type: "SHORTCODE" }] });
    expect(second?.json).toEqual(first?.json);
  });

  it("CH-143 has the values that people see, with spaces", async () => {
    const settings = { app_id: "a", api_key: "$KEY", recipient_mode: "External ID", base_url: target.url };
    const push = buildMessage("push", { token: "ada", title: "T", body: "B" });
    await harness.send(buildChannel("push", "push_one_signal", settings), push);
    expect(target.requests[0]?.json).toMatchObject({ include_aliases: { external_id: ["ada"] } });
  });

  it.each([
    ["sms_sinch", { api_token: "$KEY", service_plan_id: "p" }, "us, eu, au, br, ca"],
    ["sms_messagemedia", { api_key: "k", api_secret: "$KEY", source_number: "Lark" }, "apac, eu"],
    ["email_mailgun", { api_key: "$KEY", domain: "mg.lark.test" }, "us, eu"],
    ["email_sparkpost", { api_key: "$KEY" }, "us, eu"],
  ] as [string, JsonObject, string][])("of %s is not another one in a variable", async (provider, settings, values) => {
    const isSms = provider.startsWith("sms");
    const all = { ...settings, region: "$UNKNOWN", base_url: target.url };
    const channel = buildChannel(isSms ? "sms" : "email", provider, all);
    expect(await harness.send(channel, isSms ? sms : buildEmailMessage())).toEqual({
      status: "failed",
      retryable: false,
      reason: `channel "out": settings.region must be one of ${values}, found "uk"`,
    });
    expect(target.requests).toEqual([]);
  });
});
