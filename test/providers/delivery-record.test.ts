import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Channel } from "../../src/domain/environment/environment.js";
import { redactConnection } from "../../src/domain/message/chat-connection.js";
import type { DeliveryExchange } from "../../src/domain/message/delivery-log.js";
import type { Message } from "../../src/domain/message/message.js";
import type { StoredChannelData } from "../../src/ports/provider.js";
import { openProviders } from "../../src/providers/open-providers.js";
import type { JsonObject } from "../../src/util/json.js";
import { type HttpTestServer, startHttpTestServer } from "../helpers/http-test-server.js";
import { buildChannel, buildEmailMessage, buildMessage } from "../helpers/provider-harness.js";
import { startSmtpReceiver } from "../helpers/smtp-receiver.js";

const SECRET = "SG.very-secret/value+1";
let target: HttpTestServer;
beforeEach(async () => {
  target = await startHttpTestServer();
});
afterEach(() => target.close());

async function recordExchanges(
  to: Channel,
  sent: Message,
  stored: Partial<StoredChannelData> = {},
): Promise<DeliveryExchange[]> {
  const providers = openProviders({ variables: { KEY: SECRET }, privateAddresses: async () => ["127.0.0.1"] });
  const exchanges: DeliveryExchange[] = [];
  const all = { recipient: {}, tenant: {}, ...stored };
  await providers.findProvider(to)?.send(sent, to, all, (exchange) => exchanges.push(exchange));
  await providers.close();
  return exchanges;
}

describe("the delivery record of a request to a provider (E-217 CH-047)", () => {
  it("omits a key that the API repeats in its headers and body", async () => {
    target.respondWith(({ headers }) => ({
      status: 401,
      headers: { "x-seen": String(headers.authorization) },
      json: {
        errors: [{ message: `no such key: ${SECRET}` }],
        link: `https://x.test/?k=${encodeURIComponent(SECRET)}`,
      },
    }));
    const sendgrid = buildChannel("email", "sendgrid", { api_key: "$KEY", base_url: target.url });
    const [exchange, ...more] = await recordExchanges(sendgrid, buildEmailMessage());
    expect(more).toEqual([]);
    expect(exchange).toMatchObject({
      service_name: "SendGrid",
      request: {
        method: "POST",
        host: new URL(target.url).host,
        path: "/v3/mail/send",
        query: null,
        headers: { authorization: "[redacted]", "content-type": "application/json" },
        body: { subject: "Hello Ada" },
      },
      response: {
        status: 401,
        headers: { "x-seen": "Bearer [redacted]" },
        body: { errors: [{ message: "no such key: [redacted]" }], link: "https://x.test/?k=[redacted]" },
      },
    });
    expect(JSON.stringify(exchange)).not.toContain("very-secret");
  });

  it("contains the reason when a server does not respond", async () => {
    target.respondWith({ fault: "silent" });
    const resend = buildChannel("email", "resend", { api_key: "$KEY", base_url: target.url, timeout_ms: 50 });
    const [exchange] = await recordExchanges(resend, buildEmailMessage());
    expect(exchange?.response).toEqual({ body: "no response within 0.05 s" });
  });

  it("truncates a long body", async () => {
    target.respondWith({ text: "y".repeat(10_000) });
    const html_body = "x".repeat(10_000);
    const [exchange] = await recordExchanges(
      buildChannel("email", "resend", { api_key: "$KEY", base_url: target.url }),
      buildEmailMessage({ html_body }),
    );
    expect(String(exchange?.request.body)).toMatch(/x…? \(\d{5} characters\)$|… \(\d{5} characters\)$/);
    expect(exchange?.response.body).toBe(`${"y".repeat(4_000)}… (10000 characters)`);
  });

  it("omits the path of an incoming webhook, which is its password", async () => {
    target.respondWith({ text: "ok" });
    const connection = { incoming_webhook: { url: `${target.url}/services/T1/hidden-part` } };
    const content: JsonObject = {
      connection: redactConnection(connection),
      template: { blocks: [{ type: "markdown", name: "body", content: "Hi" }], json_content: null, summary: null },
    };
    const recipient = { connections: [connection] };
    const [exchange] = await recordExchanges(buildChannel("chat", "slack", {}), buildMessage("chat", content), {
      recipient,
    });
    expect(target.requests[0]?.path).toBe("/services/T1/hidden-part");
    expect(exchange).toMatchObject({
      service_name: "Slack",
      request: { path: "/[redacted]" },
      response: { status: 200, body: "ok" },
    });
    expect(JSON.stringify(exchange)).not.toContain("hidden-part");
  });

  it("contains an SMTP email's envelope and the server's last response", async () => {
    const smtp = await startSmtpReceiver({
      disabledCommands: ["STARTTLS", "AUTH"],
      authOptional: true,
      refuse: (address) => (address.startsWith("gone@") ? { code: 550, message: "No such mailbox" } : undefined),
    });
    try {
      const relay = buildChannel("email", "smtp", {
        host: "127.0.0.1",
        port: smtp.port,
        tls: "none",
        timeout_ms: 2_000,
      });
      const [sent] = await recordExchanges(relay, buildEmailMessage({ bcc: "spy@lark.test" }));
      expect(sent).toMatchObject({
        service_name: "SMTP",
        request: {
          host: `127.0.0.1:${smtp.port}`,
          body: { from: "hi@lark.test", to: ["ada@lark.test", "spy@lark.test"] },
        },
        response: { status: 250 },
      });
      const [refused] = await recordExchanges(relay, buildEmailMessage({ to: "gone@lark.test" }));
      expect(refused?.response).toMatchObject({ status: 550, body: expect.stringContaining("No such mailbox") });
    } finally {
      await smtp.close();
    }
  });

  it("explains that an SMTP server has no TLS at its port", async () => {
    const smtp = await startSmtpReceiver({ disabledCommands: ["STARTTLS", "AUTH"], authOptional: true });
    const relay = buildChannel("email", "smtp", {
      host: "127.0.0.1",
      port: smtp.port,
      tls: "implicit",
      timeout_ms: 2_000,
    });
    const providers = openProviders({ variables: {} });
    const delivery = await providers
      .findProvider(relay)
      ?.send(buildEmailMessage(), relay, { recipient: {}, tenant: {} });
    expect(delivery).toEqual({
      status: "failed",
      retryable: false,
      reason: 'SMTP: the server does not use TLS on this port; settings.tls can be "starttls" or "none"',
    });
    await providers.close();
    await smtp.close();
  });
});
