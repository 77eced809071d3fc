import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type StartedFake, startFakeProvider } from "../../../src/providers/start-fake-provider.js";
import type { JsonObject } from "../../../src/util/json.js";
import { eventually } from "../../helpers/eventually.js";
import { createInProcessSample } from "../../helpers/run-in-process.js";
import type { CommandResult, Sample } from "../../helpers/run-knock.js";
import { startDev } from "../mcp/connect-client.js";

let sample: Sample;
let fake: StartedFake;
let env: Record<string, string>;

/** Replaces the channels of the project. */
function writeChannels(channels: JsonObject): void {
  sample.write("knock/environment.json", { name: "development", channels });
}

beforeEach(async () => {
  sample = createInProcessSample(null);
  await sample.knock(["init"]);
  fake = await startFakeProvider("mailgun");
  const { api_key = "", webhook_signing_key = "", domain = "" } = fake.settings;
  env = { MAILGUN_KEY: api_key, MAILGUN_WEBHOOK_KEY: webhook_signing_key };
  writeChannels({
    "in-app-feed": { type: "in_app_feed" },
    email: {
      type: "email",
      provider: "mailgun",
      deliver: true,
      settings: {
        api_key: "$MAILGUN_KEY",
        webhook_signing_key: "$MAILGUN_WEBHOOK_KEY",
        domain,
        base_url: fake.url,
        from_address: "hello@example.com",
      },
    },
    sms: { type: "sms", provider: "plivo", settings: { auth_id: "MA01" } },
  });
});
afterEach(async () => {
  sample.remove();
  await fake.close();
});

const test = (args: readonly string[]): Promise<CommandResult> =>
  sample.knock(["channels", "test", "email", "--wait", "0s", ...args], { env });

describe("knock channels list", () => {
  it("lists how each channel delivers, and what it lacks", async () => {
    const { stdout } = await sample.knock(["channels"], { env: { MAILGUN_WEBHOOK_KEY: "x" } });
    expect(stdout.trimEnd().split(/ *\n/)).toEqual([
      "CHANNEL      TYPE         PROVIDER           DELIVERY    MISSING",
      "in-app-feed  in_app_feed  in_app_feed_knock  stored",
      "email        email        mailgun            delivering  $MAILGUN_KEY",
      expect.stringMatching(/^sms +sms +plivo +sandboxed +authentication_token, must have exactly one of/),
    ]);
  });

  it("names the missing provider of a sandboxed channel", async () => {
    writeChannels({ email: { type: "email" }, chat: null });
    const { json } = await sample.knock(["channels", "list", "--json"]);
    expect(json.items).toMatchObject([
      { key: "email", delivery: "sandboxed", problems: [{ setting: "provider" }] },
      { key: "chat", delivery: "not configured", provider: null },
    ]);
  });
});

describe("knock channels show", () => {
  it("prints settings, missing variables and how the status is known, without credentials in URLs", async () => {
    writeChannels({
      sms: {
        type: "sms",
        provider: "twilio",
        settings: {
          auth_token: "$TWILIO_TOKEN",
          webhook_url: "https://ada:pass@hooks.lark.test/v1/providers/sms/events",
        },
      },
    });
    const { stdout } = await sample.knock(["channels", "show", "sms"]);
    expect(stdout).toMatch(/auth_token +\$TWILIO_TOKEN {2}not set/);
    expect(stdout).toMatch(/webhook_url +https:\/\/\[redacted\]@hooks\.lark\.test/);
    expect(stdout).toMatch(/account_id +is required by sms_twilio/);
    expect(stdout).toMatch(/status +polled or webhook/);
    expect(stdout).toMatch(/webhook +\/v1\/providers\/sms\/events/);
  });

  it("suggests the nearest channel", async () => {
    const { stderr, exitCode } = await sample.knock(["channels", "show", "emial"]);
    expect({ stderr, exitCode }).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining('Did you mean "email"?'),
    });
  });
});

describe("knock channels test", () => {
  it("sends one message, and prints the request without secrets and the response", async () => {
    const { stdout, stderr, exitCode } = await test(["--recipient", "ada"]);
    expect(stdout).toMatch(/→ POST 127\.0\.0\.1:\d+\/v3\/.+\/messages\n {2}content-type/);
    expect(stdout).toContain("authorization: [redacted]");
    expect(stdout).toContain('This message tests the channel "email".');
    expect(stdout).toMatch(/← 200\n.*✓ email {2}sent/s);
    expect(stdout).not.toContain(env.MAILGUN_KEY);
    expect(stderr).toContain("The provider has not reported another status yet.");
    expect(exitCode).toBe(0);
    expect(fake.requests).toHaveLength(1);
  });

  it("ignores preferences and conditions of the channel", async () => {
    const preferences = { channel_types: { email: false } };
    const recipient = JSON.stringify({ id: "me", email: "me@example.com", preferences: { default: preferences } });
    const { stdout, exitCode } = await test(["--recipient", recipient, "--quiet"]);
    expect({ stdout, exitCode }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^✓ email {2}sent {2}\w{27}$/),
    });
  });

  it("waits for the status, which knock dev receives on the same store", async () => {
    const dev = await startDev(sample, [], env);
    try {
      const sending = sample.knock(["channels", "test", "email", "-r", "ada", "--wait", "10m", "--json"], { env });
      const body = await eventually(() => fake.requests[0]?.body);
      const message_id = String((body as JsonObject)["v:knock_message_id"]);
      const url = `${dev.url}/v1/providers/email/events`;
      const report = { type: "bounced", message_id, reason: "No such mailbox" } as const;
      await eventually(async () => (await fake.sendEvent(url, report)) === 200);
      const { json, exitCode } = await sending;
      expect({ json, exitCode }).toMatchObject({
        exitCode: 1,
        json: {
          is_status_pending: false,
          reason: "Mailgun: No such mailbox",
          messages: [{ id: message_id, status: "bounced" }],
        },
      });
    } finally {
      dev.process.kill("SIGTERM");
      await dev.process;
    }
  });

  it("exits with 1 for a refused message, with the vendor's reason", async () => {
    fake.failNext("unauthorized");
    const { stdout, exitCode } = await test(["--recipient", "ada"]);
    expect({ stdout, exitCode }).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/✗ email {2}undelivered: Mailgun responded 401: /),
    });
  });

  it("says that a temporary failure is tried again", async () => {
    fake.failNext("outage");
    const { stdout, stderr, exitCode } = await test(["--recipient", "ada"]);
    expect({ stdout, exitCode }).toEqual({
      exitCode: 1,
      stdout: expect.stringMatching(/^✗ email {2}queued: Mailgun /m),
    });
    expect(stderr).toContain("`knock worker` sends the message again");
  });

  it.each([
    ["an unknown user", ["-r", "nobody"], 1, '"nobody" was never identified'],
    ["two users", ["-r", "ada,grace"], 2, "give one user"],
    ["no recipient", [], 2, "required option"],
    ["an invalid duration", ["-r", "ada", "--wait", "soon"], 2, "--wait"],
  ])("reports %s", async (_title, args, code, text) => {
    const { stdout, stderr, exitCode } = await test(args);
    expect({ exitCode, output: stdout + stderr }).toEqual({ exitCode: code, output: expect.stringContaining(text) });
    expect(fake.requests).toEqual([]);
  });

  it("refuses recipients that a guard does not allow", async () => {
    await sample.knock(["config", "set", "recipients.allow", "*@lark.test"]);
    const { stdout, exitCode } = await test(["-r", "ada"]);
    expect({ stdout, exitCode }).toMatchObject({ exitCode: 1, stdout: expect.stringContaining("is not allowed by") });
    expect(fake.requests).toEqual([]);
  });

  it("refuses channels that do not deliver or lack a variable", async () => {
    const reasons = await Promise.all(
      ["sms", "in-app-feed", "email"].map(
        async (key) => (await sample.knock(["channels", "test", key, "-r", "ada"])).stderr.split("\n")[0],
      ),
    );
    expect(reasons).toEqual([
      expect.stringContaining('through the channel "sms": it is sandboxed'),
      expect.stringContaining('through the channel "in-app-feed": its messages are stored'),
      expect.stringContaining("needs environment variables that are not set"),
    ]);
  });

  it("asks before a message leaves this computer", async () => {
    writeChannels({
      email: {
        type: "email",
        provider: "mailgun",
        deliver: true,
        settings: { api_key: "$MAILGUN_KEY", domain: "example.com", from_address: "hello@example.com" },
      },
    });
    const { stderr, exitCode } = await test(["-r", "ada"]);
    expect({ stderr, exitCode }).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining("Add --yes to send it. Nothing was sent."),
    });
  });
});
