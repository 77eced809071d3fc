import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Delivery, StoredChannelData } from "../../../src/ports/provider.js";
import type { JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { MINUTE, SECOND, T0 } from "../../helpers/case-times.js";
import { EngineHarness } from "../../helpers/engine-harness.js";

let h: EngineHarness;
beforeEach(async () => {
  h = await EngineHarness.open();
});
afterEach(() => h.close());

describe("a provider that asks to retry later (CH-042, E-209)", () => {
  const busy = (retry_after_ms: number): Delivery => ({
    status: "failed",
    retryable: true,
    reason: "429",
    retry_after_ms,
  });
  it.each([
    ["a longer time than the backoff is respected", 60 * SECOND, 60 * SECOND],
    ["a shorter time than the backoff is ignored", 1 * SECOND, 14 * SECOND],
    ["a time of more than half an hour is shortened to half an hour", 86_400 * SECOND, 30 * MINUTE],
  ])("%s", async (_title, asked, waited) => {
    h.define("digest", { steps: [step.email()] });
    h.deliver = () => busy(asked);
    await h.trigger("digest", { recipients: ["ana"] });
    expect((await h.listMessages())[0]?.due_at).toBe(T0 + waited);
  });
});

describe("C-178 a device token that bounces (CH-134, E-215)", () => {
  const gone = (message: { content: { token?: unknown } }): Delivery =>
    message.content.token === "old"
      ? { status: "bounced", reason: "Unregistered", token: "old" }
      : { status: "sent", metadata: { external_id: "x" } };

  beforeEach(async () => {
    h.define("digest", { steps: [step.push()] });
    h.deliver = gone;
    const devices: JsonObject[] = [{ token: "old", locale: "fr" }, { token: "new" }];
    await h.identify(
      { id: "ana", channel_data: { "c-ios": { tokens: ["old", "new"] }, "c-droid": { tokens: ["old"] } } },
      { id: "bo", channel_data: { "c-ios": { devices } } },
    );
  });

  it("E-210 is removed from the channel's data in each format, and the event contains the token", async () => {
    await h.trigger("digest", { recipients: ["ana", "bo"] });
    expect((await h.recipient("ana"))?.channel_data).toEqual({
      "c-ios": { tokens: ["new"] },
      "c-droid": { tokens: ["old"] },
    });
    expect((await h.recipient("bo"))?.channel_data).toEqual({ "c-ios": { devices: [{ token: "new" }] } });
    const bounced = (await h.listMessages("ana")).find(({ status }) => status === "bounced");
    expect(bounced?.events.at(-1)?.data).toEqual({ failure_details: "Unregistered", token: "old" });
    const sent = (await h.listMessages("ana")).find(({ status }) => status === "sent");
    expect(sent?.metadata).toEqual({ external_id: "x" });
  });

  it("CH-241 is removed from the ARNs of endpoints, as a list and as devices", async () => {
    await h.identify(
      { id: "ana", channel_data: { "c-ios": { target_arns: ["old", "new"] } } },
      { id: "bo", channel_data: { "c-ios": { devices: [{ target_arn: "old" }, { target_arn: "new" }] } } },
    );
    await h.trigger("digest", { recipients: ["ana", "bo"] });
    expect((await h.recipient("ana"))?.channel_data["c-ios"]).toEqual({ target_arns: ["new"] });
    expect((await h.recipient("bo"))?.channel_data["c-ios"]).toEqual({ devices: [{ target_arn: "new" }] });
  });

  it("CHQ-14 is not used by the next push, which is skipped if it was the only token", async () => {
    await h.identify({ id: "ana", channel_data: { "c-ios": { tokens: ["old"] } } });
    await h.trigger("digest", { recipients: ["ana"] });
    const second = await h.trigger("digest", { recipients: ["ana"] });
    expect(second.recipients?.[0]?.steps[0]).toMatchObject({
      outcome: "skipped",
      reason: { code: "missing_recipient_data" },
    });
  });

  it("is kept if the channel has token_deregistration off", async () => {
    const ios = h.environment.channels.ios;
    if (ios) ios.settings = { token_deregistration: false };
    await h.trigger("digest", { recipients: ["ana"] });
    expect((await h.recipient("ana"))?.channel_data["c-ios"]).toEqual({ tokens: ["old", "new"] });
  });
});

it("CH-162 a chat delivery receives the channel data that recipient and tenant have at that time", async () => {
  h.define("digest", { steps: [step.chat()] });
  const connections = [{ access_token: "xoxb", channel_id: "C1" }];
  await h.identify({ id: "ana", channel_data: { "c-chat": { connections } } });
  const seen: StoredChannelData[] = [];
  h.deliver = (_message, _channel, stored) => {
    seen.push(stored);
    return { status: "sent" };
  };
  const tenant = { id: "acme", channel_data: { "c-chat": { token: { access_token: "xoxb-tenant" } } } };
  await h.trigger("digest", { recipients: ["ana"], tenant });
  await h.trigger("digest", { recipients: ["ana"] });
  expect(seen).toEqual([
    { recipient: { connections }, tenant: { token: { access_token: "xoxb-tenant" } } },
    { recipient: { connections }, tenant: {} },
  ]);
  expect(JSON.stringify(await h.listMessages())).not.toContain("xoxb");
});

it("CH-049 an error thrown for one message does not affect other messages", async () => {
  h.define("digest", { steps: [step.webhook(), step.email("S", "B")] });
  h.deliver = (message) => {
    if (message.recipient === "$users/ana") throw new Error("a fault of the provider's code");
    return { status: message.channel.type === "http" ? "delivered" : "sent" };
  };
  const outcome = await h.trigger("digest", { recipients: ["ana", "bo"] });
  const statuses = outcome.recipients?.map(({ status, steps }) => [status, ...steps.map((one) => one.message_status)]);
  expect(statuses).toEqual([
    ["completed", "queued", "queued"],
    ["completed", "delivered", "sent"],
  ]);
});

it("E-208 CH-003 a message that waits for another attempt is not sent after its channel has become a sandbox", async () => {
  h.define("digest", { steps: [step.email()] });
  h.deliver = () => ({ status: "failed", retryable: true, reason: "429" });
  await h.trigger("digest", { recipients: ["ana"] });
  const { mail } = h.environment.channels;
  if (mail) mail.deliver = false;
  await h.at(MINUTE);
  expect(h.deliveredMessages).toHaveLength(1);
  expect(await h.listMessages()).toMatchObject([{ status: "not_sent", due_at: null }]);
});

describe("a chat step with its own connection", () => {
  const override = (recipient_connection: string) => {
    const template: JsonObject = { markdown_body: "C", settings: { recipient_connection } };
    return { ...step.chat(), template };
  };

  it("C-150 E-187 CH-176 a connection that is not JSON leaves the message undelivered, and the run continues", async () => {
    h.define("digest", { steps: [override("{"), step.email()] });
    const outcome = await h.trigger("digest", { recipients: ["ana"] });
    expect(outcome.recipients?.[0]).toMatchObject({
      status: "completed",
      steps: [{ message_status: "undelivered" }, { message_status: "sent" }],
    });
    expect(h.deliveredMessages.map(({ channel }) => channel.type)).toEqual(["email"]);
    const [message] = (await h.listMessages("ana")).filter(({ channel }) => channel.type === "chat");
    expect(message?.events.at(-1)?.data).toMatchObject({
      failure_reason: "fatal_error",
      failure_details: expect.stringContaining("recipient_connection is invalid JSON"),
    });
  });

  it("E-187 a valid connection creates one message, whatever connections the recipient has", async () => {
    h.define("digest", { steps: [override('{"channel_id":"C-{{ recipient.id }}"}')] });
    await h.identify({
      id: "ana",
      channel_data: { "c-chat": { connections: [{ channel_id: "C1" }, { user_id: "U1" }] } },
    });
    await h.trigger("digest", { recipients: ["ana", "bo"] });
    expect(h.deliveredMessages.map(({ content }) => content.connection)).toEqual([
      { channel_id: "C-ana" },
      { channel_id: "C-bo" },
    ]);
  });
});

describe("E-187 a connection with a secret in a template", () => {
  const SECRET = "xoxb-of-the-template";
  const to: JsonObject = { channel_id: "C9", access_token: SECRET };
  const file = async () => JSON.stringify(await h.engine.listMessages({}, { limit: 9 }));
  beforeEach(() => {
    const template: JsonObject = { markdown_body: "C", settings: { recipient_connection: "{{ vars.slack | json }}" } };
    h.environment.variables.slack = to;
    h.define("digest", { steps: [{ ...step.chat(), template }] });
  });

  it("is part of the delivery, and is neither stored in nor shown with the message", async () => {
    await h.trigger("digest", { recipients: ["ana"] });
    expect(h.deliveredMessages).toMatchObject([
      { content: { connection: { channel_id: "C9" } }, secrets: { connection: to } },
    ]);
    expect(await file()).not.toContain(SECRET);
    expect(JSON.stringify(await h.listMessages())).not.toContain(SECRET);
  });

  it("is kept until the last attempt", async () => {
    h.deliver = () => ({ status: "failed", retryable: true, reason: "503" });
    await h.trigger("digest", { recipients: ["ana"] });
    expect(await file()).not.toContain(SECRET);
    h.deliver = () => ({ status: "sent" });
    await h.at(MINUTE);
    expect(h.deliveredMessages.map(({ secrets }) => secrets)).toEqual([{ connection: to }, { connection: to }]);
    expect((await h.listMessages())[0]?.status).toBe("sent");
  });

  it("E-213 is missing when an undelivered message is retried manually", async () => {
    h.deliver = () => ({ status: "failed", retryable: false, reason: "no" });
    await h.trigger("digest", { recipients: ["ana"] });
    const ids = (await h.listMessages()).map(({ id }) => String(id));
    h.deliver = () => ({ status: "sent" });
    await h.engine.retryMessages(ids);
    expect(h.deliveredMessages.map(({ secrets }) => secrets)).toEqual([{ connection: to }, {}]);
  });

  it("is not stored if nothing is sent", async () => {
    (h.environment.channels.chatty as { deliver: boolean }).deliver = false;
    await h.trigger("digest", { recipients: ["ana"] });
    expect((await h.listMessages())[0]).toMatchObject({ status: "not_sent" });
    expect((await h.listMessages())[0]).not.toHaveProperty("secrets");
  });
});

describe("a webhook's signing key in Liquid", () => {
  beforeEach(() => {
    (h.environment.channels.hook as { settings: JsonObject }).settings = { signing_key: "{{ recipient.key }}" };
    h.define("digest", { steps: [step.webhook(), step.email()] });
  });

  it("C-154 E-195 CH-205 an empty key skips the request, and the run continues", async () => {
    const outcome = await h.trigger("digest", { recipients: ["bo"] });
    expect(outcome.recipients?.[0]).toMatchObject({
      status: "completed",
      steps: [
        {
          outcome: "skipped",
          reason: { code: "missing_recipient_data", detail: "the channel's signing_key is empty once rendered" },
        },
        { outcome: "sent" },
      ],
    });
    expect(h.deliveredMessages.map(({ channel }) => channel.type)).toEqual(["email"]);
  });

  it("E-195 a key is part of the delivery and is not stored with the message", async () => {
    await h.identify({ id: "ana", key: "key-of-ana" });
    await h.trigger("digest", { recipients: ["ana"] });
    expect(h.deliveredMessages[0]?.secrets).toEqual({ signing_key: "key-of-ana" });
    expect(JSON.stringify(await h.listMessages())).not.toContain("key-of-ana");
  });
});

describe("E-186 CH-175 a Slack user found by email", () => {
  const tenant = { id: "acme", channel_data: { "c-chat": { token: { access_token: "xoxb-tenant" } } } };
  const byEmail = () => ({ ...step.chat(), channel_overrides: { email_based_user_id_resolution: true } });
  beforeEach(() => {
    h.deliver = () => ({ status: "sent", connection: { user_id: "U7" } });
  });

  it("becomes the recipient's connection", async () => {
    h.define("digest", { steps: [byEmail()] });
    await h.trigger("digest", { recipients: ["ana"], tenant });
    expect(h.deliveredMessages[0]?.content.connection).toEqual({ email: "ana@lark.test" });
    expect((await h.recipient("ana"))?.channel_data).toMatchObject({ "c-chat": { connections: [{ user_id: "U7" }] } });
    await h.trigger("digest", { recipients: ["ana"], tenant: "acme" });
    expect(h.deliveredMessages[1]?.content.connection).toEqual({ user_id: "U7" });
  });

  it("is looked up before the message is created, once for all steps of the channel, and is stored", async () => {
    const asked: string[][] = [];
    h.findUser = (...of) => {
      asked.push(of);
      return { connection: { user_id: "U8" } };
    };
    h.define("digest", { steps: [byEmail(), { ...byEmail(), ref: "chat_2" }] });
    await h.trigger("digest", { recipients: ["ana"], tenant });
    expect(asked).toEqual([["ana@lark.test", "xoxb-tenant"]]);
    expect(h.deliveredMessages.map(({ content }) => content.connection)).toEqual([
      { user_id: "U8" },
      { user_id: "U8" },
    ]);
    expect((await h.recipient("ana"))?.channel_data).toMatchObject({ "c-chat": { connections: [{ user_id: "U8" }] } });
  });

  it("is missing, which skips the step, and the run continues", async () => {
    h.findUser = () => ({ missing: "nobody was found" });
    h.define("digest", { steps: [byEmail(), step.email()] });
    const outcome = await h.trigger("digest", { recipients: ["ana"], tenant });
    const reason = { code: "missing_recipient_data", detail: "nobody was found" };
    expect(outcome.recipients?.[0]).toMatchObject({
      status: "completed",
      steps: [{ outcome: "skipped", reason }, { outcome: "sent" }],
    });
  });

  it("is not looked up for a recipient who opted out, nor in a sandbox", async () => {
    h.findUser = () => {
      throw new Error("asked");
    };
    h.define("digest", { steps: [byEmail()] });
    await h.identify({ id: "ana", preferences: { default: { channel_types: { chat: false } } } });
    await h.trigger("digest", { recipients: ["ana"], tenant });
    (h.environment.channels.chatty as { deliver: boolean }).deliver = false;
    const outcome = await h.trigger("digest", { recipients: ["bo"], tenant });
    expect(outcome.recipients?.[0]?.steps[0]).toMatchObject({ message_status: "not_sent" });
  });

  it.each([
    ["no tenant has a token", byEmail, {}],
    ["the step does not request it", () => step.chat(), { tenant }],
  ])("is not looked up if %s", async (_title, one, more) => {
    h.define("digest", { steps: [one()] });
    const outcome = await h.trigger("digest", { recipients: ["ana"], ...more });
    expect(outcome.recipients?.[0]?.steps[0]).toMatchObject({ reason: { code: "missing_recipient_data" } });
  });
});

describe("E-188 CH-177 a reply to a previous step", () => {
  const reply = (settings: JsonObject) => {
    const template: JsonObject = { markdown_body: "R", settings };
    return { ...step.chat("R", {}, "chat_2"), template };
  };
  const seen: unknown[] = [];
  let answers: Delivery[];
  beforeEach(async () => {
    seen.length = 0;
    answers = [{ status: "sent", metadata: { external_id: "7.1" } }];
    h.deliver = (message) => {
      seen.push((message.content.metadata as JsonObject | null)?.parent_message_id ?? null);
      return (answers.length > 1 ? answers.shift() : answers[0]) as Delivery;
    };
    h.define("digest", { steps: [step.chat("P"), reply({ reply_to_step_ref: "chat_1" })] });
    await h.identify({ id: "ana", channel_data: { "c-chat": { connections: [{ channel_id: "C1" }] } } });
  });
  const last = async () => (await h.listMessages("ana")).find(({ step_ref }) => step_ref === "chat_2");
  const fault = async () => String((await last())?.events.at(-1)?.data?.failure_details);

  it("has the ID of the message that was just sent", async () => {
    await h.trigger("digest", { recipients: ["ana"] });
    expect(seen).toEqual([null, "7.1"]);
    expect((await last())?.status).toBe("sent");
  });

  it("waits for a message that is not sent yet, without an attempt", async () => {
    answers = [{ status: "failed", retryable: true, reason: "503" }, ...answers];
    await h.trigger("digest", { recipients: ["ana"] });
    expect(await last()).toMatchObject({ status: "queued", attempts: 0 });
    expect(seen).toEqual([null]);
    await h.at(MINUTE);
    expect(seen).toEqual([null, null, "7.1"]);
    expect(await last()).toMatchObject({ status: "sent", attempts: 1 });
  });

  it.each<[string, Delivery, string]>([
    ["was rejected", { status: "failed", retryable: false, reason: "no" }, "is undelivered, so it has no ID"],
    ["has no ID", { status: "sent" }, "is sent, so it has no ID"],
  ])("is undelivered if its parent %s, and the event states the reason", async (_title, answer, words) => {
    answers = [answer];
    await h.trigger("digest", { recipients: ["ana"] });
    expect((await last())?.status).toBe("undelivered");
    expect(await fault()).toContain(words);
  });

  it("CH-177 is sent to its parent's destination, also if the connection is in the parent's template", async () => {
    const template: JsonObject = { markdown_body: "P", settings: { recipient_connection: '{"channel_id":"C7"}' } };
    h.define("digest", { steps: [{ ...step.chat("P"), template }, reply({ reply_to_step_ref: "chat_1" })] });
    await h.trigger("digest", { recipients: ["bo"] });
    expect(h.deliveredMessages.map(({ content }) => content.connection)).toEqual([
      { channel_id: "C7" },
      { channel_id: "C7" },
    ]);
    expect(seen).toEqual([null, "7.1"]);
  });

  it("CH-177 is not sent to a thread with an empty ID", async () => {
    h.define("digest", { steps: [reply({ parent_message_id: "{{ nope }}" })] });
    await h.trigger("digest", { recipients: ["ana"] });
    expect(seen).toEqual([]);
    expect(await last()).toMatchObject({ status: "undelivered" });
    expect(await fault()).toContain("parent_message_id is empty once rendered");
  });

  it("is undelivered if the step created several messages", async () => {
    const connections = [{ channel_id: "C1" }, { channel_id: "C2" }];
    await h.identify({ id: "ana", channel_data: { "c-chat": { connections } } });
    await h.trigger("digest", { recipients: ["ana"] });
    expect(await fault()).toBe('step "chat_1" created 2 messages, and a reply needs exactly one');
  });

  it("finds its parent among many messages of the run", async () => {
    const tokens = Array.from({ length: 60 }, (_, index) => `token-${index}`);
    await h.identify({ id: "ana", channel_data: { "c-ios": { tokens } } });
    h.define("digest", { steps: [step.chat("P"), step.push(), reply({ reply_to_step_ref: "chat_1" })] });
    await h.trigger("digest", { recipients: ["ana"] });
    expect((await h.listMessages("ana")).length).toBeGreaterThan(60);
    expect(await last()).toMatchObject({ status: "sent" });
  });

  it("is undelivered if the step was skipped", async () => {
    const never = { conditions: { all: [{ variable: "data.x", operator: "exists" }] } };
    h.define("digest", { steps: [step.chat("P", never), reply({ reply_to_step_ref: "chat_1" })] });
    await h.trigger("digest", { recipients: ["ana"] });
    expect(await fault()).toContain('step "chat_1" created no message');
  });
});
