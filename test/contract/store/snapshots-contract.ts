import { describe, expect, it } from "vitest";
import { KnockError } from "../../../src/errors/knock-error.js";
import type { Store } from "../../../src/ports/store.js";
import type { StoreSnapshot } from "../../../src/ports/store-control.js";
import { HOUR, insertSample, NOW, sampleVersion, user } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

export function describeSnapshots(open: OpenStore): void {
  /** Returns a snapshot, or null for a database, which has none. */
  async function takeSnapshot(): Promise<StoreSnapshot | null> {
    try {
      return await open.store.takeSnapshot();
    } catch (error) {
      expect(open.subject.module.openFunction).toBe("openPostgresStore");
      expect(error).toBeInstanceOf(KnockError);
      expect(error).toMatchObject({ code: "not_supported" });
      return null;
    }
  }

  const readAll = async (store: Store) => ({
    runs: await store.listRecipientRuns({}, { limit: 50 }),
    messages: await store.listMessages({}, { limit: 50 }),
    users: await store.readRecipients([user("ada"), user("grace"), user("zoe")]),
    clock: { ...(await store.readClock()), real_now: 0 },
  });

  describe("a snapshot in memory", () => {
    it("brings back all rows and the clock, as often as it is restored", async () => {
      await open.store.writeClock({ offset_ms: HOUR, frozen_at: NOW });
      await insertSample(open.store, { recipients: ["ada", "grace"] });
      const before = await readAll(open.store);
      const snapshot = await takeSnapshot();
      if (snapshot === null) return;
      for (let count = 0; count < 2; count++) {
        await open.store.writeClock({ offset_ms: 0, frozen_at: null });
        await insertSample(open.store, { recipients: ["zoe", "ada"] });
        await open.store.clear({ keepRecipients: count === 0 });
        expect(await readAll(open.store)).not.toEqual(before);
        await snapshot.restore();
        expect(await readAll(open.store)).toEqual(before);
      }
    });

    it("is seen by other processes, which forget the rows that they knew", async () => {
      const snapshot = await takeSnapshot();
      if (snapshot === null) return;
      const other = await open.openAgain();
      await insertSample(other, { recipients: ["ada"], version: sampleVersion("first") });
      await insertSample(other, { recipients: ["ada"], version: sampleVersion("second") });
      await snapshot.restore();
      expect((await other.listMessages({}, { limit: 50 })).items).toEqual([]);
      const { run } = await insertSample(other, { recipients: ["ada"], version: sampleVersion("second") });
      expect((await open.store.readWorkflowRun(run.id))?.run).toEqual(run);
    });

    it("is not recorded as events of webhooks, and has the tables that were created after it", async () => {
      await insertSample(open.store, { recipients: ["ada"] });
      const snapshot = await takeSnapshot();
      if (snapshot === null) return;
      const { outbound } = await open.store.openLogs();
      open.realNow = Date.now();
      expect(await outbound.acquire("one", HOUR)).toBe(true);
      await snapshot.restore();
      expect(await outbound.acquire("one", HOUR)).toBe(true);
      expect(await outbound.readEntries(0, 100)).toEqual([]);
      await insertSample(open.store, { recipients: ["grace"] });
      expect(await outbound.readEntries(0, 100)).not.toEqual([]);
    });
  });
}
