import { describe, expect, it } from "vitest";
import type { WorkScope } from "../../../src/ports/due-store.js";
import type { NewWorkflowRun } from "../../../src/ports/trigger-store.js";
import { claimAt } from "./due-work-contract.js";
import { insertSample, NOW, SINCE, sampleTrigger, user, waitingAt } from "./sample-runs.js";
import { sampleSchedule } from "./sample-schedules.js";
import type { OpenStore } from "./store-contract.js";

const QUEUED = { status: "queued", due_at: NOW } as const;

export function describeScopes(open: OpenStore): void {
  /** Inserts a trigger whose runs and messages are due. */
  const insertDue = (...recipients: string[]) =>
    insertSample(open.store, { recipients, recipientRun: waitingAt(NOW), message: { ...QUEUED } });
  const claimRuns = async (scope: WorkScope, token = "t1") =>
    (await open.store.claimDueRuns({ ...claimAt(NOW, token), scope }, 5)).map(({ recipientRun: { id } }) => id);
  const claimMessages = async (scope: WorkScope, token = "t1") =>
    (await open.store.claimDueMessages({ ...claimAt(NOW, token), scope }, 5)).map(({ id }) => id);
  const kinds = async (scope: WorkScope) => [...(await open.store.listDueKinds(NOW, scope))].sort();
  const runIds = ({ recipientRuns }: NewWorkflowRun) => recipientRuns.map(({ id }) => id);
  const messageIds = ({ messages }: NewWorkflowRun) => messages.map(({ id }) => id);

  describe("a claim with a scope", () => {
    it("contains the runs and messages of workflow runs, up to the limit, and no others", async () => {
      await insertDue("other");
      const own = await insertDue("a", "b");
      const second = await insertDue("c");
      const scope = { workflowRunIds: [own.run.id, second.run.id] };
      expect(await kinds(scope)).toEqual(["messages", "runs"]);
      expect(
        (await open.store.claimDueRuns({ ...claimAt(NOW, "t0"), scope }, 1)).map((one) => one.recipientRun.id),
      ).toEqual(runIds(own).slice(0, 1));
      expect(await claimRuns(scope)).toEqual([...runIds(own).slice(1), ...runIds(second)]);
      expect(await claimMessages(scope)).toEqual([...messageIds(own), ...messageIds(second)]);
      expect(await kinds(scope)).toEqual([]);
      expect(await open.store.claimDueRuns(claimAt(NOW, "t2"), 5)).toHaveLength(1);
      expect(await open.store.claimDueMessages(claimAt(NOW, "t2"), 5)).toHaveLength(1);
    });

    it("contains recipient runs with their messages, in addition to workflow runs", async () => {
      const [woken, own] = [await insertDue("a", "b"), await insertDue("c")];
      const scope = { workflowRunIds: [own.run.id], recipientRunIds: [runIds(woken)[1] as string, "unknown"] };
      expect(await claimRuns(scope)).toEqual([runIds(woken)[1], ...runIds(own)]);
      expect(await claimMessages(scope)).toEqual([messageIds(woken)[1], ...messageIds(own)]);
    });

    it("does not contain work that is due later or leased", async () => {
      const { run } = await insertSample(open.store, { recipients: ["a"], recipientRun: waitingAt(NOW + 1) });
      const leased = await insertDue("b");
      await open.store.claimDueRuns(claimAt(NOW, "t0"), 5);
      await open.store.claimDueMessages(claimAt(NOW, "t0"), 5);
      const scope = { workflowRunIds: [run.id, leased.run.id], recipientRunIds: runIds(leased) };
      expect([await kinds(scope), await claimRuns(scope), await claimMessages(scope)]).toEqual([[], [], []]);
    });

    it("contains messages by their id or channel", async () => {
      const [one, two] = [await insertDue("a"), await insertDue("b")];
      const channel = one.messages[0]?.channel.id as string;
      const other = { id: "other", key: "other", type: "email", provider: "email_x" } as const;
      const third = await insertSample(open.store, { recipients: ["c"], message: { ...QUEUED, channel: other } });
      expect(await kinds({ messageIds: messageIds(two) })).toEqual(["messages"]);
      expect(await claimMessages({ messageIds: messageIds(two) })).toEqual(messageIds(two));
      expect(await claimMessages({ channel: "other", workflowRunIds: [one.run.id] })).toEqual([]);
      expect(await claimMessages({ exceptChannels: ["other", "none", channel] })).toEqual([]);
      expect(await claimMessages({ exceptChannels: [channel, "none"] }, "t2")).toEqual(messageIds(third));
      open.realNow += 60_000;
      expect(await claimMessages({ channel: "other" }, "t3")).toEqual(messageIds(third));
      expect(await claimMessages({ channel }, "t4")).toEqual([...messageIds(one), ...messageIds(two)]);
    });

    it("contains fan-outs, schedules and user changes only if they are listed", async () => {
      const rest = { listed: [{ key: user("bob"), trigger_data: null }], objects: [], after: null };
      const started = sampleTrigger({ recipients: ["ada"], message: null });
      const claim = { ...claimAt(NOW, "gone"), leaseMs: 0 };
      await open.store.insertWorkflowRun({ ...started, fanOut: { rest, claim } }, SINCE);
      const schedule = sampleSchedule({ next_occurrence_at: NOW });
      await open.store.insertSchedules([schedule]);
      await open.store.addAudienceMembers("beta", [{ recipient: user("ada"), tenant: null }], NOW);
      expect(await kinds({ workflowRunIds: [started.run.id] })).toEqual(["fan_outs"]);
      expect(await kinds({ scheduleIds: [schedule.id] })).toEqual(["schedules"]);
      expect(await kinds({ users: [user("ada")] })).toEqual(["user_changes"]);
      expect(await kinds({ workflowRunIds: ["x"], scheduleIds: ["x"], users: [user("x")], messageIds: ["x"] })).toEqual(
        [],
      );
      expect(
        await open.store.claimDueFanOuts({ ...claimAt(NOW, "t1"), scope: { scheduleIds: [schedule.id] } }, 5),
      ).toEqual([]);
      expect(await open.store.claimDueSchedules({ ...claimAt(NOW, "t1"), scope: { workflowRunIds: [] } }, 5)).toEqual(
        [],
      );
      expect(
        await open.store.claimDueFanOuts({ ...claimAt(NOW, "t2"), scope: { workflowRunIds: [started.run.id] } }, 5),
      ).toHaveLength(1);
      expect(
        await open.store.claimDueSchedules({ ...claimAt(NOW, "t2"), scope: { scheduleIds: [schedule.id] } }, 5),
      ).toEqual([schedule]);
    });
  });
}
