import { describe, expect, it } from "vitest";
import type { RecipientRun } from "../../../src/domain/run/workflow-run.js";
import type { SavedAdvance } from "../../../src/ports/run-store.js";
import { claimAt } from "./due-work-contract.js";
import {
  HOUR,
  insertSample,
  NOW,
  SINCE,
  sampleMessage,
  sampleRecipientRun,
  sampleTrigger,
  user,
  waitingAt,
} from "./sample-runs.js";
import { sampleSchedule } from "./sample-schedules.js";
import type { OpenStore } from "./store-contract.js";

const MINUTE = 60_000;

/** A caller repeats a call if it did not learn whether the first one was committed. */
export function describeRepeatedCalls(open: OpenStore): void {
  const readAll = async () => ({
    runs: (await open.store.listRecipientRuns({}, { limit: 50 })).items,
    messages: (await open.store.listMessages({}, { limit: 50 })).items,
    due: await open.store.readNextDueAt(),
  });

  describe("a repeated call", () => {
    it("of insertWorkflowRun changes nothing, and says so", async () => {
      const used = { workflow: "new-comment", recipient: user("ada"), tenant: "*" };
      const plain = sampleTrigger({ recipients: ["bob"] });
      const limited = sampleTrigger({ recipients: ["ada"], rest: { frequencyRecords: [used] } });
      const idempotency = { key: "k", fingerprint: "f", workflow_run_id: limited.run.id, inserted_at: NOW };
      for (const newRun of [plain, { ...limited, idempotency }]) {
        expect(await open.store.insertWorkflowRun(newRun, SINCE)).toMatchObject({ outcome: "inserted" });
        const before = await readAll();
        expect(await (await open.openAgain()).insertWorkflowRun(newRun, SINCE)).toEqual({ outcome: "repeated" });
        expect(await readAll()).toEqual(before);
      }
    });

    it("of insertFanOutChunk changes nothing", async () => {
      const started = sampleTrigger({ recipients: ["ada"], message: null });
      const rest = (...ids: string[]) => ({
        listed: ids.map((id) => ({ key: user(id), trigger_data: null })),
        objects: [],
        after: null,
      });
      await open.store.insertWorkflowRun(
        { ...started, fanOut: { rest: rest("bob", "cy"), claim: claimAt(NOW, "t1") } },
        SINCE,
      );
      const build = (id: string, left: ReturnType<typeof rest> | null) => ({
        ...sampleTrigger({ recipients: [], message: null }),
        workflow_run_id: started.run.id,
        at: NOW,
        recipientRuns: [sampleRecipientRun(started.run, user(id))],
        rest: left,
      });
      for (const [chunk, outcome] of [
        [build("bob", rest("cy")), "repeated"],
        [build("cy", null), "lost"],
      ] as const) {
        expect(await open.store.insertFanOutChunk(chunk, "t1", MINUTE)).toMatchObject({ outcome: "inserted" });
        const before = await readAll();
        expect(await open.store.insertFanOutChunk(chunk, "t1", MINUTE)).toEqual({ outcome });
        expect(await readAll()).toEqual(before);
      }
    });

    it("of saveAdvances changes nothing", async () => {
      const { run, recipientRuns } = await insertSample(open.store, {
        recipients: ["ada"],
        recipientRun: waitingAt(NOW),
        message: null,
      });
      const [claimed] = await open.store.claimDueRuns(claimAt(NOW, "t1"), 5);
      const recipientRun: RecipientRun = { ...(recipientRuns[0] as RecipientRun), due_at: NOW + HOUR };
      const advance: SavedAdvance = {
        recipientRun,
        messages: [sampleMessage(run, recipientRun)],
        batch: null,
        upserts: [],
        triggers: [],
        version: null,
        revision: claimed?.revision ?? 0,
      };
      expect((await open.store.saveAdvances([advance], "t1", NOW)).saved.size).toBe(1);
      const before = await readAll();
      expect((await open.store.saveAdvances([advance], "t1", NOW)).saved.size).toBe(0);
      expect(await readAll()).toEqual(before);
    });

    it("of saveOccurrences or saveUserChanges changes nothing", async () => {
      const schedule = sampleSchedule({ next_occurrence_at: NOW });
      await open.store.insertSchedules([schedule]);
      await open.store.claimDueSchedules(claimAt(NOW, "t1"), 1);
      const occurrence = {
        schedule: { ...schedule, next_occurrence_at: NOW + HOUR },
        run: sampleTrigger({ recipients: ["ada"] }),
      };
      expect(await open.store.saveOccurrences([occurrence], "t1")).toMatchObject([{ outcome: "saved" }]);
      await open.store.addAudienceMembers("beta", [{ recipient: user("bob"), tenant: null }], NOW);
      const ids = (await open.store.claimUserChanges(claimAt(NOW, "t2"), 5)).map(({ id }) => id);
      const effects = { ids, runs: [sampleTrigger({ recipients: ["bob"] })], events: [] };
      expect(await open.store.saveUserChanges(effects, "t2", NOW)).toMatchObject({ outcome: "saved" });
      const before = await readAll();
      expect(await open.store.saveOccurrences([occurrence], "t1")).toEqual([{ outcome: "lost" }]);
      expect(await open.store.saveUserChanges(effects, "t2", NOW)).toEqual({ outcome: "lost" });
      expect(await readAll()).toEqual(before);
    });
  });

  describe("an event that happens while a run begins to wait", () => {
    it("wakes the run exactly if it was recorded after the wait", async () => {
      const other = await open.openAgain();
      for (let n = 0; n < 20; n++) {
        const recipient = user(`u${n}`);
        const wait = { awaited: "paid", recipient, from: NOW, until: NOW + HOUR, seen: null };
        const started = sampleTrigger({
          recipients: [`u${n}`],
          recipientRun: { ...waitingAt(NOW + HOUR), wait },
          message: null,
        });
        const event = { name: "paid", recipient, at: NOW, event: {} };
        const [, caused] = await Promise.all([
          open.store.insertWorkflowRun(started, SINCE),
          other.recordEvents([event], NOW),
        ]);
        const id = started.recipientRuns[0]?.id as string;
        const claimed = await open.store.claimDueRuns(
          { ...claimAt(NOW, `t${n}`), scope: { recipientRunIds: [id] } },
          1,
        );
        expect(claimed.map(({ signals }) => signals.length)).toEqual(caused.recipientRunIds.includes(id) ? [1] : []);
      }
    });
  });
}
