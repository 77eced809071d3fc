import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import { MAX_DEATHS, SUSPECT_PAUSES_MS } from "../../../src/domain/run/suspicion.js";
import { SUSPECTED_WORK, type WorkScope } from "../../../src/ports/due-store.js";
import { getProcessIdentity } from "../../../src/util/process-identity.js";
import { claimAt } from "../../contract/store/due-work-contract.js";
import { step } from "../../helpers/build-steps.js";
import { HOUR, MINUTE } from "../../helpers/case-times.js";
import { formatMessage } from "../../helpers/engine-case.js";
import { EngineHarness } from "../../helpers/engine-harness.js";

/** The identity of a process that has ended: this one with an ID above all that Linux gives. */
const DEAD = String(getProcessIdentity()).replace(/^\d+/, "99999999");
const REASON = { code: "worker_crashed", detail: null };

let harness: EngineHarness;
/** Whether fan-outs stop after their first chunk, as if their process had ended. */
let stopsFanOuts: boolean;

beforeEach(async () => {
  stopsFanOuts = false;
  harness = await EngineHarness.open({
    overrideStore: (store) => ({
      insertFanOutChunk: async (...chunk) => {
        if (stopsFanOuts) throw new Error("killed");
        return store.insertFanOutChunk(...chunk);
      },
    }),
  });
  harness.define("late", { steps: [step.delay("hours", 1), step.feed("Hello")] });
});
afterEach(() => harness.close());

type ClaimMethod = "claimDueRuns" | "claimDueMessages" | "claimDueSchedules" | "claimDueFanOuts";

/** Claims due work in a process that ends then, and returns what it claimed. */
async function crash(method: ClaimMethod, scope?: WorkScope): Promise<unknown[]> {
  const claim = claimAt(harness.now, `${DEAD}:${crypto.randomUUID()}`);
  const claimed = await harness.store[method](scope === undefined ? claim : { ...claim, scope }, 10);
  expect(await harness.store.releaseDeadClaims(harness.now)).toBe(true);
  return claimed;
}

/** Claims due work in processes that end one minute after the other, until it is suspected. */
async function makeSuspected(method: ClaimMethod): Promise<void> {
  for (let deaths = 0; deaths < MAX_DEATHS; deaths++) {
    expect(await crash(method)).not.toEqual([]);
    harness.now += MINUTE;
  }
  expect(await harness.store[method](claimAt(harness.now, "t1"), 10)).toEqual([]);
}

/** Claims the first suspected work in processes that end, after each of the pauses. */
async function crashAlone(method: ClaimMethod): Promise<void> {
  for (const pause of SUSPECT_PAUSES_MS) {
    expect(await crash(method, SUSPECTED_WORK)).toHaveLength(1);
    harness.now += 10 * pause;
  }
}

const readRuns = async (id: string) =>
  ((await harness.engine.readWorkflowRun(id))?.recipients ?? []).map(({ recipient, status, steps, reason }) => [
    recipient,
    status,
    steps.at(-1)?.reason ?? reason ?? null,
  ]);

describe("work that processes hold when they end", () => {
  it("is suspected after three of them, then done alone, and forgotten", async () => {
    const { workflow_run_id } = await harness.trigger("late", { recipients: ["ana", "bo"] });
    harness.now += HOUR;
    await makeSuspected("claimDueRuns");
    const claim = { ...claimAt(harness.now, "t2"), scope: SUSPECTED_WORK };
    expect((await harness.store.claimDueRuns(claim, 10)).map(({ recipientRun }) => recipientRun.recipient)).toEqual([
      "$users/ana",
    ]);
    await harness.store.releaseClaims(["t2"]);
    await harness.engine.runDue({});
    expect(await readRuns(workflow_run_id)).toEqual([
      ["ana", "completed", null],
      ["bo", "completed", null],
    ]);
    await harness.trigger("late", { recipients: ["ana", "bo"] });
    harness.now += HOUR;
    expect(await crash("claimDueRuns")).toHaveLength(2);
    expect(await crash("claimDueRuns")).toHaveLength(2);
  });

  it("is not suspected after many deaths within a second", async () => {
    await harness.trigger("late", { recipients: ["ana", "bo"] });
    harness.now += HOUR;
    for (let deaths = 0; deaths < 20; deaths++) expect(await crash("claimDueRuns")).toHaveLength(2);
  });

  it("does not fail because of processes that also did other work", async () => {
    const { workflow_run_id } = await harness.trigger("late", { recipients: ["ana"] });
    harness.now += HOUR;
    await makeSuspected("claimDueRuns");
    for (let deaths = 0; deaths < 2 * SUSPECT_PAUSES_MS.length; deaths++) {
      await harness.trigger("late", { recipients: ["bo"] });
      harness.now += HOUR;
      const other = await harness.store.claimDueRuns(claimAt(harness.now, `${DEAD}:other`), 10);
      expect(other.map(({ recipientRun }) => recipientRun.recipient)).toEqual(["$users/bo"]);
      expect(await crash("claimDueRuns", SUSPECTED_WORK)).toHaveLength(1);
      await harness.engine.runDue({});
      expect(await readRuns(workflow_run_id)).toEqual([["ana", "paused", null]]);
    }
    harness.now += MINUTE;
    await harness.engine.runDue({});
    expect(await readRuns(workflow_run_id)).toEqual([["ana", "completed", null]]);
  });

  it("comes after all other work", async () => {
    await harness.trigger("late", { recipients: ["ana"] });
    harness.now += HOUR;
    await makeSuspected("claimDueRuns");
    harness.now -= HOUR;
    const other = await harness.trigger("late", { recipients: ["bo"] });
    harness.now += HOUR;
    const ran = await harness.engine.runDue({});
    expect(ran.map(({ recipient }) => recipient)).toEqual(["bo", "ana"]);
    expect(await readRuns(other.workflow_run_id)).toEqual([["bo", "completed", null]]);
  });

  it("pauses longer after each process that it ends, but not for a person who moves the clock", async () => {
    const { workflow_run_id } = await harness.trigger("late", { recipients: ["ana"] });
    harness.now += HOUR;
    await makeSuspected("claimDueRuns");
    for (const pause of SUSPECT_PAUSES_MS.slice(1)) {
      harness.now += 1;
      expect(await crash("claimDueRuns", SUSPECTED_WORK)).toHaveLength(1);
      harness.now += pause - 1;
      await harness.engine.runDue({});
      expect(await readRuns(workflow_run_id)).toEqual([["ana", "paused", null]]);
    }
    await harness.engine.moveClock(harness.now, { force: false });
    expect(await readRuns(workflow_run_id)).toEqual([["ana", "completed", null]]);
  });

  it("fails after it has ended five processes alone, and can be retried", async () => {
    const { workflow_run_id } = await harness.trigger("late", { recipients: ["ana", "bo"] });
    harness.now += HOUR;
    await makeSuspected("claimDueRuns");
    await crashAlone("claimDueRuns");
    await harness.engine.runDue({});
    expect(await readRuns(workflow_run_id)).toEqual([
      ["ana", "failed", REASON],
      ["bo", "completed", null],
    ]);
    const { items } = await harness.engine.listRecipientRuns({ status: "failed" }, { limit: 5 });
    await harness.engine.retryRuns(items.map(({ id }) => String(id)));
    expect(await readRuns(workflow_run_id)).toContainEqual(["ana", "completed", null]);
  });

  it("fails as a message that stays undelivered", async () => {
    harness.define("mail", { steps: [step.email()] });
    harness.deliver = () => ({ status: "failed", retryable: true, reason: "busy" });
    await harness.trigger("mail", { recipients: ["ana", "bo"] });
    harness.deliver = () => ({ status: "sent" });
    harness.now += HOUR;
    await makeSuspected("claimDueMessages");
    await crashAlone("claimDueMessages");
    await harness.engine.runDue({});
    const messages = await harness.listMessages();
    expect(messages.map(formatMessage)).toEqual(["ana mail undelivered: B", "bo mail sent: B"]);
    expect(messages[0]?.events.at(-1)?.data).toMatchObject({ failure_reason: "fatal_error" });
  });

  it("fails as the run of an occurrence, and the schedule continues", async () => {
    harness.define("feed", { steps: [step.feed("Hello")] });
    const [schedule] = await harness.engine.resources.schedules.create({
      workflow: "feed",
      recipients: ["ana"],
      repeats: [{ frequency: "daily", hours: 12, minutes: 0 }],
    } as never);
    const due = Date.parse(String(schedule?.next_occurrence_at));
    harness.now = due;
    await makeSuspected("claimDueSchedules");
    await crashAlone("claimDueSchedules");
    await harness.engine.runDue({});
    const { items } = await harness.engine.listRecipientRuns({ workflow: "feed" }, { limit: 5 });
    expect(items.map(({ recipient, status }) => [recipient, status])).toEqual([["ana", "failed"]]);
    await harness.engine.retryRuns(items.map(({ id }) => String(id)));
    expect((await harness.listMessages()).map(({ recipient }) => recipient)).toEqual(["$users/ana"]);
    expect(await harness.store.readNextDueAt()).toBeGreaterThan(due);
  });

  it("fails as one recipient of a large trigger, and the others are reached", async () => {
    harness.define("feed", { steps: [step.feed("Hello")] });
    const recipients = Array.from({ length: 503 }, (_, n) => `user-${n}`);
    await harness.identify(...recipients.map((id) => ({ id })));
    const project = { collection: "projects", id: "p1" };
    await harness.engine.resources.objects.set("projects", "p1", {});
    const edges = recipients.map((id) => ({
      object: toRecipientKey(project),
      recipient: toRecipientKey(id),
      properties: {},
    }));
    await harness.store.upsertSubscriptions(edges, harness.now);
    stopsFanOuts = true;
    await expect(harness.trigger("feed", { recipients: [project] })).rejects.toThrow("killed");
    stopsFanOuts = false;
    harness.now += MINUTE;
    await makeSuspected("claimDueFanOuts");
    await crashAlone("claimDueFanOuts");
    await harness.engine.runDue({});
    const { items } = await harness.engine.listRecipientRuns({}, { limit: 1_000 });
    expect(items.filter(({ status }) => status === "failed")).toEqual([
      expect.objectContaining({ recipient: expect.stringMatching(/^user-\d+$/) }),
    ]);
    expect(items.filter(({ status }) => status === "completed")).toHaveLength(503);
  });
});
