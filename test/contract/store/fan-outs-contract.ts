import { describe, expect, it } from "vitest";
import type { FanOutState } from "../../../src/domain/run/fan-out-state.js";
import type { FanOutChunk } from "../../../src/ports/fan-out-store.js";
import type { NewWorkflowRun } from "../../../src/ports/trigger-store.js";
import { claimAt } from "./due-work-contract.js";
import { readRuns } from "./read-runs.js";
import { HOUR, NOW, SINCE, sampleRecipientRun, sampleTrigger, user } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const MINUTE = 60_000;

function buildRest(...ids: string[]): FanOutState {
  return { listed: ids.map((id) => ({ key: user(id), trigger_data: null })), objects: [], after: null };
}

/** Returns the next chunk of a trigger's recipients, with the remaining fan-out. */
function buildChunk({ run }: NewWorkflowRun, ids: string[], over: Partial<FanOutChunk> = {}): FanOutChunk {
  return {
    workflow_run_id: run.id,
    at: NOW + 1,
    recipientRuns: ids.map((id) => sampleRecipientRun(run, user(id))),
    messages: [],
    batches: new Map(),
    upserts: [],
    triggers: [],
    frequencyRecords: [],
    throttles: [],
    unidentified: [],
    rest: null,
    ...over,
  };
}

export function describeFanOuts(open: OpenStore): void {
  /** Inserts a trigger that has reached ada, whose remaining fan-out is claimed with `t1`. */
  const start = async (rest = buildRest("bob", "cy")): Promise<NewWorkflowRun> => {
    const started = sampleTrigger({ recipients: ["ada"], message: null });
    await open.store.insertWorkflowRun({ ...started, fanOut: { rest, claim: claimAt(NOW, "t1") } }, SINCE);
    return started;
  };
  const recipients = async ({ run }: NewWorkflowRun) =>
    (await readRuns(open.store, run.id)).map(({ recipient }) => recipient);
  const claim = async (token: string, realNow = NOW) => {
    const other = await open.openAgain();
    open.realNow = realNow;
    return other.claimDueFanOuts(claimAt(NOW + HOUR, token), 5);
  };

  describe("a fan-out", () => {
    it("E-058 returns the recipients that already have a run", async () => {
      const { run } = await start();
      expect(await open.store.readRecipientsWithRun(run.id, [user("ada"), user("bob")])).toEqual(
        new Set([user("ada")]),
      );
      expect(await open.store.readRecipientsWithRun("none", [user("ada")])).toEqual(new Set());
    });

    it("continues chunk by chunk, and is no longer due after the last", async () => {
      const started = await start();
      const unidentified = [user("dan")];
      const first = buildChunk(started, ["bob"], { rest: buildRest("cy"), unidentified });
      expect(await open.store.insertFanOutChunk(first, "t1", MINUTE)).toMatchObject({ outcome: "inserted" });
      const last = buildChunk(started, ["cy"], { unidentified: [user("eve")] });
      expect(await open.store.insertFanOutChunk(last, "t1", MINUTE)).toMatchObject({ outcome: "inserted" });
      expect(await recipients(started)).toEqual(["ada", "bob", "cy"].map(user));
      expect((await open.store.readWorkflowRun(started.run.id))?.unidentified).toEqual(["dan", "eve"].map(user));
      expect(await claim("t2", NOW + HOUR)).toEqual([]);
    });

    it("is claimed by another process after a crash, from the last stored chunk", async () => {
      const started = await start();
      await open.store.insertFanOutChunk(buildChunk(started, ["bob"], { rest: buildRest("cy") }), "t1", MINUTE);
      expect(await claim("t2", NOW + MINUTE - 1)).toEqual([]);
      expect(await claim("t2", NOW + MINUTE)).toEqual([
        { run: started.run, version: started.version, fanOut: buildRest("cy") },
      ]);
      expect(await open.store.insertFanOutChunk(buildChunk(started, ["cy"]), "t1", MINUTE)).toEqual({
        outcome: "lost",
      });
      expect(await recipients(started)).toEqual(["ada", "bob"].map(user));
    });

    it("renews its lease with a chunk, or ends it so that another process continues", async () => {
      const started = await start(buildRest("bob", "cy", "dan"));
      open.realNow = NOW + MINUTE - 1;
      await open.store.insertFanOutChunk(buildChunk(started, ["bob"], { rest: buildRest("cy", "dan") }), "t1", MINUTE);
      expect(await claim("t2", NOW + 2 * MINUTE - 2)).toEqual([]);
      await open.store.insertFanOutChunk(buildChunk(started, ["cy"], { rest: buildRest("dan") }), "t1", null);
      expect(await claim("t2", NOW + 2 * MINUTE - 2)).toMatchObject([{ fanOut: buildRest("dan") }]);
      expect(await open.store.insertFanOutChunk(buildChunk(started, ["dan"]), "t1", null)).toEqual({ outcome: "lost" });
    });

    it("E-355 is taken from its process by a cancellation, which also applies to runs that have not begun", async () => {
      const started = sampleTrigger({ recipients: ["ada"], message: null, run: { cancellation_key: "ck" } });
      const rest = buildRest("bob", "cy", "dan");
      await open.store.insertWorkflowRun({ ...started, fanOut: { rest, claim: claimAt(NOW, "t1") } }, SINCE);
      const { workflow } = started.run;
      const cancel = (over = {}) =>
        open.store.cancelRuns({ workflow, cancellation_key: "ck", recipients: null, at: NOW, ...over });
      for (const over of [{ cancellation_key: "other" }, { workflow: "other" }, { branch: "other" }])
        expect(await cancel(over)).toEqual({ runs: [], unfinishedTriggers: 0 });
      expect(await claim("t2")).toEqual([]);
      // The trigger does not reach eve, and bob is canceled once.
      expect(await cancel({ recipients: [user("eve")] })).toMatchObject({ unfinishedTriggers: 0 });
      expect(await claim("t2")).toEqual([]);
      expect(await cancel({ recipients: [user("bob")] })).toMatchObject({ unfinishedTriggers: 1 });
      expect(await cancel({ recipients: [user("bob")] })).toMatchObject({ unfinishedTriggers: 0 });
      await cancel({ recipients: [user("dan"), user("bob")] });
      expect(await open.store.insertFanOutChunk(buildChunk(started, ["bob"]), "t1", MINUTE)).toEqual({
        outcome: "lost",
      });
      expect(await claim("t2")).toMatchObject([{ fanOut: { ...rest, canceled: [user("bob"), user("dan")] } }]);
      expect(await cancel()).toMatchObject({ unfinishedTriggers: 1 });
      expect(await cancel()).toMatchObject({ unfinishedTriggers: 0 });
      expect(await open.store.insertFanOutChunk(buildChunk(started, ["bob"]), "t2", MINUTE)).toEqual({
        outcome: "lost",
      });
      expect(await claim("t3")).toMatchObject([{ fanOut: { ...rest, canceled: "all" } }]);
    });

    it("E-068 stores nothing if a once-only workflow has run for a recipient", async () => {
      const used = { workflow: "once", recipient: user("bob"), tenant: "*" };
      await open.store.insertWorkflowRun(
        { ...sampleTrigger({ recipients: ["bob"], message: null }), frequencyRecords: [used] },
        SINCE,
      );
      const started = await start();
      const chunk = buildChunk(started, ["bob", "cy"], {
        frequencyRecords: [used, { ...used, recipient: user("cy") }],
        upserts: [{ key: user("cy"), properties: { changed: true } }],
      });
      expect(await open.store.insertFanOutChunk(chunk, "t1", MINUTE)).toEqual({
        outcome: "already_triggered",
        recipients: [user("bob")],
      });
      expect(await recipients(started)).toEqual([user("ada")]);
      expect((await open.store.readRecipients([user("cy")])).size).toBe(0);
    });
  });

  describe("splitFanOut", () => {
    it("sets a run's tenant and recipients, and starts the other runs", async () => {
      const started = await start();
      const other = sampleTrigger({ recipients: [], run: { tenant: "acme" } });
      const trigger = { run: other.run, version: other.version, fanOut: buildRest("cy"), upserts: [] };
      const split = { workflow_run_id: started.run.id, tenant: "beta", rest: buildRest("bob"), upserts: [] };
      const caused = await open.store.splitFanOut({ ...split, triggers: [trigger] }, "t1", NOW);
      expect(caused).toEqual({ workflowRunIds: [other.run.id], recipientRunIds: [], users: [] });
      const claimed = await claim("t2", NOW + MINUTE);
      expect(claimed.map(({ run, fanOut }) => [run.id, run.tenant, fanOut])).toEqual([
        [started.run.id, "beta", buildRest("bob")],
        [other.run.id, "acme", buildRest("cy")],
      ]);
    });

    it("stores nothing if another process has claimed the run", async () => {
      const started = await start();
      await claim("t2", NOW + MINUTE);
      const split = { workflow_run_id: started.run.id, tenant: "beta", rest: null, triggers: [], upserts: [] };
      expect(await open.store.splitFanOut(split, "t1", NOW)).toBeNull();
      expect((await open.store.readWorkflowRun(started.run.id))?.run.tenant).toBeNull();
    });
  });
}
