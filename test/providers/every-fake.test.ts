import { describe, expect, it } from "vitest";
import type { DeliveryExchange } from "../../src/domain/message/delivery-log.js";
import type { Message } from "../../src/domain/message/message.js";
import type { ProviderEvent } from "../../src/ports/provider.js";
import { getProviderCatalog, type ProviderDefinition } from "../../src/providers/catalog.js";
import type { FakeEvent, FakeVendor } from "../../src/providers/fake-vendor.js";
import { type FakeProviderName, type StartedFake, startFakeProvider } from "../../src/providers/start-fake-provider.js";
import { VENDOR_FAKES } from "../../src/providers/vendor-fakes.js";
import type { JsonObject } from "../../src/util/json.js";
import {
  buildChannel,
  buildEmailMessage,
  buildMessage,
  MESSAGE_ID,
  NOW,
  ProviderHarness,
} from "../helpers/provider-harness.js";

/** The device token of vendors that have another form than OneSignal. */
const TOKENS: Readonly<Record<string, string>> = {
  apns: "0123456789abcdef".repeat(4),
  "aws-sns-push": "arn:aws:sns:eu-west-1:123456789012:endpoint/APNS/app/98e9ced9",
  expo: "ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]",
};

/** The connection of each vendor of chat messages. */
const CONNECTIONS: Readonly<Record<string, JsonObject>> = {
  discord: { channel_id: "1402345678901234567" },
  "ms-teams": { ms_teams_user_id: "29:1fake", ms_teams_tenant_id: "b9a8d7c6-0000-4000-8000-000000000001" },
  slack: { channel_id: "C0FAKE0001" },
  whatsapp: { phone_number: "+15550000001" },
};

const MESSAGES: Readonly<Record<string, (vendor: string) => Message>> = {
  email: () => buildEmailMessage(),
  chat: (vendor) =>
    buildMessage("chat", {
      connection: CONNECTIONS[vendor] ?? {},
      metadata: { connection_overridden: true },
      template:
        vendor === "whatsapp"
          ? { json_content: { template: { name: "hello_world", language: { code: "en_US" } } } }
          : { blocks: [{ type: "markdown", name: "body", content: "Hi **you**" }] },
    }),
  push: (vendor) =>
    buildMessage("push", {
      token: TOKENS[vendor] ?? "d6c1f2e0-0000-4000-8000-000000000001",
      title: "Hi",
      body: "Ping",
    }),
  sms: () => buildMessage("sms", { to: "+15550000001", body: "Hi" }),
};

/** A fake, with a channel that delivers to it and providers that know its secrets. */
interface FakeCase {
  fake: StartedFake;
  harness: ProviderHarness;
  definition: ProviderDefinition;
  /** Sends a message of the channel's type, or another one. */
  send: (message?: Message) => ReturnType<ProviderHarness["send"]>;
  readEvents: (webhook: { url: string; headers: Record<string, string>; body: string }) => Promise<ProviderEvent[]>;
  exchanges: DeliveryExchange[];
}

const names = Object.keys(VENDOR_FAKES) as FakeProviderName[];

function findDefinition(name: string): ProviderDefinition {
  const definition = getProviderCatalog().find(({ vendor }) => vendor === name);
  if (definition === undefined) throw new Error(`${name} is not in the catalog`);
  return definition;
}

/** Returns the settings with secrets and numbers as references to variables, and the variables. */
function splitSecrets({ settings: known }: ProviderDefinition, settings: Readonly<Record<string, string>>) {
  const variables: Record<string, string> = {};
  const references: JsonObject = {};
  for (const [name, value] of Object.entries(settings)) {
    const isReference = ["secret", "number"].includes(known[name]?.kind ?? "");
    if (isReference) variables[`FAKE_${name.toUpperCase()}`] = value;
    references[name] = isReference ? `$FAKE_${name.toUpperCase()}` : value;
  }
  return { variables, references };
}

/** Opens a fake and providers with its settings. `wrongKey` gives them another key for webhooks than the fake has. */
async function withFake(
  name: FakeProviderName,
  run: (fake: FakeCase) => Promise<void>,
  { wrongKey = false } = {},
): Promise<void> {
  await using fake = await startFakeProvider(name);
  const definition = findDefinition(name);
  const { variables, references } = splitSecrets(definition, fake.settings);
  const keys = ["FAKE_WEBHOOK_SIGNING_KEY", "FAKE_AUTH_TOKEN", "FAKE_AUTHENTICATION_TOKEN"];
  const key = keys.find((variable) => variables[variable] !== undefined);
  if (wrongKey && key !== undefined) variables[key] = `${variables[key]?.slice(0, -4)}AAA=`;
  const harness = new ProviderHarness(variables);
  const channel = buildChannel(definition.type, definition.names[0] as string, references);
  const exchanges: DeliveryExchange[] = [];
  const message = MESSAGES[definition.type] as (vendor: string) => Message;
  try {
    await run({
      fake,
      harness,
      definition,
      exchanges,
      send: (sent = message(name)) => harness.send(channel, sent, undefined, (exchange) => exchanges.push(exchange)),
      readEvents: (webhook) => harness.readEvents(channel, webhook),
    });
  } finally {
    await harness.close();
  }
}

const URL = "https://hooks.lark.test/v1/providers/out/events";
/** The error for a webhook whose signature is missing, old or wrong. */
const REFUSED = { code: "authentication" };

describe.each(names)("%s", (name) => {
  it("accepts a message, and hides all secrets in the log", () =>
    withFake(name, async ({ fake, definition, send, exchanges }) => {
      expect(await send()).toMatchObject({ status: expect.stringMatching(/^(sent|delivered)$/) });
      expect(fake.requests.map(({ status }) => status)).toEqual(
        fake.requests.map(() => expect.toSatisfy((status) => status < 300)),
      );
      const secrets = Object.entries(fake.settings).filter(
        ([setting]) => definition.settings[setting]?.kind === "secret",
      );
      const log = JSON.stringify(exchanges);
      for (const [, value] of secrets) expect(log).not.toContain(value);
      expect(exchanges).toHaveLength(fake.requests.length);
    }));

  it("sends an interrupted delivery again under the same key", () =>
    withFake(name, async ({ fake, definition, send }) => {
      await send();
      await send();
      const key = definition.capabilities.idempotency_key;
      const texts = fake.requests.map(({ headers, text }) => (key === undefined ? text : (headers[key] ?? text)));
      if (key !== undefined) expect(new Set(texts).size).toBe(1);
    }));

  it("has a fake with each failure that the definition lists", () =>
    withFake(name, async ({ fake, definition, send }) => {
      const meanings = new Set<string>();
      for (const [failure, expected] of Object.entries(fake.failures)) {
        fake.failNext(failure);
        const delivery = await send();
        const status = expected.result === "bounced" ? "bounced" : "failed";
        expect([failure, delivery]).toEqual([failure, expect.objectContaining({ status })]);
        if (delivery.status === "failed") {
          expect([failure, delivery.retryable]).toEqual([failure, expected.result === "temporary"]);
          expect([failure, delivery.retry_after_ms]).toEqual([failure, expected.retry_after_ms]);
        }
        expect("reason" in delivery && delivery.reason).toContain(definition.title);
        for (const { status: statuses, result, meaning } of definition.failures)
          if (result === expected.result && (statuses?.includes(expected.status) ?? true)) meanings.add(meaning);
      }
      expect([...meanings].sort()).toEqual(definition.failures.map(({ meaning }) => meaning).sort());
    }));

  it("reads each event of a signed webhook, and refuses one with a missing, old or wrong signature", async () => {
    const { buildWebhook, events = [], settings, has_timeless_signature }: FakeVendor = await VENDOR_FAKES[name]();
    if (buildWebhook === undefined) return;
    const build = (type: FakeEvent["type"]) => ({
      url: URL,
      ...buildWebhook({ type, message_id: MESSAGE_ID, at: NOW }, URL),
    });
    const delivered = build("delivered");
    await withFake(name, async ({ harness, readEvents }) => {
      for (const type of events) {
        const [event, ...others] = await readEvents(build(type));
        expect(event).toMatchObject({ type, message_id: MESSAGE_ID });
        expect(Math.floor(Number(event?.at) / 1_000)).toBe(NOW / 1_000);
        expect(others).toEqual([]);
      }
      await expect(readEvents({ ...delivered, headers: {}, body: "{}" })).rejects.toMatchObject(REFUSED);
      // Amazon SNS signs the whole body with a key of its own.
      const changed = { ...delivered, body: delivered.body.replace(MESSAGE_ID, MESSAGE_ID.toLowerCase()) };
      if ("topic_arn" in settings) await expect(readEvents(changed)).rejects.toMatchObject(REFUSED);
      if (!JSON.stringify(delivered).includes(String(NOW / 1_000))) return;
      harness.now = NOW + 60 * 60_000;
      if (has_timeless_signature) return expect(await readEvents(delivered)).toHaveLength(1);
      await expect(readEvents(delivered)).rejects.toThrow(/60 minutes old/);
    });
    if ("topic_arn" in settings) return;
    await withFake(name, ({ readEvents }) => expect(readEvents(delivered)).rejects.toMatchObject(REFUSED), {
      wrongKey: true,
    });
  });
});

it.each<[FakeProviderName, string]>([
  ["discord", "/api/webhooks/1402345678901234567/token"],
  ["ms-teams", "/workflows/1/triggers/manual/paths/invoke?sig=x"],
  ["slack", "/services/T0FAKE/B0FAKE/x"],
])("the fake of %s has incoming webhooks", (name, path) =>
  withFake(name, async ({ fake, send }) => {
    const template = { blocks: [{ type: "markdown", name: "body", content: "Hi" }] };
    const connection = { incoming_webhook: { url: fake.url + path } };
    const sent = buildMessage(
      "chat",
      { connection, template, metadata: { connection_overridden: true } },
      { secrets: { connection } },
    );
    expect(await send(sent)).toMatchObject({ status: "sent" });
    expect(fake.requests.map(({ method, status }) => [method, status < 300])).toEqual([["POST", true]]);
  }),
);

it.each<[FakeProviderName, JsonObject, string]>([
  ["apns", { token: "device-1" }, "bounced"],
  ["apns", { body: "x".repeat(5_000) }, "failed"],
  ["apns", { payload_overrides: { headers: { "apns-push-type": "background" } } }, "failed"],
  ["expo", { token: "device-1" }, "bounced"],
  ["expo", { body: "x".repeat(5_000) }, "failed"],
  ["fcm", { data: { from: "ada" } }, "failed"],
  ["fcm", { body: "x".repeat(5_000) }, "failed"],
  ["discord", { connection: { channel_id: "general" } }, "failed"],
  ["slack", { connection: { channel_id: "no channel" } }, "bounced"],
  ["slack", { connection: { email: "ada@lark.test" } }, "sent"],
  ["ms-teams", { connection: { ms_teams_channel_id: "19:x@thread.tacv2" } }, "sent"],
])("the fake of %s checks a message with %j: %s", (name, content, status) =>
  withFake(name, async ({ definition, send }) => {
    const message = (MESSAGES[definition.type] as (vendor: string) => Message)(name);
    expect(await send({ ...message, content: { ...message.content, ...content } })).toMatchObject({ status });
  }),
);

it("the fake of smtp keeps each message once with its envelope, and refuses one that is too large", () =>
  withFake("smtp", async ({ fake, send }) => {
    const body = { from: "hi@lark.test", to: ["ada@lark.test", "bo@lark.test"], username: fake.settings.username };
    await send(buildEmailMessage({ bcc: "bo@lark.test", text_body: ".first\r\n." }));
    const attachments = [{ name: "a.bin", content: "A".repeat(14_000_000) }];
    expect(await send(buildEmailMessage({ attachments }))).toMatchObject({ retryable: false });
    fake.failNext("unknown_user");
    await send();
    expect(fake.requests).toMatchObject([
      { method: "DATA", status: 250, body, headers: { subject: "Hello Ada", from: '"Lark, Inc." <hi@lark.test>' } },
      { method: "DATA", status: 552 },
      { method: "RCPT", path: "ada@lark.test", status: 550 },
    ]);
    expect(fake.requests[0]?.text).toContain("\r\n.first\r\n.\r\n");
  }));
