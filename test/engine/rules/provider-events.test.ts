import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Message } from "../../../src/domain/message/message.js";
import type { ProviderEvent } from "../../../src/ports/provider.js";
import { step } from "../../helpers/build-steps.js";
import { HOUR, SECOND, T0 } from "../../helpers/case-times.js";
import { catchRejection } from "../../helpers/catch-error.js";
import { EngineHarness } from "../../helpers/engine-harness.js";

const WEBHOOK = { url: "https://hooks.lark.test/v1/providers/email/events", headers: {}, body: "" };

let h: EngineHarness;
let message: Message;

/** Receives the events of one webhook about the message, each as its type, seconds after the start and other fields. */
async function receive(...events: [ProviderEvent["type"], number, Partial<ProviderEvent>?][]) {
  h.readProviderEvents = () =>
    events.map(([type, seconds, more]) => ({ type, message_id: message.id, at: T0 + seconds * SECOND, ...more }));
  return h.engine.receiveProviderWebhook(message.channel.key, WEBHOOK);
}

const readMessage = async (): Promise<Message> => (await h.listMessages("ana"))[0] as Message;
const readTypes = async () => (await readMessage()).events.map(({ type }) => type);

describe("events of a vendor's webhook (CH-045)", () => {
  beforeEach(async () => {
    h = await EngineHarness.open();
    h.define("digest", { steps: [step.email()] });
    await h.trigger("digest", { recipients: ["ana"] });
    message = await readMessage();
  });
  afterEach(() => h.close());

  it("set the status, with the vendor's reason and time", async () => {
    expect(await receive(["bounced", 5, { reason: "Mailgun: no mailbox" }])).toEqual({ changed: 1, isEarly: false });
    expect(await readMessage()).toMatchObject({ status: "bounced", due_at: null });
    expect((await readMessage()).events.at(-1)).toEqual({
      type: "bounced",
      at: h.now,
      data: { failure_details: "Mailgun: no mailbox", provider_time: new Date(T0 + 5 * SECOND).toISOString() },
    });
  });

  it.each([
    [["delivered", 5], ["bounced", 9], "bounced"],
    [["bounced", 9], ["delivered", 5], "bounced"],
    [["bounced", 5], ["delivered", 9], "delivered"],
    [["delivered", 9], ["bounced", 5], "delivered"],
    [["bounced", 5], ["delivered", 5], "bounced"],
    [["delivered", 5], ["bounced", 5], "bounced"],
  ] as const)("%j and then %j end as %s, in one webhook and in two", async (first, second, status) => {
    await receive([...first], [...second]);
    expect((await readMessage()).status).toBe(status);
    await h.trigger("digest", { recipients: ["eli"] });
    message = (await h.listMessages("eli"))[0] as Message;
    await receive([...first]);
    await receive([...second]);
    expect((await h.listMessages("eli"))[0]?.status).toBe(status);
  });

  it("change nothing when they are repeated", async () => {
    await receive(["delivered", 5], ["opened", 6], ["clicked", 7, { url: "https://lark.test/a" }]);
    const before = await readMessage();
    expect(before.events.map(({ type }) => type).slice(-3)).toEqual(["delivered", "read", "link_clicked"]);
    expect(before.events.at(-1)?.data).toMatchObject({ url: "https://lark.test/a" });
    expect(await receive(["delivered", 5], ["opened", 6], ["clicked", 7])).toEqual({ changed: 0, isEarly: false });
    expect(await readMessage()).toEqual(before);
  });

  it.each(["unsubscribed", "complained"] as const)("end commercial messages: %s", async (type) => {
    expect((await receive([type, 5])).changed).toBe(1);
    expect(await h.engine.resources.preferences.read("ana", "default")).toMatchObject({ commercial_subscribed: false });
    expect((await readMessage()).status).toBe("sent");
  });

  it("are asked for again while the message is being sent", async () => {
    h.deliver = () => ({ status: "failed", retryable: true, reason: "429" });
    await h.trigger("digest", { recipients: ["eli"] });
    message = (await h.listMessages("eli"))[0] as Message;
    expect(await receive(["delivered", 5])).toEqual({ changed: 0, isEarly: true });
    expect((await h.listMessages("eli"))[0]?.status).toBe("queued");
    h.deliver = () => ({ status: "sent" });
    await h.moveTo(h.now + HOUR);
    expect(await receive(["delivered", 5])).toEqual({ changed: 1, isEarly: false });
  });

  it("change nothing for unknown messages and those of other channels", async () => {
    const before = await readTypes();
    expect(await receive(["bounced", 5, { message_id: "2xAbCdEfGhIjKlMnOpQrStUvWxY" }])).toMatchObject({ changed: 0 });
    h.readProviderEvents = () => [{ type: "bounced", message_id: message.id, at: T0 }];
    const other = Object.keys(h.environment.channels).find((key) => key !== message.channel.key);
    expect(await h.engine.receiveProviderWebhook(other as string, WEBHOOK)).toMatchObject({ changed: 0 });
    expect(await readTypes()).toEqual(before);
  });

  it("continue a run that waits for the message", async () => {
    const status = { variable: "refs.email_1.delivery_status", operator: "equal_to", argument: "$message.delivered" };
    h.define("later", {
      steps: [step.email(), step.delay("minutes", 1), step.feed("Hi", { conditions: { all: [status] } })],
    });
    await h.trigger("later", { recipients: ["eli"] });
    message = (await h.listMessages("eli"))[0] as Message;
    await receive(["delivered", 5]);
    await h.moveTo(h.now + HOUR);
    expect((await h.listMessages("eli")).map(({ channel }) => channel.type)).toContain("in_app_feed");
  });

  it("need a channel that exists, and whose vendor has a webhook", async () => {
    h.readProviderEvents = () => null;
    expect((await catchRejection(h.engine.receiveProviderWebhook(`${message.channel.key}x`, WEBHOOK))).hint).toBe(
      `Did you mean "${message.channel.key}"?`,
    );
    const error = await catchRejection(h.engine.receiveProviderWebhook(message.channel.key, WEBHOOK));
    expect(error.message).toContain("has no webhook for the delivery status");
  });
});
