import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_RUNS_PER_CHUNK } from "../../../src/engine/run/run-due-work.js";
import { NO_CAUSED_WORK } from "../../../src/ports/due-store.js";
import type { DueTask } from "../../../src/ports/due-work.js";
import { step } from "../../helpers/build-steps.js";
import { HOUR, T0 } from "../../helpers/case-times.js";
import { EngineHarness } from "../../helpers/engine-harness.js";

let harness: EngineHarness;
let started: Awaited<ReturnType<EngineHarness["trigger"]>>;

const NOTHING = { runs: {}, refused: 0, deliveries: 0, failedDeliveries: 0 };

beforeEach(async () => {
  harness = await EngineHarness.open();
  harness.define("late", { steps: [step.delay("minutes", 1), step.email("S", "late"), step.feed("after")] });
  started = await harness.trigger("late", { recipients: ["ana", "bo"] });
});
afterEach(() => harness.close());

const runTask = (task: DueTask) => harness.engine.runDueTask(task, new AbortController().signal);

/** Triggers a workflow that waits for as many recipients, and lets the wait end. Returns the ID of the run. */
async function makeDue(count: number): Promise<string> {
  harness.define("wide", { steps: [step.delay("minutes", 1), step.feed("after")] });
  const recipients = Array.from({ length: count }, (_, index) => ({ id: `user-${index}` }));
  const { workflow_run_id } = await harness.trigger("wide", { recipients });
  harness.now = T0 + HOUR;
  return workflow_run_id;
}

describe("a task of a worker", () => {
  it("runs only work of its kind that is due in its scope", async () => {
    const other = await harness.trigger("late", { recipients: ["ana"] });
    expect(await runTask({ kind: "runs", scope: { workflowRunIds: [started.workflow_run_id] } })).toEqual(NOTHING);
    harness.now = T0 + HOUR;
    expect(await runTask({ kind: "messages", scope: {} })).toEqual(NOTHING);
    expect(await runTask({ kind: "fan_outs", scope: { workflowRunIds: [started.workflow_run_id] } })).toEqual(NOTHING);
    expect(await runTask({ kind: "runs", scope: { workflowRunIds: [started.workflow_run_id] } })).toEqual({
      ...NOTHING,
      runs: { completed: 2 },
    });
    const otherOutcome = await harness.readOutcome(other);
    expect(otherOutcome.recipients?.map(({ status }) => status)).toEqual(["paused"]);
  });

  it("continues with the next runs if another worker has advanced some", async () => {
    const workflow_run_id = await makeDue(MAX_RUNS_PER_CHUNK + 20);
    const { store } = harness;
    const save = store.saveAdvances.bind(store);
    let saves = 0;
    vi.spyOn(store, "saveAdvances").mockImplementation((advances, token, now) =>
      save(++saves === 1 ? advances.slice(1) : advances, token, now),
    );
    const result = await runTask({ kind: "runs", scope: { workflowRunIds: [workflow_run_id] } });
    expect(result).toEqual({ ...NOTHING, runs: { completed: MAX_RUNS_PER_CHUNK + 20 }, refused: 1 });
  });

  it("looks once for the rows of its job if they are all due", async () => {
    const workflow_run_id = await makeDue(MAX_RUNS_PER_CHUNK);
    const { store } = harness;
    const claimRuns = store.claimDueRuns.bind(store);
    // The rows of runs differ between stores, so the claim finds them by their trigger.
    const claims = vi
      .spyOn(store, "claimDueRuns")
      .mockImplementation((claim, limit) =>
        claimRuns({ ...claim, scope: { workflowRunIds: [workflow_run_id] } }, limit),
      );
    const result = await runTask({ kind: "runs", scope: { rows: { from: 1, to: MAX_RUNS_PER_CHUNK } } });
    expect(result).toEqual({ ...NOTHING, runs: { completed: MAX_RUNS_PER_CHUNK } });
    expect(claims).toHaveBeenCalledTimes(1);
  });

  it("leaves runs that another worker has advanced to that worker", async () => {
    harness.now = T0 + HOUR;
    const { store } = harness;
    vi.spyOn(store, "saveAdvances").mockImplementation(async () => ({
      saved: new Set(),
      batchDecisions: new Map(),
      caused: NO_CAUSED_WORK,
    }));
    expect(await runTask({ kind: "runs", scope: {} })).toEqual({ ...NOTHING, refused: 2 });
  });

  it("counts what it saved before an error, and says what the error was", async () => {
    const workflow_run_id = await makeDue(MAX_RUNS_PER_CHUNK + 20);
    const { store } = harness;
    const save = store.saveAdvances.bind(store);
    const error = new Error("the connection is lost");
    vi.spyOn(store, "isTransient").mockReturnValue(true);
    vi.spyOn(store, "saveAdvances").mockImplementationOnce(save).mockRejectedValue(error);
    const result = await runTask({ kind: "runs", scope: { workflowRunIds: [workflow_run_id] } });
    expect(result).toEqual({ ...NOTHING, runs: { completed: MAX_RUNS_PER_CHUNK }, error });
  });

  it("counts each failed run once, by the worker that saved it", async () => {
    harness.now = T0 + HOUR;
    const { store } = harness;
    const save = store.saveAdvances.bind(store);
    let isOfAnother = true;
    vi.spyOn(store, "saveAdvances").mockImplementation(async (advances, ...rest) => {
      const hasFailed = advances.every(({ recipientRun }) => recipientRun.status === "failed");
      if (!hasFailed && advances.some(({ recipientRun }) => recipientRun.recipient === "$users/ana"))
        throw new Error("injected");
      if (!hasFailed || !isOfAnother) return save(advances, ...rest);
      isOfAnother = false;
      return { saved: new Set(), batchDecisions: new Map(), caused: NO_CAUSED_WORK };
    });
    const results = [];
    for (let attempt = 0; attempt < 4; attempt++) {
      results.push(await runTask({ kind: "runs", scope: {} }));
      harness.now += HOUR;
    }
    expect(results.map(({ runs }) => runs)).toEqual([{ completed: 1 }, {}, {}, { failed: 1 }]);
    expect(results.map(({ failures = [] }) => failures.map(({ hasEnded }) => hasEnded))).toEqual([
      [false],
      [false],
      [],
      [true],
    ]);
  });

  it("counts runs at a batch by the status that the store has saved", async () => {
    const settings = { batch_window: { unit: "hours", value: 1 }, workflow_version_mode: "latest" };
    const batch = { ref: "batch_1", type: "batch", settings };
    harness.define("batched", { steps: [step.delay("minutes", 1), batch, step.feed("after")] });
    const [one, other] = [1, 2].map(() => harness.trigger("batched", { recipients: ["ana"] }));
    const ids = [(await one)?.workflow_run_id ?? "", (await other)?.workflow_run_id ?? ""];
    harness.now = T0 + 2 * 60_000;
    const { runs } = await runTask({ kind: "runs", scope: { workflowRunIds: ids } });
    const { items } = await harness.engine.listRecipientRuns({ workflow: "batched" }, { limit: 10 });
    const counts: Record<string, number> = {};
    for (const { status } of items) counts[String(status)] = (counts[String(status)] ?? 0) + 1;
    expect(runs).toEqual(counts);
  });

  it("counts only deliveries that are saved: those of another worker are its own", async () => {
    harness.now = T0 + HOUR;
    await runTask({ kind: "runs", scope: {} });
    vi.spyOn(harness.store, "saveMessages").mockResolvedValue({ saved: new Set(), caused: NO_CAUSED_WORK });
    const claim = harness.store.claimDueMessages.bind(harness.store);
    vi.spyOn(harness.store, "claimDueMessages").mockImplementationOnce(claim).mockResolvedValue([]);
    expect(await runTask({ kind: "messages", scope: {} })).toEqual(NOTHING);
    expect(harness.deliveredMessages).toHaveLength(2);
  });

  it("stops before it claims anything if it is interrupted", async () => {
    harness.now = T0 + HOUR;
    expect(await harness.engine.runDueTask({ kind: "runs", scope: {} }, AbortSignal.abort())).toEqual(NOTHING);
  });

  it("counts deliveries and those that failed, and says whether the channel has a limit", async () => {
    harness.deliver = ({ recipient }) =>
      recipient === "$users/ana" ? { status: "failed", retryable: false, reason: "no mailbox" } : { status: "sent" };
    await harness.trigger("late", { recipients: ["bo"] });
    harness.now = T0 + HOUR;
    await runTask({ kind: "runs", scope: {} });
    const failure = {
      message_id: expect.any(String),
      workflow_run_id: started.workflow_run_id,
      recipient_run_id: expect.any(String),
      workflow: "late",
      tenant: null,
      channel_id: "c-mail",
      attempt: 1,
      error: "undelivered",
      hasEnded: true,
      isCommon: false,
    };
    const counts = { ...NOTHING, deliveries: 3, failedDeliveries: 1, failures: [failure] };
    expect(await runTask({ kind: "messages", scope: { channel: "c-mail" } })).toEqual(counts);
    Object.assign(harness.environment.channels.mail as object, { max_per_second: 5 });
    expect(await runTask({ kind: "messages", scope: { channel: "c-mail" } })).toEqual({
      ...NOTHING,
      isRateLimited: true,
    });
    expect(await runTask({ kind: "messages", scope: { channel: "c-feed" } })).toEqual(NOTHING);
  });

  it("counts the runs of a fan-out, and continues it with one chunk", async () => {
    const nested = { workflow_key: "inner", recipients: "{{ data.users | json }}", data: "{}" };
    harness.define("inner", { steps: [step.feed("inner")] });
    harness.define("outer", {
      steps: [step.delay("minutes", 1), { ref: "nested_1", type: "trigger_workflow", settings: nested }],
    });
    const users = Array.from({ length: MAX_RUNS_PER_CHUNK + 20 }, (_, index) => `user-${index}`);
    await harness.identify(...users.map((id) => ({ id })));
    await harness.trigger("outer", { recipients: ["ana"], data: { users } });
    harness.now = T0 + HOUR;
    await runTask({ kind: "runs", scope: {} });
    expect(await runTask({ kind: "fan_outs", scope: {} })).toEqual({
      ...NOTHING,
      runs: { completed: MAX_RUNS_PER_CHUNK },
    });
    expect(await runTask({ kind: "fan_outs", scope: {} })).toEqual({ ...NOTHING, runs: { completed: 20 } });
    expect(await runTask({ kind: "fan_outs", scope: {} })).toEqual(NOTHING);
  });

  it("counts the runs of users who joined an audience", async () => {
    harness.define("welcome", { trigger: { type: "audience", audience_key: "beta" }, steps: [step.feed()] });
    // The engine itself follows a change at once.
    vi.spyOn(harness.store, "listDueKinds").mockResolvedValueOnce(new Set());
    await harness.engine.resources.audiences.add("beta", { members: [{ user: "bo" }] }, { create_audience: true });
    expect(await runTask({ kind: "user_changes", scope: {} })).toEqual({ ...NOTHING, runs: { completed: 1 } });
    expect(await runTask({ kind: "user_changes", scope: {} })).toEqual(NOTHING);
  });

  it("counts the runs of schedules, and reports those that cannot start", async () => {
    harness.define("daily", { steps: [step.feed()] });
    const repeats = [{ frequency: "daily", hours: 12 }];
    await harness.engine.resources.schedules.create({ workflow: "daily", recipients: ["bo"], repeats });
    harness.now = T0 + 24 * HOUR;
    expect(await runTask({ kind: "schedules", scope: {} })).toEqual({ ...NOTHING, runs: { completed: 1 } });
    harness.define("daily", { steps: [step.feed("{{ broken")] });
    harness.now = T0 + 48 * HOUR;
    expect(await runTask({ kind: "schedules", scope: {}, job: { job: "7", attempt: 2 } })).toEqual(NOTHING);
  });
});
