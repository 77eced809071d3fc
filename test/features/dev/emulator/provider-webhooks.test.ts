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
