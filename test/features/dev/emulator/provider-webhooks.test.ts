import { createHmac } from "node:crypto";
import { expect, it } from "vitest";
import { startFakeProvider } from "../../../../src/providers/start-fake-provider.js";
import { eventually } from "../../../helpers/eventually.js";
import { openProjectApi } from "../../../helpers/project-emulator.js";

it("delivers to a vendor and receives its signed events at the channel's route", async () => {
  await using mailgun = await startFakeProvider("mailgun");
  const { api_key, webhook_signing_key, ...settings }: Record<string, string> = mailgun.settings;
  const channel = {
    type: "email",
    provider: "mailgun",
    deliver: true,
    settings: {
      ...settings,
      from_address: "hi@lark.test",
      api_key: "$MAILGUN_KEY",
      webhook_signing_key: "$MAILGUN_SIGNING_KEY",
    },
  };
  const env = { MAILGUN_KEY: api_key as string, MAILGUN_SIGNING_KEY: webhook_signing_key as string };
  const files = { "knock/environment.json": { channels: { mail: channel, chat: { type: "chat" } } } };
  const api = await openProjectApi(files, { env });
  try {
    await api.trigger("letter", "ada");
    const list = async () => (await api.request("GET /v1/messages")).body.items as { id: string; status: string }[];
    await eventually(async () => (await list())[0]?.status === "sent");
    expect(mailgun.requests[0]).toMatchObject({ path: "/v3/mg.lark.test/messages", body: { to: "ada@lark.test" } });
    const message_id = (await list())[0]?.id as string;
    const webhook = `${api.url}/v1/providers/mail/events`;
    expect((await fetch(webhook, { method: "POST", body: "{}" })).status).toBe(401);
    expect((await list())[0]?.status).toBe("sent");
    expect(await mailgun.sendEvent(webhook, { type: "bounced", message_id, reason: "No such mailbox" })).toBe(200);
    expect((await list())[0]?.status).toBe("bounced");
    expect(await mailgun.sendEvent(webhook, { type: "opened", message_id: "2xAbCdEfGhIjKlMnOpQrStUvWxY" })).toBe(200);
    for (const name of ["chat", "mial"])
      expect(await mailgun.sendEvent(`${api.url}/v1/providers/${name}/events`, { type: "opened", message_id })).toBe(
        404,
      );
  } finally {
    await api.close();
  }
});

// https://developers.facebook.com/docs/graph-api/webhooks/getting-started
// https://mailchimp.com/developer/transactional/docs/webhooks/
it("answers the requests with which Meta and Mandrill check a new URL, and refuses others", async () => {
  const whatsapp = {
    type: "chat",
    provider: "whatsapp",
    settings: { phone_number_id: "1", authentication_token: "$TOKEN", webhook_verify_token: "$VERIFY" },
  };
  const mandrill = { type: "email", provider: "mandrill", settings: { api_key: "$TOKEN" } };
  const files = { "knock/environment.json": { channels: { chat: whatsapp, mail: mandrill } } };
  const api = await openProjectApi(files, { env: { TOKEN: "t", VERIFY: "a text of ours" } });
  const check = async (query: Record<string, string>) => {
    const response = await fetch(`${api.url}/v1/providers/chat/events?${new URLSearchParams(query)}`);
    return [response.status, await response.text()];
  };
  const post = async (events: string, key: string) => {
    const url = `${api.url}/v1/providers/mail/events`;
    const signature = createHmac("sha1", key).update(`${url}mandrill_events${events}`).digest("base64");
    const headers = { "x-mandrill-signature": signature };
    return (await fetch(url, { method: "POST", headers, body: new URLSearchParams({ mandrill_events: events }) }))
      .status;
  };
  try {
    const query = { "hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "a text of ours" };
    expect(await check(query)).toEqual([200, "1158201444"]);
    expect(await check({ ...query, "hub.verify_token": "a text of theirs" })).toEqual([
      401,
      expect.stringContaining("settings.webhook_verify_token"),
    ]);
    expect((await check({ "hub.challenge": "1158201444" }))[0]).toBe(401);
    expect(await post("[]", "test-webhook")).toBe(200);
    expect(await post("[]", "another-key")).toBe(401);
    expect(await post('[{"event":"open"}]', "test-webhook")).toBe(401);
  } finally {
    await api.close();
  }
});
