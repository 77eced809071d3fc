import { describe, expect, it } from "vitest";
import { bundleChild, startChild } from "./child-process.js";
import { NOW } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const WINDOW = 1_000;

export function describeThrottles(open: OpenStore): void {
  const pass = (ids: string[], now: number, { key = "k", limit = 2, window_ms = WINDOW } = {}): Promise<boolean[]> =>
    open.store.acquireThrottleSlots(
      ids.map((recipient_run_id) => ({ key, recipient_run_id, limit, window_ms })),
      now,
    );

  describe("acquireThrottleSlots", () => {
    it("lets as many pass as the limit says, in the order asked (E-284)", async () => {
      expect(await pass(["a", "b", "c"], NOW)).toEqual([true, true, false]);
      expect(
        await (await open.openAgain()).acquireThrottleSlots(
          [{ key: "k", recipient_run_id: "d", limit: 2, window_ms: WINDOW }],
          NOW,
        ),
      ).toEqual([false]);
    });

    it("counts from the first pass on, for a fixed time (E-286)", async () => {
      await pass(["a"], NOW);
      await pass(["b"], NOW + 900);
      expect(await pass(["c"], NOW + WINDOW - 1)).toEqual([false]);
      expect(await pass(["d", "e", "f"], NOW + WINDOW)).toEqual([true, true, false]);
      expect(await pass(["g"], NOW + 2 * WINDOW - 1)).toEqual([false]);
    });

    it("keeps keys apart (E-285)", async () => {
      expect(await pass(["a"], NOW, { limit: 1 })).toEqual([true]);
      expect(await pass(["b"], NOW, { limit: 1, key: "other" })).toEqual([true]);
      expect(await pass(["c"], NOW, { limit: 1 })).toEqual([false]);
    });

    it("keeps the opener's window (E-288)", async () => {
      await pass(["a"], NOW, { limit: 1 });
      expect(await pass(["b"], NOW + 1, { limit: 1, window_ms: 1 })).toEqual([false]);
      expect(await pass(["c"], NOW + 10, { limit: 1, window_ms: 1 })).toEqual([false]);
    });

    it("answers a run that asks again as before, and counts it once (E-292)", async () => {
      expect(await pass(["a", "b", "c"], NOW)).toEqual([true, true, false]);
      expect(await pass(["c", "b", "a", "a"], NOW + 1)).toEqual([false, true, true, true]);
      expect(await pass(["a"], NOW + 2)).toEqual([true]);
      expect(await pass(["d"], NOW + 2)).toEqual([false]);
    });

    it("gives one answer where a run is asked for twice at once", async () => {
      expect(await pass(["a", "a", "b", "c"], NOW)).toEqual([true, true, true, false]);
    });

    it("lets no more pass where several processes ask", async () => {
      const bundle = await bundleChild(open.subject);
      const children = ["p1", "p2", "p3", "p4"].map((name) => startChild(bundle, "pass", open.location, name, "20"));
      for (const child of children) expect(await child.ended).toEqual({ code: 0, errors: "" });
      const passed = children.flatMap(({ lines }) => lines);
      expect(passed).toHaveLength(10);
      expect(new Set(passed).size).toBe(10);
    }, 60_000);
  });
}
