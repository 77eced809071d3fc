import { generateKeyPairSync } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { eventually } from "../helpers/eventually.js";
import { startHttpTestServer } from "../helpers/http-test-server.js";
import { openProjectApi } from "../helpers/project-emulator.js";
import { createInProcessSample } from "../helpers/run-in-process.js";
import { createSample, type Sample } from "../helpers/run-knock.js";
import { type SmtpReceiver, startSmtpReceiver } from "../helpers/smtp-receiver.js";

const PASSWORD = "s3cret-of-the-relay";

let sample: Sample;
let smtp: SmtpReceiver;

beforeEach(async () => {
  prepare(createInProcessSample(null));
  smtp = await startSmtpReceiver({
    password: PASSWORD,
    allowInsecureAuth: true,
    disabledCommands: ["STARTTLS"],
    refuse: (address) => (address.startsWith("gone@") ? { code: 550, message: "No such mailbox" } : undefined),
  });
});

/** Writes the files of these tests into a sample, and makes it the project of the current test. */
function prepare(given: Sample): void {
  sample = given;
  sample.write("knock.json", { knockDir: "./knock" });
  sample.write("knock/workflows/hello/workflow.json", {
    name: "hello",
    steps: [
      {
        ref: "email_1",
        type: "channel",
        channel_key: "mail",
        channel_type: "email",
        template: { subject: "Hello {{ recipient.name }}", html_body: "<p>Good {{ day }}</p>", settings: {} },
      },
    ],
  });
}

/** Makes the test run the built command. */
function useBuiltCommand(): void {
  sample.remove();
  prepare(createSample(null));
}

afterEach(async () => {
  sample.remove();
  await smtp.close();
});

function environment(channel: JsonObject = {}, settings: JsonObject = {}): void {
  sample.write("knock/environment.json", {
    channels: {
      mail: {
        type: "email",
        provider: "smtp",
        deliver: true,
        settings: {
          from_address: "hi@lark.test",
          from_name: "Lark, Inc.",
          host: "127.0.0.1",
          port: smtp.port,
          tls: "none",
          username: "lark",
          password: "$LARK_PASSWORD",
          ...settings,
        },
        ...channel,
      },
    },
  });
}

const ADA = '{"id":"ada","name":"Ada","email":"ada@lark.test"}';
const GONE = '{"id":"gone","name":"Gone","email":"gone@lark.test"}';
const withPassword = { env: { LARK_PASSWORD: PASSWORD } };
const notify = (recipient: string, more: string[] = [], options = withPassword) =>
  sample.knock(["notify", "hello", "-r", recipient, "--set", "day=morning", "--json", ...more], options);
const getFirstStep = (ran: Awaited<ReturnType<typeof notify>>) => ran.outcome.recipients?.[0]?.steps[0];
const readMessage = async (id: unknown) => (await sample.knock(["messages", "show", String(id), "--json"])).json;

describe("a channel with deliver", () => {
  it("CH-090 sends an email to an SMTP server, as the outcome and the message show", async () => {
    useBuiltCommand();
    environment();
    const ran = await notify(ADA);
    expect(ran.exitCode).toBe(0);
    const step = getFirstStep(ran);
    expect(step).toMatchObject({ outcome: "sent", message_status: "sent", reason: null });
    const [got] = smtp.received;
    expect(smtp.received).toHaveLength(1);
    expect(got).toMatchObject({ from: "hi@lark.test", to: ["ada@lark.test"], user: "lark" });
    expect(got?.mail).toMatchObject({ subject: "Hello Ada", messageId: `<${step?.message_id}@lark.test>` });
    expect(got?.mail.from?.value).toEqual([{ name: "Lark, Inc.", address: "hi@lark.test" }]);
    expect(got?.mail.html).toContain("<p>Good morning</p>");
    const message = await readMessage(step?.message_id);
    expect(message).toMatchObject({
      status: "sent",
      metadata: { external_id: `${step?.message_id}@lark.test` },
    });
    const shown = await sample.knock(["messages", "show", String(step?.message_id)]);
    expect(shown.stdout).toContain(`  provider   ${step?.message_id}@lark.test\n`);
  });

  it("T-131 sends all rendered parts of an email: layout, attachments, headers, text part", async () => {
    environment();
    sample.write("knock/layouts/plain/layout.json", {
      name: "Plain",
      html_layout: "<!doctype html><html><body><h1>Lark</h1>{{ content }}</body></html>",
      text_layout: "Lark\n\n{{ content }}",
    });
    sample.write("knock/workflows/hello/workflow.json", {
      name: "hello",
      steps: [
        {
          ref: "email_1",
          type: "channel",
          channel_key: "mail",
          channel_type: "email",
          channel_overrides: { json_overrides: '{"headers":{"X-Order":"{{ day }}"}}' },
          template: {
            subject: "Hello",
            html_body: "<p>Good {{ day }}</p>",
            settings: { layout_key: "plain", attachment_key: "files" },
          },
        },
      ],
    });
    const file = { name: "bill.txt", content_type: "text/plain", content: Buffer.from("89 €").toString("base64") };
    const ran = await notify(ADA, ["--data", JSON.stringify({ files: [file] })]);
    expect(getFirstStep(ran)).toMatchObject({ message_status: "sent" });
    const mail = smtp.received[0]?.mail;
    expect(mail?.html).toContain("<h1>Lark</h1><p>Good morning</p>");
    expect(mail?.text).toBe("Lark\n\nGood morning");
    expect(mail?.headers.get("x-order")).toBe("morning");
    expect(mail?.attachments.map(({ filename, content }) => [filename, content.toString()])).toEqual([
      ["bill.txt", "89 €"],
    ]);
  });

  it("CH-044 bounces for a rejected recipient, while others' messages are sent", async () => {
    environment();
    const ran = await notify(`[${GONE},${ADA}]`);
    expect(ran.exitCode).toBe(9);
    expect(getFirstStep(ran)).toMatchObject({
      outcome: "failed",
      message_status: "bounced",
      reason: { code: "delivery_error" },
    });
    expect(getFirstStep(ran)?.reason?.detail).toMatch(/^SMTP: gone@lark\.test was refused: 550 No such mailbox/);
    expect(ran.outcome.recipients?.[1]?.steps[0]).toMatchObject({ message_status: "sent" });
    expect(smtp.received.map(({ to }) => to)).toEqual([["ada@lark.test"]]);
    expect(await readMessage(getFirstStep(ran)?.message_id)).toMatchObject({ status: "bounced" });
  });

  it("E-208 sends nothing in sandbox mode or without deliver", async () => {
    environment();
    const recipients = [{ id: "ada", email: "ada@lark.test" }];
    sample.write("p.json", { recipients, settings: { sandbox_mode: true } });
    const sandboxed = await sample.knock(["notify", "hello", "--file", "p.json", "--json"], withPassword);
    expect(getFirstStep(sandboxed)).toMatchObject({ outcome: "sent", message_status: "not_sent" });
    environment({ deliver: false });
    expect(getFirstStep(await notify(ADA))).toMatchObject({ outcome: "sent", message_status: "not_sent" });
    expect(smtp.connections).toBe(0);
  });

  it("fails the message if a variable is not set, naming channel and variable, and sends nothing", async () => {
    environment();
    const ran = await notify(ADA, [], { env: {} as { LARK_PASSWORD: string } });
    expect(ran.exitCode).toBe(1);
    expect(getFirstStep(ran)).toMatchObject({
      message_status: "undelivered",
      reason: {
        code: "delivery_error",
        detail: 'channel "mail": the environment variable LARK_PASSWORD is not set (settings.password refers to it)',
      },
    });
    expect(smtp.connections).toBe(0);
  });

  it("treats a rejected password as final, and does not show it anywhere", async () => {
    environment();
    const ran = await notify(ADA, [], { env: { LARK_PASSWORD: "hunter2-hunter2" } });
    expect(getFirstStep(ran)).toMatchObject({ message_status: "undelivered" });
    expect(getFirstStep(ran)?.reason?.detail).toContain("535");
    expect(ran.stdout + ran.stderr).not.toContain("hunter2");
    expect(JSON.stringify(await readMessage(getFirstStep(ran)?.message_id))).not.toContain("hunter2");
    const shown = await sample.knock(["messages", "show", String(getFirstStep(ran)?.message_id)]);
    expect(shown.stdout).toContain(" 535 ");
    expect(shown.stdout).not.toContain("hunter2");
  });

  it("E-209 retries an unreachable server later", async () => {
    environment({}, { port: 1 });
    const ran = await notify(ADA);
    expect(getFirstStep(ran)).toMatchObject({ outcome: "queued", message_status: "queued" });
    const id = String(getFirstStep(ran)?.message_id);
    const waiting = await sample.knock(["messages", "show", id]);
    expect(waiting.stdout).toMatch(/deliveries:\n {2}\S+ \S+ {2}SMTP {2}127\.0\.0\.1:1 {2}.*ECONNREFUSED/);
    environment();
    await sample.knock(["clock", "advance", "1m"], withPassword);
    const { delivery_logs } = await readMessage(id);
    expect(delivery_logs).toMatchObject([
      { __typename: "MessageDeliveryLog", response: { status: 250 } },
      { response: {} },
    ]);
    expect(smtp.received).toHaveLength(1);
    expect(await readMessage(getFirstStep(ran)?.message_id)).toMatchObject({ status: "sent" });
  });

  it("rejects a literal secret in the file before anything happens", async () => {
    environment({}, { password: PASSWORD });
    const ran = await notify(ADA);
    expect(ran.exitCode).toBe(3);
    expect(ran.error.message).toBe(
      'knock/environment.json:14:21: channels.mail.settings.password is a secret and must name an environment variable, such as "$PASSWORD": never write it here',
    );
    expect(ran.stdout + ran.stderr).not.toContain(PASSWORD);
  });
});

it("sends SMS, push, chat and webhook messages from the built command, each to its provider", async () => {
  useBuiltCommand();
  const target = await startHttpTestServer();
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const private_key = privateKey.export({ type: "pkcs8", format: "pem" });
  const account = JSON.stringify({ client_email: "push@lark.test", private_key });
  try {
    target.respondWith(({ path }) => {
      if (path.startsWith("/2010-04-01/")) return { status: 201, json: { sid: "SM1", status: "queued" } };
      if (path === "/token") return { json: { access_token: "access-token-1", expires_in: 3600 } };
      if (path.startsWith("/v1/projects/"))
        return { status: 404, json: { error: { message: "gone", details: [{ errorCode: "UNREGISTERED" }] } } };
      return path === "/slack" ? { text: "ok" } : { status: 200 };
    });
    const base_url = target.url;
    sample.write("knock/environment.json", {
      channels: {
        text: {
          type: "sms",
          provider: "twilio",
          deliver: true,
          settings: { accountSid: "AC1", authToken: "$TWILIO", from: "+15550009999", base_url },
        },
        droid: {
          type: "push",
          provider: "fcm",
          deliver: true,
          settings: { project_id: "lark", service_account_json: "$FCM", base_url, token_url: `${base_url}/token` },
        },
        chatty: { type: "chat", provider: "slack", deliver: true },
        hook: { type: "http", deliver: true, settings: { signing_key: "$HOOK" } },
      },
      private_addresses: ["127.0.0.1"],
    });
    const channelStep = (ref: string, channel_type: string, channel_key: string, template: JsonObject) => ({
      ref,
      type: "channel",
      channel_type,
      channel_key,
      template,
    });
    sample.write("knock/workflows/all/workflow.json", {
      name: "all",
      steps: [
        channelStep("sms_1", "sms", "text", { text_body: "Ping" }),
        channelStep("push_1", "push", "droid", { title: "T", text_body: "B", settings: {} }),
        channelStep("chat_1", "chat", "chatty", { markdown_body: "**Hi**" }),
        channelStep("hook_1", "http", "hook", { method: "post", url: `${base_url}/hook`, body: '{"a":1}' }),
      ],
    });
    const recipient = JSON.stringify({
      id: "ada",
      phone_number: "+15550000001",
      channel_data: {
        droid: { tokens: ["device-1"] },
        chatty: { connections: [{ incoming_webhook: { url: `${base_url}/slack` } }] },
      },
    });
    const env = { TWILIO: "twilio-token", FCM: account, HOOK: "hook-key" };
    const ran = await sample.knock(["notify", "all", "-r", recipient, "--json"], { env });
    expect(ran.outcome.recipients?.[0]?.steps.map((entry) => [entry.ref, entry.outcome, entry.message_status])).toEqual(
      [
        ["sms_1", "sent", "sent"],
        ["push_1", "failed", "bounced"],
        ["chat_1", "sent", "sent"],
        ["hook_1", "sent", "delivered"],
      ],
    );
    expect(target.requests.map(({ path }) => path).sort()).toEqual([
      "/2010-04-01/Accounts/AC1/Messages.json",
      "/hook",
      "/slack",
      "/token",
      "/v1/projects/lark/messages:send",
    ]);
    expect(target.requests.find(({ path }) => path === "/hook")?.headers["x-webhook-signature"]).toMatch(/^t=\d+,s=/);
    const ids = ran.outcome.recipients?.[0]?.steps.map((entry) => String(entry.message_id)) ?? [];
    const kept = await Promise.all(ids.map(async (id) => (await readMessage(id)).delivery_logs as JsonObject[]));
    expect(kept.map((logs) => logs.map(({ service_name }) => service_name))).toEqual([
      ["Twilio"],
      ["Firebase", "Firebase"],
      ["Slack"],
      ["Webhook"],
    ]);
    expect(kept[1]?.[1]).toMatchObject({ request: { body: "[redacted]" }, response: { body: "[redacted]" } });
    const credentials = Buffer.from("AC1:twilio-token").toString("base64");
    for (const secret of [
      "access-token-1",
      "twilio-token",
      credentials,
      "hook-key",
      "PRIVATE KEY",
      `${target.url}/slack`,
      "/slack",
    ])
      expect(JSON.stringify(kept)).not.toContain(secret);
    const again = await sample.knock(["notify", "all", "-r", "ada", "--json"], { env });
    expect(again.outcome.recipients?.[0]?.steps[1]).toMatchObject({ reason: { code: "missing_recipient_data" } });
  } finally {
    await target.close();
  }
});

it("lets data reach this machine only if environment.json lists its address", async () => {
  const target = await startHttpTestServer();
  try {
    const project = (private_addresses?: string[]) => {
      sample.write("knock/environment.json", {
        channels: { hook: { type: "http", deliver: true } },
        ...(private_addresses ? { private_addresses } : {}),
      });
      sample.write("knock/workflows/ping/workflow.json", {
        name: "Ping",
        steps: [
          {
            ref: "hook_1",
            type: "channel",
            channel_type: "http",
            channel_key: "hook",
            template: { method: "post", url: "http://{{ data.host }}/hook", body: "{}" },
          },
        ],
      });
    };
    const port = new URL(target.url).port;
    const notify = async (host: string) =>
      sample.knock(["notify", "ping", "-r", '{"id":"ada"}', "--set", `host=${host}:${port}`]);
    project();
    for (const host of ["127.0.0.1", "localhost", "2130706433"]) {
      const { stdout, exitCode } = await notify(host);
      expect(stdout).toMatch(
        /not a public address; if it is yours, add it to "private_addresses" in environment\.json/,
      );
      expect(exitCode).toBe(1);
    }
    expect(target.requests).toEqual([]);
    project(["127.0.0.1"]);
    for (const host of ["127.0.0.1", "localhost"]) expect((await notify(host)).exitCode).toBe(0);
    expect(target.requests).toHaveLength(2);
  } finally {
    await target.close();
  }
});

describe("recipients.redirect", () => {
  it("delivers every email to one address, and stores it unchanged", async () => {
    sample.write("knock.json", { knockDir: "./knock", settings: { recipients: { redirect: "qa@lark.test" } } });
    environment(
      {},
      {
        cc_address: "Cy <cy@lark.test>, di@lark.test",
        bcc_address: "bo@lark.test",
        json_overrides: { headers: { "X-Kept": "1" }, to: "eve@lark.test" },
      },
    );
    const ran = await notify('{"id":"ada","name":"Ada","email":"Ada L <ada@lark.test>"}');
    expect(getFirstStep(ran)).toMatchObject({ reason: null, outcome: "sent", message_status: "sent" });
    const [got] = smtp.received;
    expect(smtp.received.map(({ to }) => to)).toEqual([["qa@lark.test"]]);
    expect(got?.mail.subject).toBe("[to ada@lark.test] Hello Ada");
    // As words, because the random part of the Message-ID can end with two of these letters.
    expect(got?.raw).not.toMatch(/\b(cy|di|bo|eve)@/);
    const { content } = await readMessage(getFirstStep(ran)?.message_id);
    expect(content).toMatchObject({ data: { to: "Ada L <ada@lark.test>", subject_line: "Hello Ada" } });
  });

  it("comes from the profile if knock.json has none, and knock.json takes precedence", async () => {
    sample.write("../home/.config/knock/profiles.json", {
      default: "default",
      profiles: { default: { recipients: { redirect: "me@lark.test" } } },
    });
    environment();
    await notify(ADA);
    sample.write("knock.json", { knockDir: "./knock", settings: { recipients: { redirect: "qa@lark.test" } } });
    await notify(ADA);
    expect(smtp.received.map(({ to }) => to)).toEqual([["me@lark.test"], ["qa@lark.test"]]);
  });

  it("applies to knock dev", async () => {
    const server = await startHttpTestServer();
    server.respondWith({ json: { ErrorCode: 0, MessageID: "m1" } });
    const settings = { from_address: "hi@lark.test", api_key: "$POSTMARK_KEY", base_url: server.url };
    const mail = { type: "email", provider: "postmark", deliver: true, settings };
    const api = await openProjectApi(
      {
        "knock.json": { knockDir: "./knock", settings: { recipients: { redirect: "qa@lark.test" } } },
        "knock/environment.json": { channels: { mail } },
      },
      { env: { POSTMARK_KEY: "key-1" } },
    );
    try {
      await api.request("POST /v1/workflows/letter/trigger", { recipients: ["ada"] });
      await eventually(() => server.requests.length > 0);
      const [sent] = server.requests;
      expect(sent?.json).toMatchObject({ To: "qa@lark.test", Subject: "[to ada@lark.test] Hi" });
    } finally {
      await api.close();
      await server.close();
    }
  });

  it.each(["QA <qa@lark.test>", "qa", ""])("must be a plain address: %j", async (redirect) => {
    sample.write("knock.json", { knockDir: "./knock", settings: { recipients: { redirect } } });
    const { stderr, exitCode } = await notify(ADA);
    expect(stderr).toContain("must be an email address");
    expect(exitCode).toBe(3);
  });
});

describe("recipients.allow", () => {
  const guard = (...allow: string[]) =>
    sample.write("knock.json", { knockDir: "./knock", settings: { recipients: { allow } } });

  it("delivers nothing to others, and says why", async () => {
    guard("*@qa.test", "user:qa-*");
    environment();
    const ran = await notify(ADA);
    expect(smtp.received).toEqual([]);
    expect(getFirstStep(ran)).toMatchObject({ message_status: "undelivered" });
    expect(getFirstStep(ran)?.reason?.detail).toBe(
      'not delivered: user "ada" is not allowed by settings.recipients.allow in knock.json',
    );
  });

  it("delivers to an allowed ID or address", async () => {
    guard("*@qa.test", "user:qa-*");
    environment();
    await notify('{"id":"qa-1","email":"one@lark.test"}');
    await notify('{"id":"bo","email":"Bo <bo@qa.test>"}');
    expect(smtp.received.map(({ to }) => to)).toEqual([["one@lark.test"], ["bo@qa.test"]]);
  });

  it("delivers no email that also names others", async () => {
    guard("*@lark.test");
    environment({}, { bcc_address: "boss@example.com" });
    const ran = await notify(ADA);
    expect(smtp.received).toEqual([]);
    expect(getFirstStep(ran)).toMatchObject({ message_status: "undelivered" });
  });
});

describe("undelivered messages", () => {
  it("E-213 are delivered again by knock messages retry, by id or all of them", async () => {
    const env = { LARK_PASSWORD: PASSWORD };
    environment();
    sample.write("knock/recipients/people.json", {
      users: [
        { id: "ada", email: "gone@lark.test" },
        { id: "bo", email: "bo@lark.test" },
      ],
    });
    await sample.knock(["notify", "hello", "-r", "ada,bo"], { env });
    const { json } = await sample.knock(["messages", "list", "--json"], { env });
    const byRecipient = new Map((json.items as JsonObject[]).map((entry) => [entry.recipient, entry]));
    expect(byRecipient.get("ada")?.status).toMatch(/undelivered|bounced/);
    const sent = await sample.knock(["messages", "retry", String(byRecipient.get("bo")?.id)], { env });
    expect([sent.exitCode, sent.stderr]).toEqual([
      6,
      expect.stringContaining("only undelivered messages can be retried"),
    ]);
    expect((await sample.knock(["messages", "retry"], { env })).exitCode).toBe(2);
    environment({}, { password: "$WRONG_PASSWORD" });
    await sample.knock(["notify", "hello", "-r", "bo"], { env: { ...env, WRONG_PASSWORD: "x" } });
    environment();
    const all = await sample.knock(["messages", "retry", "--all", "--json"], { env });
    expect((all.json.items as JsonObject[]).map(({ recipient, status }) => [recipient, status])).toContainEqual([
      "bo",
      "sent",
    ]);
    const again = await sample.knock(["messages", "retry", "--all"], { env });
    expect(again.exitCode).toBe(0);
  });
});
