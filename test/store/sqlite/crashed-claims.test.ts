import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import { MAX_CRASHES } from "../../../src/ports/due-store.js";
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

/** Claims due work in processes that end, and returns what each of them claimed. */
async function crash(method: ClaimMethod, times: number): Promise<unknown[][]> {
  const claims: unknown[][] = [];
  for (let n = 0; n < times; n++) {
    claims.push(await harness.store[method](claimAt(harness.now, `${DEAD}:${crypto.randomUUID()}`), 10));
    expect(await harness.store.releaseDeadClaims(harness.now)).toBe(true);
  }
  return claims;
}

const readRuns = async (id: string) =>
  ((await harness.engine.readWorkflowRun(id))?.recipients ?? []).map(({ recipient, status, steps, reason }) => [
    recipient,
    status,
    steps.at(-1)?.reason ?? reason ?? null,
  ]);

describe("work during which processes end", () => {
  it("is done alone after three of them, and then forgotten", async () => {
    const { workflow_run_id } = await harness.trigger("late", { recipients: ["ana", "bo"] });
    harness.now += HOUR;
    const claims = await crash("claimDueRuns", MAX_CRASHES);
    expect(claims.map((claimed) => claimed.length)).toEqual([2, 2, 2]);
    await harness.engine.runDue({});
    expect(await readRuns(workflow_run_id)).toEqual([
      ["ana", "completed", null],
      ["bo", "completed", null],
    ]);
    await harness.trigger("late", { recipients: ["ana", "bo"] });
    harness.now += HOUR;
    expect((await crash("claimDueRuns", 1)).map((claimed) => claimed.length)).toEqual([2]);
  });

  it("comes after all other work", async () => {
    await harness.trigger("late", { recipients: ["ana"] });
    harness.now += HOUR;
    await crash("claimDueRuns", MAX_CRASHES);
    harness.now -= MINUTE;
    const other = await harness.trigger("late", { recipients: ["bo"] });
    harness.now += HOUR + MINUTE;
    const [claimed] = await harness.store.claimDueRuns(claimAt(harness.now, "t1"), 10);
    expect(claimed?.run.id).toBe(other.workflow_run_id);
  });

  it("fails if that also ends a process, and can be retried", async () => {
    const { workflow_run_id } = await harness.trigger("late", { recipients: ["ana", "bo"] });
    harness.now += HOUR;
    const claims = await crash("claimDueRuns", MAX_CRASHES + 1);
    expect(claims.at(-1)).toHaveLength(1);
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
    await crash("claimDueMessages", MAX_CRASHES + 1);
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
    await crash("claimDueSchedules", MAX_CRASHES + 1);
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
    await crash("claimDueFanOuts", MAX_CRASHES + 1);
    await harness.engine.runDue({});
    const { items } = await harness.engine.listRecipientRuns({}, { limit: 1_000 });
    expect(items.filter(({ status }) => status === "failed")).toEqual([
      expect.objectContaining({ recipient: expect.stringMatching(/^user-\d+$/) }),
    ]);
    expect(items.filter(({ status }) => status === "completed")).toHaveLength(503);
  });
});
