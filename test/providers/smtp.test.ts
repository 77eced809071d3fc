import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { LOOPBACK_CERTIFICATE, LOOPBACK_KEY } from "../helpers/loopback-certificate.js";
import {
  buildChannel,
  buildEmailMessage,
  buildMessage,
  MESSAGE_ID,
  ProviderHarness,
} from "../helpers/provider-harness.js";
import { type ReceiverOptions, type SmtpReceiver, startSmtpReceiver } from "../helpers/smtp-receiver.js";

const PASSWORD = "smtp-password-0123";
let bench: ProviderHarness;
const receivers: SmtpReceiver[] = [];
const listeners: Server[] = [];
const sockets = new Set<Socket>();

beforeEach(() => {
  bench = new ProviderHarness({ SMTP_PASSWORD: PASSWORD, SMTP_CA: LOOPBACK_CERTIFICATE.replaceAll("\n", "\\n") });
});
afterEach(async () => {
  await bench.close();
  for (const receiver of receivers.splice(0)) await receiver.close();
  for (const socket of sockets) socket.destroy();
  for (const listener of listeners.splice(0)) await new Promise((resolve) => listener.close(resolve));
});

async function receiver(options: ReceiverOptions = {}): Promise<SmtpReceiver> {
  const started = await startSmtpReceiver(options);
  receivers.push(started);
  return started;
}

/** Starts a TCP server that is not an SMTP server. */
async function listener(greet: (socket: Socket) => void): Promise<{ port: number }> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    greet(socket);
  });
  listeners.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port };
}

const smtp = ({ port }: { port: number }, settings: JsonObject = {}) =>
  buildChannel("email", "smtp", { host: "127.0.0.1", port, tls: "none", ...settings });
const final = { status: "failed", retryable: false };
const passing = { status: "failed", retryable: true };

describe("an email over SMTP", () => {
  it("CH-090 contains both bodies, every address, headers and attachments, and blind copies only in the envelope", async () => {
    const server = await receiver();
    const sent = buildEmailMessage({
      cc: "Bo <bo@lark.test>",
      bcc: "dee@lark.test",
      reply_to: "help@lark.test",
      subject_line: "Grüße\r\nBcc: eve@lark.test",
      html_body: "<p>Hé</p><script>1</script>",
      headers: { "List-Unsubscribe": "<https://lark.test/u>" },
      json_overrides: { headers: { "X-Number": 7 }, to: "eve@lark.test" },
      attachments: [{ name: "a.txt", content_type: "text/plain", content: "aGk=" }],
    });
    expect(await bench.send(smtp(server), sent)).toEqual({
      status: "sent",
      metadata: { external_id: `${MESSAGE_ID}@lark.test` },
    });
    const [got] = server.received;
    expect(got?.to).toEqual(["ada@lark.test", "bo@lark.test", "dee@lark.test"]);
    expect(got?.raw).not.toContain("dee@lark.test");
    expect(got?.raw).not.toMatch(/^bcc:/im);
    expect(got?.mail).toMatchObject({
      subject: "Grüße Bcc: eve@lark.test",
      messageId: `<${MESSAGE_ID}@lark.test>`,
      text: "Hi",
      html: "<p>Hé</p><script>1</script>",
    });
    expect(got?.mail.replyTo?.value).toEqual([{ address: "help@lark.test", name: "" }]);
    expect(got?.mail.headers.get("x-number")).toBe("7");
    expect(got?.mail.headers.get("list")).toMatchObject({ unsubscribe: { url: "https://lark.test/u" } });
    const [attachment] = got?.mail.attachments ?? [];
    expect([attachment?.filename, attachment?.content.toString()]).toEqual(["a.txt", "hi"]);
  });

  it("keeps its Message-ID on a repeat, and shares one connection with other messages", async () => {
    const server = await receiver();
    for (let i = 0; i < 3; i++) await bench.send(smtp(server), buildEmailMessage());
    expect(new Set(server.received.map(({ mail }) => mail.messageId))).toEqual(new Set([`<${MESSAGE_ID}@lark.test>`]));
    expect(server.connections).toBe(1);
  });

  it("shares the pool's connections with concurrent messages", async () => {
    const server = await receiver();
    const all = Array.from({ length: 12 }, (_one, index) => buildEmailMessage({ to: `u${index}@lark.test` }));
    const deliveries = await Promise.all(all.map((email) => bench.send(smtp(server, { max_connections: 2 }), email)));
    expect(deliveries.every(({ status }) => status === "sent")).toBe(true);
    expect(server.received).toHaveLength(12);
    expect(server.connections).toBe(2);
  });

  it("reads no files or addresses that its content names", async () => {
    const server = await receiver();
    const html_body = { path: "/etc/passwd" };
    await bench.send(
      smtp(server),
      buildMessage("email", { ...buildEmailMessage().content, html_body, text_body: "Hi" }),
    );
    expect(server.received[0]?.raw).not.toContain("root:");
    expect(server.received[0]?.mail.text).toContain("Hi");
  });
});

describe("TLS and login (CH-090)", () => {
  const tls = { key: LOOPBACK_KEY, cert: LOOPBACK_CERTIFICATE, password: PASSWORD, disabledCommands: [] };
  const login = { username: "lark", password: "$SMTP_PASSWORD" };

  it("uses STARTTLS by default", async () => {
    const server = await receiver(tls);
    const sent = await bench.send(smtp(server, { ...login, tls: null, ca: "$SMTP_CA" }), buildEmailMessage());
    expect(sent).toMatchObject({ status: "sent" });
    expect(server.received[0]).toMatchObject({ secure: true, user: "lark" });
  });

  it("uses TLS from the first byte", async () => {
    const server = await receiver({ ...tls, secure: true });
    const sent = await bench.send(smtp(server, { ...login, tls: "implicit", ca: "$SMTP_CA" }), buildEmailMessage());
    expect(sent).toMatchObject({ status: "sent" });
    expect(server.received[0]).toMatchObject({ secure: true, user: "lark" });
  });

  it("fails for good with an untrusted certificate, without sending the password", async () => {
    const server = await receiver(tls);
    expect(await bench.send(smtp(server, { ...login, tls: "starttls" }), buildEmailMessage())).toMatchObject({
      ...final,
      reason: expect.stringMatching(/certificate/i),
    });
    expect(server.received).toEqual([]);
  });

  it("sends nothing to a server without STARTTLS", async () => {
    const server = await receiver();
    expect(await bench.send(smtp(server, { tls: "starttls" }), buildEmailMessage())).toMatchObject(final);
    expect(server.received).toEqual([]);
  });

  it("fails for good after a rejected login", async () => {
    const server = await receiver({ ...tls, password: "another" });
    const delivery = await bench.send(smtp(server, { ...login, tls: "starttls", ca: "$SMTP_CA" }), buildEmailMessage());
    expect(delivery).toMatchObject({ ...final, reason: expect.stringContaining("535") });
  });
});

describe("an SMTP failure", () => {
  const refusing = (code: number) => ({ refuse: () => ({ code, message: "said so" }) });
  it("CH-044 bounces for a rejected recipient, and is temporary for greylisting", async () => {
    expect(await bench.send(smtp(await receiver(refusing(550))), buildEmailMessage())).toMatchObject({
      status: "bounced",
      reason: expect.stringMatching(/^SMTP: ada@lark\.test was refused: 550 said so/),
    });
    expect(await bench.send(smtp(await receiver(refusing(451))), buildEmailMessage())).toMatchObject(passing);
  });

  it("CH-044 bounces if the recipient is rejected among others, and not if another one is", async () => {
    const only = (bad: string): ReceiverOptions => ({
      refuse: (address) => (address === bad ? { code: 550, message: "no" } : undefined),
    });
    const sent = buildEmailMessage({ cc: "bo@lark.test" });
    expect(await bench.send(smtp(await receiver(only("ada@lark.test"))), sent)).toMatchObject({ status: "bounced" });
    expect(await bench.send(smtp(await receiver(only("bo@lark.test"))), sent)).toMatchObject({ status: "sent" });
  });

  it("CH-042 is final or temporary like the server's rejection of the content", async () => {
    const at = (code: number) => receiver({ refuseData: () => ({ code, message: "spam" }) });
    expect(await bench.send(smtp(await at(554)), buildEmailMessage())).toMatchObject({
      ...final,
      reason: "SMTP: 554 spam",
    });
    expect(await bench.send(smtp(await at(452)), buildEmailMessage())).toMatchObject(passing);
  });

  it.each<[string, (socket: Socket) => void]>([
    ["says nothing", () => undefined],
    ["hangs up", (socket) => socket.destroy()],
    ["hangs up politely", (socket) => socket.end()],
    ["speaks HTTP", (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["greets and falls silent", (socket) => socket.write("220 hello\r\n")],
    ["is too busy", (socket) => socket.end("421 too busy\r\n")],
    ["greets without end", (socket) => socket.write("220-hello\r\n".repeat(100))],
  ])("E-209 is retried if the server %s, and the next message is sent", async (_title, greet) => {
    const server = await listener(greet);
    const delivery = await bench.send(smtp(server, { timeout_ms: 200 }), buildEmailMessage());
    expect(delivery).toMatchObject({ status: "failed", retryable: true });
    expect(await bench.send(smtp(await receiver()), buildEmailMessage())).toMatchObject({ status: "sent" });
  });

  it("E-209 is retried if the connection is refused", async () => {
    const server = await listener(() => undefined);
    await new Promise((resolve) => listeners.splice(0)[0]?.close(resolve));
    expect(await bench.send(smtp(server), buildEmailMessage())).toMatchObject(passing);
  });

  it.each([
    ["to", "ada@lark.test\r\nRCPT TO:<eve@lark.test>", "bounced"],
    ["to", "ada@lark.test>\r\nDATA", "bounced"],
    ["to", "ada@lark.test, eve@lark.test", "bounced"],
    ["from", "hi@lark.test\r\nBcc: eve@lark.test", "failed"],
    ["cc", "bo@lark.test\r\n", "sent"],
    ["cc", "bo@lark.test\r\nBcc: eve@lark.test", "failed"],
    ["headers", { "X-A\r\nBcc": "eve@lark.test" }, "failed"],
    ["json_overrides", { headers: { "X-A": "b\nBcc: eve@lark.test" } }, "failed"],
  ])("allows no header or recipient injection by %s %j", async (name, value, status) => {
    const server = await receiver();
    expect(await bench.send(smtp(server), buildEmailMessage({ [name]: value }))).toMatchObject({ status });
    expect(JSON.stringify(server.received)).not.toContain("eve");
    expect(server.received).toHaveLength(status === "sent" ? 1 : 0);
  });
});
