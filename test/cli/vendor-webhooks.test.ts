import { existsSync } from "node:fs";
import { expect } from "vitest";
import { startFakeProvider } from "../../src/providers/start-fake-provider.js";
import { eventually } from "../helpers/eventually.js";
import { cliTest as it } from "../helpers/run-knock.js";

// Providers are a bundle of their own, so this needs the built command.
it("receives the signed events of vendors, and refuses others", async ({ empty }) => {
  await using mailgun = await startFakeProvider("mailgun");
  const { api_key = "", webhook_signing_key = "", ...settings } = mailgun.settings;
  const env = { MAILGUN_KEY: api_key, MAILGUN_SIGNING_KEY: webhook_signing_key, TOKEN: "t", VERIFY: "our text" };
  await empty.knock(["init"]);
  const mail = { api_key: "$MAILGUN_KEY", webhook_signing_key: "$MAILGUN_SIGNING_KEY", from_address: "hi@lark.test" };
  const chat = { phone_number_id: "1", authentication_token: "$TOKEN", webhook_verify_token: "$VERIFY" };
  empty.write("knock/environment.json", {
    channels: {
      "in-app-feed": { type: "in_app_feed" },
      email: { type: "email", provider: "mailgun", deliver: true, settings: { ...settings, ...mail } },
      chat: { type: "chat", provider: "whatsapp", settings: chat },
    },
  });
  await empty.knock(["notify", "hello", "-r", "ada"], { env });
  const readMessage = async () =>
    (await empty.knock(["messages", "list", "--channel", "email", "--json"])).json.items as [
      { id: string; status: string },
    ];
  const [{ id, status }] = await readMessage();
  expect(status).toBe("sent");
  const dev = empty.start(["dev", "--port", "0", "--ready-file", "ready.json"], { env });
  try {
    await eventually(() => existsSync(empty.path("ready.json")));
    const { url } = JSON.parse(empty.read("ready.json")) as { url: string };
    const events = `${url}/v1/providers/email/events`;
    const refused = await fetch(events, { method: "POST", body: "{}" });
    expect([refused.status, await refused.text()]).toEqual([401, expect.stringContaining("The webhook")]);
    const wrong = `${url}/v1/providers/chat/events?hub.mode=subscribe&hub.challenge=42&hub.verify_token`;
    expect((await fetch(`${wrong}=other`)).status).toBe(401);
    expect(await (await fetch(`${wrong}=our%20text`)).text()).toBe("42");
    expect(await mailgun.sendEvent(events, { type: "bounced", message_id: id })).toBe(200);
    expect((await readMessage())[0].status).toBe("bounced");
  } finally {
    dev.kill("SIGTERM");
    await dev;
  }
});

it("explains a message without an address although a guard is set", async ({ empty }) => {
  await empty.knock(["init"]);
  empty.write("knock.json", { knockDir: "./knock", settings: { recipients: { allow: ["user:bad"] } } });
  const { exitCode, stdout } = await empty.knock(["why", "hello", '{"id":"bad","email":"not an address"}']);
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining("hello: bad would get a message")]);
});
