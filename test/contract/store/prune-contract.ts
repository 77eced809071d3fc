import { describe, expect, it } from "vitest";
import { NO_PRUNED_ROWS, PRUNED_TABLES, type PrunedCounts, type PruneResult } from "../../../src/ports/prune-store.js";
import type { Store } from "../../../src/ports/store.js";
import { claimAt } from "./due-work-contract.js";
import { joinSample } from "./sample-batches.js";
import { HOUR, insertSample, NOW, saveAll, user, waitingAt } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const OLD = NOW - 48 * HOUR;
const BEFORE = NOW - 24 * HOUR;

/** Prunes all tables, a few rows at a time. */
async function pruneAll(store: Store, { isDryRun = false, limit = 3 } = {}): Promise<PrunedCounts> {
  const counts = { ...NO_PRUNED_ROWS };
  for (const table of PRUNED_TABLES)
    for (let after: PruneResult["next"] = 0; after !== null; ) {
      const result = await store.prune({ table, before: BEFORE, after, limit, isDryRun });
      for (const [name, count] of Object.entries(result.counts)) counts[name as keyof PrunedCounts] += count;
      after = result.next;
    }
  return counts;
}

export function describePruning(open: OpenStore): void {
  const countRuns = async (): Promise<number> => (await open.store.listRecipientRuns({}, { limit: 50 })).items.length;

  describe("pruning", () => {
    it("deletes ended runs with their messages, and keeps waiting and newer ones", async () => {
      const { store } = open;
      await insertSample(store, { recipients: ["ana", "bo", "cem", "dee"], run: { inserted_at: OLD } });
      await insertSample(store, {
        recipients: ["ana"],
        run: { inserted_at: OLD },
        recipientRun: waitingAt(NOW + HOUR),
      });
      await insertSample(store, { recipients: ["bo"] });
      const expected = { ...NO_PRUNED_ROWS, recipient_runs: 4, messages: 4, workflow_runs: 1 };
      expect(await pruneAll(store, { isDryRun: true })).toEqual(expected);
      expect(await countRuns()).toBe(6);
      expect(await pruneAll(store)).toEqual(expected);
      const { items } = await store.listRecipientRuns({}, { limit: 50 });
      expect(items.map(({ recipientRun }) => [recipientRun.recipient, recipientRun.status])).toEqual([
        [user("bo"), "completed"],
        [user("ana"), "paused"],
      ]);
      expect((await store.listMessages({}, { limit: 50 })).items).toHaveLength(2);
      expect(await pruneAll(store)).toEqual(NO_PRUNED_ROWS);
    });

    it("deletes failed runs as well", async () => {
      const { store } = open;
      await insertSample(store, {
        recipients: ["ana"],
        run: { inserted_at: OLD },
        recipientRun: { status: "failed", position: [0] },
      });
      expect(await pruneAll(store)).toMatchObject({ recipient_runs: 1, messages: 1, workflow_runs: 1 });
    });

    it("keeps runs whose messages are not sent yet", async () => {
      const { store } = open;
      const message = { status: "queued", due_at: NOW } as const;
      await insertSample(store, { recipients: ["ana"], run: { inserted_at: OLD }, message });
      expect(await pruneAll(store)).toEqual(NO_PRUNED_ROWS);
      const [claimed] = await store.claimDueMessages(claimAt(NOW, "t"), 5);
      await store.saveMessages([{ ...claimed!, status: "sent", due_at: null }], "t", []);
      expect(await pruneAll(store)).toMatchObject({ recipient_runs: 1, messages: 1 });
    });

    it("keeps the activities of a batch until the run that waits for it has ended for so long", async () => {
      const { store } = open;
      for (const actor of ["a", "b", "c"]) await joinSample(store, { actor, at: OLD, closes_at: OLD + HOUR });
      expect(await pruneAll(store)).toEqual(NO_PRUNED_ROWS);
      const [waiting] = await store.claimDueRuns(claimAt(OLD + HOUR, "t"), 5);
      const { recipientRun } = waiting!;
      expect((await store.readBatch(recipientRun.id))?.total_activities).toBe(3);
      const ended = { ...recipientRun, status: "completed", position: null, due_at: null, updated_at: NOW } as const;
      await saveAll(store, [{ recipientRun: ended, messages: [] }], "t");
      expect(await pruneAll(store)).toEqual(NO_PRUNED_ROWS);
      expect((await store.readBatch(recipientRun.id))?.total_activities).toBe(3);
    });

    it("deletes the activities of a batch with the run that waited for it", async () => {
      const { store } = open;
      for (const actor of ["a", "b", "c"]) await joinSample(store, { actor, at: OLD, closes_at: OLD + HOUR });
      const [waiting] = await store.claimDueRuns(claimAt(OLD + HOUR, "t"), 5);
      const ended = { ...waiting!.recipientRun, status: "completed", position: null, due_at: null } as const;
      await saveAll(store, [{ recipientRun: { ...ended, updated_at: OLD + HOUR }, messages: [] }], "t");
      const counts = { ...NO_PRUNED_ROWS, recipient_runs: 3, batch_activities: 3, workflow_runs: 3 };
      expect(await pruneAll(store, { isDryRun: true })).toEqual(counts);
      expect(await pruneAll(store)).toEqual(counts);
      await joinSample(store, { actor: "d" });
      const { items } = await store.listRecipientRuns({}, { limit: 50 });
      expect((await store.readBatch(items[0]!.recipientRun.id))?.total_activities).toBe(1);
    });

    it("subtracts deleted messages from the counts of a large feed", async () => {
      const { store } = open;
      const recipients = Array.from({ length: 1_010 }, () => "ana");
      await insertSample(store, { recipients, run: { inserted_at: OLD } });
      await insertSample(store, { recipients: ["ana", "ana"] });
      const filter = { recipient: user("ana"), archived: "include" } as const;
      // A store may keep the counts of a feed only when it is read again.
      for (let count = 0; count < 4; count++) await store.listFeed(filter, { limit: 1 });
      await pruneAll(store, { limit: 1_000 });
      const kept = await store.listFeed(filter, { limit: 5 });
      expect(kept.items).toHaveLength(2);
      expect(kept).toEqual(await store.listFeed({ ...filter, inserted_at: { gte: 0 } }, { limit: 5 }));
    });

    it("deletes the windows of throttles that have ended, with their decisions", async () => {
      const { store } = open;
      const request = (key: string, recipient_run_id: string) => ({ key, recipient_run_id, limit: 1, window_ms: HOUR });
      for (const [keys, at] of [
        [["a", "b", "c", "d"], OLD],
        [["new"], NOW],
      ] as const)
        for (const key of keys)
          expect(await store.acquireThrottleSlots([request(key, "first"), request(key, "second")], at)).toEqual([
            true,
            false,
          ]);
      const decide = () =>
        store.previewThrottleSlots(
          ["a", "d"].map((key) => request(key, "second")),
          OLD,
        );
      expect(await pruneAll(store, { isDryRun: true })).toEqual(NO_PRUNED_ROWS);
      expect(await decide()).toEqual([false, false]);
      expect(await pruneAll(store)).toEqual(NO_PRUNED_ROWS);
      expect(await decide()).toEqual([true, true]);
      expect(await store.previewThrottleSlots([request("new", "third")], NOW)).toEqual([false]);
    });

    it("deletes idempotency keys", async () => {
      const { store } = open;
      const key = (name: string, inserted_at: number) => ({
        idempotency: { key: name, fingerprint: "f", workflow_run_id: "r", inserted_at },
      });
      await insertSample(store, { recipients: ["ana"], run: { inserted_at: OLD }, rest: key("old", OLD) });
      await insertSample(store, { recipients: ["ana"], rest: key("new", NOW) });
      expect(await pruneAll(store, { isDryRun: true })).toMatchObject({ idempotency_keys: 1 });
      expect(await pruneAll(store)).toMatchObject({ idempotency_keys: 1, recipient_runs: 1 });
      expect(await store.readIdempotencyRecord("old", 0)).toBeNull();
      expect(await store.readIdempotencyRecord("new", 0)).not.toBeNull();
    });

    it("examines each key once, however many are kept", async () => {
      const { store } = open;
      for (let index = 0; index < 10; index++) {
        const inserted_at = index % 2 === 0 ? OLD : NOW;
        const idempotency = { key: `key ${index}`, fingerprint: "f", workflow_run_id: "r", inserted_at };
        await insertSample(store, { recipients: ["ana"], rest: { idempotency } });
      }
      const examined: PruneResult[] = [];
      for (let after: PruneResult["next"] = 0; after !== null; after = examined.at(-1)!.next)
        examined.push(
          await store.prune({ table: "idempotency_keys", before: BEFORE, after, limit: 4, isDryRun: false }),
        );
      expect(examined.map(({ counts }) => counts.idempotency_keys)).toEqual([2, 2, 1]);
    });
  });
}
