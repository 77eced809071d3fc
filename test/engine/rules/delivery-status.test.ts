import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DeliveryCheck } from "../../../src/ports/provider.js";
import { step } from "../../helpers/build-steps.js";
import { MINUTE, SECOND, T0 } from "../../helpers/case-times.js";
import { EngineHarness } from "../../helpers/engine-harness.js";

let h: EngineHarness;
let asked: number[];
let answers: DeliveryCheck[];
beforeEach(async () => {
  h = await EngineHarness.open();
  h.define("digest", { steps: [step.email()] });
  h.deliver = () => ({ status: "sent", metadata: { external_id: "x" }, tracked: true });
  asked = [];
  answers = [{ status: "pending" }];
  h.checkDelivery = () => {
    asked.push((h.now - T0) / SECOND);
    return (answers.length > 1 ? answers.shift() : answers[0]) as DeliveryCheck;
  };
});
afterEach(() => h.close());

const only = async () => (await h.listMessages())[0];

describe("E-212 CH-045 polling a provider for a message's delivery status", () => {
  it("asks up to ten times within 30 minutes, and then the message stays sent", async () => {
    await h.trigger("digest", { recipients: ["ana"] });
    expect((await only())?.due_at).toBe(T0 + 5 * SECOND);
    for (let next = T0; next !== null; next = (await h.store.readNextDueAt()) as number) await h.at(next - T0);
    expect(asked).toEqual([5, 15, 30, 60, 120, 240, 480, 840, 1260, 1800]);
    expect(await only()).toMatchObject({ status: "sent", due_at: null, attempts: 1 });
    expect(h.deliveredMessages).toHaveLength(1);
  });

  it("E-204 E-207 changes sent to delivered and stops asking", async () => {
    answers = [{ status: "pending" }, { status: "delivered" }];
    await h.trigger("digest", { recipients: ["ana"] });
    await h.at(5 * SECOND);
    await h.at(15 * SECOND);
    await h.at(30 * MINUTE);
    const message = await only();
    expect(message).toMatchObject({ status: "delivered", due_at: null });
    expect(message?.events.map(({ type }) => type)).toEqual(["created", "queued", "sent", "delivered"]);
    expect(asked).toEqual([5, 15]);
  });

  it.each([
    [{ status: "bounced", reason: "550 gone" }, { failure_details: "550 gone" }],
    [
      { status: "undelivered", reason: "30003" },
      { failure_reason: "fatal_error", failure_details: "30003" },
    ],
  ] as const)("C-174 E-204 E-210 changes sent to $status and fails the step", async (known, data) => {
    answers = [known];
    const started = await h.trigger("digest", { recipients: ["ana"] });
    await h.at(5 * SECOND);
    expect((await only())?.events.at(-1)).toMatchObject({ type: known.status, data });
    const { recipients } = await h.readOutcome(started);
    const reason = { code: "delivery_error", detail: known.reason };
    expect(recipients?.[0]?.steps[0]).toMatchObject({ outcome: "failed", reason });
  });

  it("keeps the message sent and stops asking if the status is unknown or the channel has become a sandbox", async () => {
    answers = [{ status: "unknown", reason: "403" }];
    await h.trigger("digest", { recipients: ["ana"] });
    await h.at(5 * SECOND);
    expect(await only()).toMatchObject({ status: "sent", due_at: null });
    await h.trigger("digest", { recipients: ["bo"] });
    (h.environment.channels.mail as { deliver: boolean }).deliver = false;
    await h.at(MINUTE);
    expect((await h.listMessages("bo"))[0]).toMatchObject({ status: "sent", due_at: null });
    expect(asked).toHaveLength(1);
  });

  it("asks once for all missed times, and asks again after an error in the provider's code", async () => {
    await h.trigger("digest", { recipients: ["ana"] });
    h.checkDelivery = () => {
      asked.push((h.now - T0) / SECOND);
      throw new Error("a fault of the provider's code");
    };
    h.now = T0 + 10 * MINUTE;
    await h.engine.runDue({});
    expect(asked).toEqual([600]);
    expect((await only())?.due_at).toBe(T0 + 840 * SECOND);
    h.now = T0 + 60 * MINUTE;
    await h.engine.runDue({});
    expect(asked).toEqual([600, 3600]);
    expect(await only()).toMatchObject({ status: "sent", due_at: null });
  });

  it("E-207 does not ask about a message that is not tracked", async () => {
    h.deliver = () => ({ status: "sent" });
    await h.trigger("digest", { recipients: ["ana"] });
    expect((await only())?.due_at).toBeNull();
  });
});
