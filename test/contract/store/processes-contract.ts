import { describe, expect, it } from "vitest";
import type { Store } from "../../../src/ports/store.js";
import { bundleChild, type Child, startChild } from "./child-process.js";
import { insertSample, NOW, user, waitingAt } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

/** Counts the recipient runs in the store by workflow run. */
async function countByRun(store: Store): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  let after: string | null | undefined;
  while (after !== null) {
    const page = await store.listRecipientRuns({}, { limit: 500, after });
    for (const { run } of page.items) counts.set(run.id, (counts.get(run.id) ?? 0) + 1);
    after = page.page_info.after;
  }
  return counts;
}

async function allEnd(children: readonly Child[]): Promise<void> {
  for (const child of children) expect(await child.ended).toEqual({ code: 0, errors: "" });
}

export function describeProcesses(open: OpenStore): void {
  describe("several processes", () => {
    it("write at once without an error or a lost row", async () => {
      const bundle = await bundleChild(open.subject);
      const children = ["p1", "p2", "p3", "p4"].map((name) =>
        startChild(bundle, "trigger", open.location, name, "40", "20"),
      );
      await allEnd(children);
      const counts = await countByRun(open.store);
      expect(counts.size).toBe(160);
      for (const id of children.flatMap(({ lines }) => lines)) expect(counts.get(id)).toBe(20);
      const recipients = await open.store.readRecipients(["p1", "p2", "p3", "p4"].map(user));
      for (const { properties } of recipients.values())
        expect(properties).toEqual({ count0: 35, count1: 36, count2: 37, count3: 38, count4: 39 });
    });

    it("merge into one recipient without losing a property", async () => {
      const bundle = await bundleChild(open.subject);
      const children = Array.from({ length: 4 }, () => startChild(bundle, "trigger", open.location, "same", "25", "1"));
      await allEnd(children);
      expect((await open.store.readRecipients([user("same")])).get(user("same"))?.properties).toEqual({
        count0: 20,
        count1: 21,
        count2: 22,
        count3: 23,
        count4: 24,
      });
    });

    it("never claim the same due run", async () => {
      const bundle = await bundleChild(open.subject);
      const recipients = Array.from({ length: 400 }, (_, index) => `u${index}`);
      const inserted = await insertSample(open.store, { recipients, recipientRun: waitingAt(NOW) });
      const children = ["w1", "w2", "w3", "w4"].map((name) => startChild(bundle, "work", open.location, name));
      await allEnd(children);
      const saved = children.flatMap(({ lines }) => lines);
      expect(saved).toHaveLength(400);
      expect(new Set(saved)).toEqual(new Set(inserted.recipientRuns.map(({ id }) => id)));
      expect(await open.store.readNextDueAt()).toBeNull();
    });

    it("can create a store together", async () => {
      const bundle = await bundleChild(open.subject);
      for (let round = 0; round < 3; round++) {
        const location = await open.subject.createLocation();
        const children = Array.from({ length: 6 }, (_, index) =>
          startChild(bundle, "trigger", location, `p${index}`, "1", "2"),
        );
        await allEnd(children);
        const store = await open.subject.open(location);
        expect((await countByRun(store)).size).toBe(6);
        await store.close();
      }
    });
  });

  describe("a process killed while it writes", () => {
    it.each([1, 5, 13])(
      "after %i acknowledged triggers, each stored trigger is complete",
      async (acknowledged) => {
        const child = startChild(await bundleChild(open.subject), "trigger", open.location, "doomed", "100000", "50");
        await child.untilLines(acknowledged);
        child.process.kill("SIGKILL");
        expect((await child.ended).errors).toBe("");
        const store = await open.openAgain();
        const counts = await countByRun(store);
        for (const id of child.lines) expect(counts.get(id)).toBe(50);
        // One more trigger may have become durable just before it was reported.
        expect(counts.size - child.lines.length).toBeGreaterThanOrEqual(0);
        expect(counts.size - child.lines.length).toBeLessThanOrEqual(1);
        for (const [id, count] of counts) {
          expect(count).toBe(50);
          expect((await store.listMessages({ workflow_run_id: id }, { limit: 100 })).items).toHaveLength(50);
        }
        expect(await store.claimDueRuns({ now: NOW, leaseMs: 1, token: "t" }, 10_000)).toHaveLength(50 * counts.size);
      },
      60_000,
    );
  });
}
