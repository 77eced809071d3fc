import { describe, expect, it } from "vitest";
import { failRun } from "../../../src/domain/run/fail-run.js";
import { claimAt } from "./due-work-contract.js";
import { insertSample, NOW, saveAll, waitingAt } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const WAITING = { message: null, recipientRun: waitingAt(NOW) };

export function describeFailedRuns(open: OpenStore): void {
  describe("retryRuns", () => {
    it("makes failed runs due again, and leaves others as they are", async () => {
      const { recipientRuns, version } = await insertSample(open.store, { recipients: ["ada", "bob"], ...WAITING });
      const [ada, bob] = recipientRuns.map(({ id }) => id) as [string, string];
      const claimed = await open.store.claimDueRuns(claimAt(NOW, "t1"), 1);
      const failed = claimed.map(({ recipientRun }) =>
        failRun(recipientRun, version, NOW, { code: "internal_error", detail: "x" }),
      );
      await saveAll(
        open.store,
        failed.map((recipientRun) => ({ recipientRun, messages: [] })),
        "t1",
      );
      const listed = await open.store.listRecipientRuns({ status: "failed" }, { limit: 10 });
      expect(listed.items.map(({ recipientRun }) => recipientRun)).toEqual(failed);
      expect(await open.store.retryRuns([ada, bob, "missing"], NOW + 1)).toEqual([ada]);
      expect(await open.store.retryRuns([ada], NOW + 2)).toEqual([]);
      const due = await open.store.claimDueRuns(claimAt(NOW + 1, "t2"), 10);
      expect(due.map(({ recipientRun: { id, status, position } }) => [id, status, position])).toEqual([
        [bob, "paused", recipientRuns[1]?.position],
        [ada, "paused", recipientRuns[0]?.position],
      ]);
    });
  });

  describe("postponeRuns", () => {
    it("makes the runs of a claim due later, and no others", async () => {
      const { recipientRuns } = await insertSample(open.store, { recipients: ["ada", "bob", "cy"], ...WAITING });
      const ids = recipientRuns.map(({ id }) => id);
      await open.store.claimDueRuns(claimAt(NOW, "t1"), 2);
      await open.store.claimDueRuns(claimAt(NOW, "t2"), 1);
      await open.store.postponeRuns(ids, NOW + 9, "t1");
      const due = await open.store.claimDueRuns(claimAt(NOW + 9, "t3"), 10);
      expect(due.map(({ recipientRun }) => recipientRun.id)).toEqual(ids.slice(0, 2));
      expect(due.map(({ recipientRun }) => recipientRun.due_at)).toEqual([NOW + 9, NOW + 9]);
    });
  });

  describe("releaseClaims", () => {
    it("ends the leases of claims, and of no others", async () => {
      const { recipientRuns } = await insertSample(open.store, { recipients: ["ada", "bob"], ...WAITING });
      await open.store.claimDueRuns(claimAt(NOW, "t1"), 1);
      await open.store.claimDueRuns(claimAt(NOW, "t2"), 1);
      await open.store.releaseClaims(["t1", "missing"]);
      const due = await open.store.claimDueRuns(claimAt(NOW, "t3"), 10);
      expect(due.map(({ recipientRun }) => recipientRun.id)).toEqual([recipientRuns[0]?.id]);
    });
  });

  describe("getDeathsAlone and settleSuspected", () => {
    it("know nothing of claims whose processes have not ended", async () => {
      await insertSample(open.store, { recipients: ["ada"], ...WAITING });
      await open.store.claimDueRuns(claimAt(NOW, "t1"), 1);
      expect(open.store.getDeathsAlone("t1")).toBeNull();
      await open.store.settleSuspected("t1", { isDone: true });
      expect(await open.store.claimDueRuns(claimAt(NOW, "t2"), 10)).toEqual([]);
    });
  });

  describe("isTransient", () => {
    it("is false for errors that the store does not cause", () => {
      expect(open.store.isTransient(new TypeError("a bug"))).toBe(false);
    });
  });
}
