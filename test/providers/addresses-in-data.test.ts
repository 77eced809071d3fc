import { afterAll, expect, it } from "vitest";
import { redactConnection } from "../../src/domain/message/chat-connection.js";
import { buildChannel, buildMessage, ProviderHarness } from "../helpers/provider-harness.js";

/** A private address, where a request without the guard would fail at once and be retried. */
const URL_IN_DATA = "https://0.0.0.0:1/in";
const bench = new ProviderHarness();
afterAll(() => bench.close());

it.each(["chat_slack", "chat_discord", "chat_ms_teams"])(
  "an incoming webhook of %s with a private address gets no request",
  async (provider) => {
    const connection = { incoming_webhook: { url: URL_IN_DATA } };
    const template = { blocks: [{ type: "markdown", name: "body", content: "Hi" }], json_content: null, summary: null };
    const message = buildMessage("chat", { connection: redactConnection(connection), template });
    const stored = { recipient: { connections: [connection] }, tenant: {} };
    expect(await bench.send(buildChannel("chat", provider, {}), message, stored)).toMatchObject({
      status: "failed",
      retryable: false,
      reason: expect.stringContaining("0.0.0.0 is not a public address"),
    });
  },
);

it("a webhook step with a private address sends no request", async () => {
  const content = { method: "post", url: URL_IN_DATA, headers: [], query_params: [], body: {} };
  const delivery = await bench.send(buildChannel("http", "http_knock_webhook", {}), buildMessage("http", content));
  expect(delivery).toMatchObject({
    status: "failed",
    retryable: false,
    reason: expect.stringContaining("0.0.0.0 is not a public address"),
  });
});
