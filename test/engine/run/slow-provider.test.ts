import { expect, it } from "vitest";
import { step } from "../../helpers/build-steps.js";
import { withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";
import { eventually } from "../../helpers/eventually.js";

const count = async (h: EngineHarness, channel: string, status: "sent" | "queued") =>
  (await h.engine.listMessages({ status }, { limit: 1_000 })).items.filter(
    ({ channel: own }) => (own as { key: string }).key === channel,
  ).length;

it("a provider that does not answer delays neither the sending nor the saving of other messages", () =>
  withHarness(async (h) => {
    let release = () => {};
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    h.deliver = async (message) => {
      if (message.channel.key === "mail" && message.recipient === "$users/ana") await slow;
      return { status: "sent" };
    };
    h.define("digest", { steps: [step.email(), step.sms("M {{ recipient.id }}")] });
    const people = Array.from({ length: 250 }, (_, n) => ({
      id: `p${n}`,
      phone_number: "+15550000002",
      email: "p@lark.test",
    }));
    const trigger = h.trigger("digest", { recipients: ["ana", ...people] });
    await eventually(async () => (await count(h, "text", "sent")) === 251);
    // Messages of the slow channel that were claimed together with the slow message are saved as well.
    await eventually(async () => (await count(h, "mail", "sent")) > 0);
    expect(await count(h, "mail", "queued")).toBeGreaterThan(0);
    release();
    await trigger;
    expect([await count(h, "mail", "sent"), await count(h, "mail", "queued")]).toEqual([251, 0]);
    expect(new Set(h.deliveredMessages.map(({ id }) => id)).size).toBe(502);
  }));

it("deliveries that settle together are saved in one transaction", () =>
  withHarness(async (h) => {
    const saved: number[] = [];
    const { store } = h;
    const saveMessages = store.saveMessages.bind(store);
    store.saveMessages = (messages, ...rest) => {
      saved.push(messages.length);
      return saveMessages(messages, ...rest);
    };
    h.define("digest", { steps: [step.email(), step.sms(), step.webhook()] });
    await h.trigger("digest", { recipients: ["ana"] });
    expect(saved).toEqual([3]);
  }));
