import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Channel } from "../../src/domain/environment/environment.js";
import type { Message } from "../../src/domain/message/message.js";
import { startHttpTestServer } from "../helpers/http-test-server.js";
import { buildChannel, buildMessage, ProviderHarness } from "../helpers/provider-harness.js";

const MESSAGES = 1_000;
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ACCOUNT = {
  client_email: "push@lark.test",
  private_key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
};

const CONNECTION = { ms_teams_channel_id: "19:c@thread.tacv2" };
const STORED = { recipient: { connections: [CONNECTION] }, tenant: {} };

interface TokenCase {
  vendor: string;
  buildChannel: (url: string) => Channel;
  message: Message;
}

// A busy machine answers the last of many requests late.
const buildUrls = (url: string) => ({ base_url: url, token_url: `${url}/token`, timeout_ms: 120_000 });
const CASES: TokenCase[] = [
  {
    vendor: "FCM",
    buildChannel: (url) =>
      buildChannel("push", "push_fcm", { project_id: "p", service_account_json: "$ACCOUNT", ...buildUrls(url) }),
    message: buildMessage("push", { token: "device-1", title: "T", body: "B" }),
  },
  {
    vendor: "Teams",
    buildChannel: (url) =>
      buildChannel("chat", "chat_ms_teams", { bot_id: "bot-1", bot_password: "$PASSWORD", ...buildUrls(url) }),
    message: buildMessage("chat", { body: "Hi", connection: CONNECTION }),
  },
];

describe.each(CASES)("an access token of $vendor", ({ buildChannel: build, message }) => {
  it("is requested again once if it expires in the middle of 1,000 messages, and each message is sent", async () => {
    const server = await startHttpTestServer();
    const harness = new ProviderHarness({ ACCOUNT: JSON.stringify(ACCOUNT), PASSWORD: "bot-password-01" });
    let issued = 0;
    let sent = 0;
    server.respondWith(({ path, headers }) => {
      if (path === "/token") return { json: { access_token: `token-${++issued}`, expires_in: 3_600 } };
      if (headers.authorization === "Bearer token-1" && sent >= 100) return { status: 401, json: { error: {} } };
      sent++;
      return { json: { name: `projects/p/messages/${sent}`, id: String(sent), activityId: String(sent) } };
    });
    const channel = build(server.url);
    const failed: string[] = [];
    const send = async (): Promise<void> => {
      for (;;) {
        const delivery = await harness.send(channel, message, STORED);
        if (delivery.status === "sent") return;
        if (delivery.status !== "failed" || !delivery.retryable) return void failed.push(JSON.stringify(delivery));
      }
    };
    await Promise.all(Array.from({ length: MESSAGES }, send));
    expect(failed).toEqual([]);
    expect([issued, sent]).toEqual([2, MESSAGES]);
    await harness.close();
    await server.close();
  });
});
