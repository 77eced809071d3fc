import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseTrigger } from "../../../src/domain/trigger/parse-trigger.js";
import { OwnWork } from "../../../src/ports/own-work.js";
import { step } from "../../helpers/build-steps.js";
import { HOUR, MINUTE, SECOND, T0 } from "../../helpers/case-times.js";
import { formatMessage, formatRuns } from "../../helpers/engine-case.js";
import { EngineHarness } from "../../helpers/engine-harness.js";

const EVENT = { event_type: "integration_source", integration_source_key: "shop", event_key: "paid" };
const wait = {
  ref: "wait_1",
  type: "wait_for_event",
  settings: { event: EVENT, expires_after: { unit: "days", value: 1 } },
};
const start = (workflow_key: string) => ({
  ref: "trigger_1",
  type: "trigger_workflow",
  settings: { workflow_key, recipients: "{{ recipient.id }}" },
});
const startChild = start("child");

let folder: string;
let one: EngineHarness;
let two: EngineHarness;

/** Opens two engines on one store. The first leaves a due run, a due message and a due fan-out that no one works on. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "knock-own-"));
  one = await EngineHarness.open({
    location: join(folder, "knock.db"),
    overrideStore: (store) => ({
      insertFanOutChunk: (...chunk) => (crashes ? crash() : store.insertFanOutChunk(...chunk)),
      isTransient: () => true,
    }),
  });
  two = await EngineHarness.open({ location: join(folder, "knock.db"), sharedWith: one });
  one.define("late", { steps: [step.delay("minutes", 1), step.email("S", "late")] });
  one.define("failing", { steps: [step.webhook("https://hook.test/")] });
  one.deliver = () => ({ status: "failed", retryable: true, reason: "busy" });
  await one.trigger("failing", { recipients: ["ana"] });
  one.define("outer", { steps: [start("inner")] });
  one.define("inner", { steps: [step.feed("inner")] });
  one.define("child", { steps: [step.email("S", "child")] });
  late = await one.trigger("late", { recipients: ["ana"] });
  crashes = true;
  await expect(one.trigger("outer", { recipients: ["bo"] })).rejects.toThrow("crashed");
  one.deliver = () => ({ status: "sent" });
  one.now = T0 + HOUR;
});
afterEach(async () => {
  await Promise.all([one.close(), two.close()]);
  rmSync(folder, { recursive: true, force: true });
});

let crashes = false;
let late: Awaited<ReturnType<EngineHarness["trigger"]>>;

function crash(): Promise<never> {
  crashes = false;
  return Promise.reject(new Error("crashed"));
}

const OTHERS = ["fan_outs", "messages", "runs"];
const dueKinds = async () => [...(await one.store.listDueKinds(one.now))].sort();
const emails = async () =>
  (await one.listMessages("ana")).filter(({ channel }) => channel.key === "mail").map(formatMessage);

describe("an engine on a store with due work of others", () => {
  it("runs the due work of a trigger and of the triggers that it creates, and nothing else", async () => {
    two.define("parent", { steps: [startChild, step.email("S", "parent"), step.webhook()] });
    expect(await dueKinds()).toEqual(OTHERS);
    const started = await two.trigger("parent", { recipients: ["ana"] });
    expect(formatRuns(started)).toEqual({ ana: "completed: trigger_1 passed, email_1 sent, hook_1 sent" });
    expect(await emails()).toEqual(["ana mail sent: parent", "ana mail sent: child"]);
    expect(await dueKinds()).toEqual(OTHERS);
    expect(formatRuns(await one.readOutcome(late))).toEqual({ ana: expect.stringContaining("delay_1 waiting") });
  });

  it("continues the runs that an event wakes, and nothing else", async () => {
    two.define("paid", { steps: [wait, step.email("S", "paid")] });
    const waiting = await two.trigger("paid", { recipients: ["ana"] });
    await one.engine.deliverSourceEvent({ source_key: "shop", event_key: "paid", user_id: "ana", at: null, data: {} });
    expect(formatRuns(await two.readOutcome(waiting))).toEqual({ ana: "completed: wait_1 passed, email_1 sent" });
    expect(await emails()).toEqual(["ana mail sent: paid"]);
    expect(await dueKinds()).toEqual(OTHERS);
  });

  it("awaitOutcome follows the trigger's work and what it caused, and nothing else", async () => {
    two.define("child", { steps: [step.delay("seconds", 5), step.email("S", "child")] });
    two.define("parent", { steps: [startChild, step.delay("seconds", 30), step.email("S", "parent")] });
    const ownWork = new OwnWork();
    const { trigger } = parseTrigger({ recipients: ["ana"] }, "parent");
    const started = await two.engine.triggerWorkflow(trigger, { idempotency_key: null, ownWork });
    const outcome = await two.engine.awaitOutcome(started, { timeout_ms: MINUTE, ownWork });
    expect(formatRuns(outcome)).toEqual({ ana: "completed: trigger_1 passed, delay_1 passed, email_1 sent" });
    expect(one.now - T0 - HOUR).toBe(30 * SECOND);
    expect(await emails()).toEqual(["ana mail sent: child", "ana mail sent: parent"]);
    expect(await dueKinds()).toEqual(OTHERS);
  });

  it("runDue runs everything", async () => {
    await two.engine.runDue({});
    expect(await dueKinds()).toEqual([]);
    expect(await emails()).toEqual(["ana mail sent: late"]);
    expect((await two.engine.listRecipientRuns({ workflow: "inner" }, { limit: 5 })).items).toHaveLength(1);
  });
});
