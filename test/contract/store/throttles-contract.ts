import { describe, expect, it } from "vitest";
import type { NewWorkflowRun } from "../../../src/ports/trigger-store.js";
import { bundleChild, startChild } from "./child-process.js";
import { NOW, sampleTrigger } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const WINDOW = 1_000;

export function describeThrottles(open: OpenStore): void {
  const pass = (ids: string[], now: number, { key = "k", limit = 2, window_ms = WINDOW } = {}): Promise<boolean[]> =>
    open.store.acquireThrottleSlots(
      ids.map((recipient_run_id) => ({ key, recipient_run_id, limit, window_ms })),
      now,
    );

  describe("acquireThrottleSlots", () => {
    it("E-284 lets runs pass up to the limit, in the order of the requests", async () => {
      expect(await pass(["a", "b", "c"], NOW)).toEqual([true, true, false]);
      expect(
        await (await open.openAgain()).acquireThrottleSlots(
          [{ key: "k", recipient_run_id: "d", limit: 2, window_ms: WINDOW }],
          NOW,
        ),
      ).toEqual([false]);
    });

    it("E-286 counts from the first pass, for a fixed time", async () => {
      await pass(["a"], NOW);
      await pass(["b"], NOW + 900);
      expect(await pass(["c"], NOW + WINDOW - 1)).toEqual([false]);
      expect(await pass(["d", "e", "f"], NOW + WINDOW)).toEqual([true, true, false]);
      expect(await pass(["g"], NOW + 2 * WINDOW - 1)).toEqual([false]);
    });

    it("E-285 separates keys", async () => {
      expect(await pass(["a"], NOW, { limit: 1 })).toEqual([true]);
      expect(await pass(["b"], NOW, { limit: 1, key: "other" })).toEqual([true]);
      expect(await pass(["c"], NOW, { limit: 1 })).toEqual([false]);
    });

    it("E-288 keeps the window of the run that opened it", async () => {
      await pass(["a"], NOW, { limit: 1 });
      expect(await pass(["b"], NOW + 1, { limit: 1, window_ms: 1 })).toEqual([false]);
      expect(await pass(["c"], NOW + 10, { limit: 1, window_ms: 1 })).toEqual([false]);
    });

    it("E-292 returns the same result for a run that asks again, and counts it once", async () => {
      expect(await pass(["a", "b", "c"], NOW)).toEqual([true, true, false]);
      expect(await pass(["c", "b", "a", "a"], NOW + 1)).toEqual([false, true, true, true]);
      expect(await pass(["a"], NOW + 2)).toEqual([true]);
      expect(await pass(["d"], NOW + 2)).toEqual([false]);
    });

    it("previews decisions without using slots", async () => {
      const requests = ["a", "b", "c"].map((recipient_run_id) => ({
        key: "k",
        recipient_run_id,
        limit: 2,
        window_ms: WINDOW,
      }));
      expect(await open.store.previewThrottleSlots(requests, NOW)).toEqual([true, true, false]);
      expect(await open.store.previewThrottleSlots(requests.slice(1), NOW)).toEqual([true, true]);
      expect(await pass(["c"], NOW)).toEqual([true]);
      expect(await open.store.previewThrottleSlots(requests, NOW)).toEqual([true, false, true]);
    });

    it("uses the slots of a new run in its insert, and inserts nothing if a throttle decides otherwise", async () => {
      const throttle = { key: "k", limit: 1, window_ms: WINDOW };
      const first = sampleTrigger({ recipients: ["a"] });
      const second = sampleTrigger({ recipients: ["b"] });
      const insert = (trigger: NewWorkflowRun) => {
        const [run] = trigger.recipientRuns;
        const throttles = [{ ...throttle, recipient_run_id: run?.id ?? "", passes: true }];
        return open.store.insertWorkflowRun({ ...trigger, throttles }, 0);
      };
      expect(await insert(first)).toMatchObject({ outcome: "inserted" });
      expect(await insert(second)).toEqual({ outcome: "already_triggered", recipients: [] });
      expect(await open.store.readWorkflowRun(second.run.id)).toBeNull();
      expect(await pass(["c"], NOW, { limit: 1 })).toEqual([false]);
    });

    it("returns one result for a run that is requested twice in one call", async () => {
      expect(await pass(["a", "a", "b", "c"], NOW)).toEqual([true, true, true, false]);
    });

    it("lets no more runs pass if several processes ask", async () => {
      const bundle = await bundleChild(open.subject);
      const children = ["p1", "p2", "p3", "p4"].map((name) => startChild(bundle, "pass", open.location, name, "20"));
      for (const child of children) expect(await child.ended).toEqual({ code: 0, errors: "" });
      const passed = children.flatMap(({ lines }) => lines);
      expect(passed).toHaveLength(10);
      expect(new Set(passed).size).toBe(10);
    });
  });
}
