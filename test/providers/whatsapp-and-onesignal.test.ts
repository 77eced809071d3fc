import { createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { type HttpTestServer, startHttpTestServer } from "../helpers/http-test-server.js";
import { buildChannel, buildMessage, MESSAGE_ID, ProviderHarness } from "../helpers/provider-harness.js";

const harness = new ProviderHarness({ TOKEN: "secret-value-1", APP_SECRET: "app-secret" });
let target: HttpTestServer;
beforeEach(async () => {
  target = await startHttpTestServer();
});
afterEach(() => target.close());

describe("WhatsApp", () => {
  const channel = () =>
    buildChannel("chat", "chat_whatsapp", {
      authentication_token: "$TOKEN",
      phone_number_id: "106540352242922",
      webhook_signing_key: "$APP_SECRET",
      base_url: target.url,
    });
  const template = { name: "hello_world", language: { code: "en_US" } };
  const send = (json_content: JsonObject | null, phone_number = "+1 (555) 000-0001") =>
    harness.send(channel(), buildMessage("chat", { connection: { phone_number }, template: { json_content } }));

  it("CH-186 sends the vendor's documented example of a template", async () => {
    // https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-message-templates
    target.respondWith({ json: { messaging_product: "whatsapp", messages: [{ id: "wamid.1" }] } });
    expect(await send({ template })).toMatchObject({ status: "sent", metadata: { external_id: "wamid.1" } });
    const [request] = target.requests;
    expect(request).toMatchObject({
      method: "POST",
      path: "/v23.0/106540352242922/messages",
      headers: { authorization: "Bearer secret-value-1" },
    });
    expect(request?.json).toEqual({
      messaging_product: "whatsapp",
      recipient_type: "individual",
      to: "15550000001",
      type: "template",
      template,
      biz_opaque_callback_data: MESSAGE_ID,
    });
  });

  it("CHQ-10 sends nothing without a template, or to a number without a country code", async () => {
    expect(await send(null)).toMatchObject({ status: "failed", reason: expect.stringContaining("templates only") });
    expect(await send({ template }, "0171 123456")).toMatchObject({
      status: "failed",
      retryable: false,
      reason: expect.stringContaining("country code"),
    });
    expect(target.requests).toEqual([]);
  });

  it("reads the statuses of several messages in one webhook", async () => {
    const status = (id: string, name: string) => ({
      status: name,
      timestamp: "1504902988",
      biz_opaque_callback_data: id,
    });
    const value = {
      statuses: [status("a", "sent"), status("b", "read"), status("", "delivered"), status("c", "delivered")],
    };
    const body = JSON.stringify({ entry: [{ changes: [{ value }, { value: { messages: [] } }] }] });
    const signature = createHmac("sha256", "app-secret").update(body).digest("hex");
    const headers = { "x-hub-signature-256": `sha256=${signature}` };
    expect(await harness.readEvents(channel(), { url: "https://hooks.lark.test/", headers, body })).toEqual([
      { message_id: "b", type: "opened", at: 1_504_902_988_000 },
      { message_id: "c", type: "delivered", at: 1_504_902_988_000 },
    ]);
  });
});

describe("OneSignal", () => {
  const send = (settings: JsonObject, content: JsonObject = {}) =>
    harness.send(
      buildChannel("push", "push_one_signal", { app_id: "app1", api_key: "$TOKEN", base_url: target.url, ...settings }),
      buildMessage("push", { token: "ada", title: "Hi", body: "Ping", ...content }),
    );

  it("CH-143 sends the vendor's documented example to an external ID, and a changed one to a player ID", async () => {
    // https://documentation.onesignal.com/reference/push-notification
    target.respondWith({ json: { id: "458dcec4", external_id: null } });
    await send({ recipient_mode: "external_id" });
    await send({ recipient_mode: "player_id" }, { payload_overrides: { template_id: "t1" } });
    const [external, player] = target.requests;
    expect(external).toMatchObject({ path: "/notifications", headers: { authorization: "Key secret-value-1" } });
    expect(external?.json).toEqual({
      app_id: "app1",
      include_aliases: { external_id: ["ada"] },
      target_channel: "push",
      headings: { en: "Hi" },
      contents: { en: "Ping" },
      data: { knock_message_id: MESSAGE_ID },
      idempotency_key: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    });
    expect(player?.json).toMatchObject({ include_subscription_ids: ["ada"], template_id: "t1" });
    expect(player?.json).not.toHaveProperty("include_aliases");
    expect(player?.json.idempotency_key).toBe(external?.json.idempotency_key);
  });

  it("CH-134 names the player ID that is not subscribed, and no token for an external ID", async () => {
    target.respondWith({ json: { id: "", errors: ["All included players are not subscribed"] } });
    expect(await send({ recipient_mode: "player_id" })).toMatchObject({ status: "bounced", token: "ada" });
    const delivery = await send({ recipient_mode: "external_id" });
    expect(delivery.status).toBe("bounced");
    expect(delivery).not.toHaveProperty("token");
  });
});
