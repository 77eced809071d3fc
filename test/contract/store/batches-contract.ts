import { describe, expect, it } from "vitest";
import type { RecipientRun } from "../../../src/domain/run/workflow-run.js";
import type { ClaimedRun } from "../../../src/ports/run-store.js";
import { bundleChild, startChild } from "./child-process.js";
import { claimAt } from "./due-work-contract.js";
import { batchJoin, joinSample, type SampleJoin } from "./sample-batches.js";
import { HOUR, insertSample, NOW, sampleMessage, user, waitingAt } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const MINUTE = 60_000;

const range = (from: number, below: number): number[] =>
  Array.from({ length: below - from }, (_, index) => from + index);

/** Returns a run whose activity a cancellation removed. */
function withLeftBatch(run: RecipientRun): RecipientRun {
  const event = { event: "batch_left", status: "ok", step_ref: "batch_1", step_type: "batch" } as const;
  const left = { ...event, attempt: 1, data: { reason: "cancelled" }, at: NOW + 3 };
  return { ...run, events: [...run.events, left], updated_at: NOW + 3 };
}

export function describeBatches(open: OpenStore): void {
  const join = (sample: SampleJoin = {}) => joinSample(open.store, sample);
  const read = async (run: RecipientRun) => (await open.store.readRecipientRun(run.id))?.recipientRun as RecipientRun;
  const close = (at = NOW + HOUR, token = "t"): Promise<ClaimedRun[]> =>
    open.store.claimDueRuns(claimAt(at, token), 100);
  const cancel = async (cancellation_key: string, workflow = "digest") =>
    (await open.store.cancelRuns({ workflow, cancellation_key, recipients: null, at: NOW + 3 })).runs.map(
      ({ cancelled }) => cancelled,
    );
  const brought = (claimed: ClaimedRun | undefined) => claimed?.batch?.first.map(({ data }) => data.n);

  describe("a batch", () => {
    it("E-247 to E-249 is opened by the first run and joined by later ones; the opener is claimed with all activities", async () => {
      const first = await join({ data: { n: 1 }, actor: "eli" });
      const second = await join({ at: NOW + 1, data: { n: 2 }, actor: "fay" });
      const third = await join({ at: NOW + 2, data: { n: 3 }, actor: "eli" });
      expect([first, second, third].map(({ decision }) => decision)).toEqual([
        { selected: "waiting", isDueNow: false, closes_at: NOW + HOUR, next: null },
        { selected: "halted", isDueNow: false, closes_at: NOW + HOUR, next: null },
        { selected: "halted", isDueNow: false, closes_at: NOW + HOUR, next: null },
      ]);
      expect((await read(first.run)).status).toBe("paused");
      expect(await read(third.run)).toMatchObject({
        status: "completed",
        steps: [{ outcome: "halted", reason: { code: "batched" } }],
      });
      expect(await close(NOW + HOUR - 1)).toEqual([]);
      const [claimed, ...others] = await close();
      expect(others).toEqual([]);
      expect(claimed?.recipientRun.id).toBe(first.run.id);
      const activities = [first, second, third].map(({ run }, index) => ({
        id: run.id,
        actor: user(index === 1 ? "fay" : "eli"),
        data: { n: index + 1 },
        at: NOW + index,
      }));
      expect(claimed?.batch).toEqual({ first: activities, last: activities, total_activities: 3, total_actors: 2 });
    });

    it("E-243 exists once per key", async () => {
      await join({ key: "a" });
      expect((await join({ key: "b" })).decision?.selected).toBe("waiting");
      expect((await join({ key: "a" })).decision?.selected).toBe("halted");
    });

    it("is read by its key while it is open", async () => {
      await join({ key: "a" });
      await join({ key: "a", at: NOW + 1 });
      const found = await open.store.readOpenBatches(["a", "none"]);
      expect(found).toMatchObject([
        { key: "a", opened_at: NOW, closes_at: NOW + HOUR, items: 2, waiting_run: expect.anything() },
      ]);
      await close();
      expect(await open.store.readOpenBatches(["a"])).toEqual([]);
    });

    it("E-261 EQ-43 is closed at its closing time, claimed or not", async () => {
      await join({ data: { n: 1 } });
      expect((await join({ at: NOW + HOUR, data: { n: 2 } })).decision?.selected).toBe("waiting");
      expect((await close()).map(brought)).toEqual([[1]]);
      expect((await close(NOW + 2 * HOUR)).map(brought)).toEqual([[2]]);
    });

    it("is closed after its run is claimed, even if the clock moves back", async () => {
      await join({ data: { n: 1 } });
      await close();
      expect((await join({ at: NOW + 5, data: { n: 2 } })).decision?.selected).toBe("waiting");
    });

    it("E-257 slides up to its limit, and the waiting run's due time changes with it", async () => {
      const sliding = (at: number) => ({ at, sliding: { closes_at: at + HOUR, limit_ms: 2 * HOUR } });
      const { run } = await join(sliding(NOW));
      await join(sliding(NOW + 30 * MINUTE));
      expect(await read(run)).toMatchObject({
        due_at: NOW + 90 * MINUTE,
        steps: [{ outcome: "waiting", until: new Date(NOW + 90 * MINUTE).toISOString() }],
      });
      expect((await join(sliding(NOW + 80 * MINUTE))).decision?.closes_at).toBe(NOW + 2 * HOUR);
      expect(await close(NOW + 2 * HOUR - 1)).toEqual([]);
      expect(await close(NOW + 2 * HOUR)).toHaveLength(1);
    });

    it("E-259 closes at once if its limit has passed", async () => {
      const { run } = await join({ closes_at: NOW + 9 * HOUR, sliding: { closes_at: NOW + 9 * HOUR, limit_ms: HOUR } });
      const late = { at: NOW + 2 * HOUR, sliding: { closes_at: NOW + 11 * HOUR, limit_ms: HOUR } };
      expect((await join(late)).decision).toMatchObject({
        selected: "halted",
        isDueNow: true,
        closes_at: NOW + 2 * HOUR,
      });
      expect((await close(NOW + 2 * HOUR)).map(({ recipientRun }) => recipientRun.id)).toEqual([run.id]);
    });

    it("E-260 closes when it is full", async () => {
      await join({ max_items: 2 });
      expect((await join({ at: NOW + 1, max_items: 2 })).decision).toMatchObject({
        selected: "halted",
        isDueNow: true,
      });
      expect((await join({ at: NOW + 1, max_items: 2 })).decision).toMatchObject({
        selected: "waiting",
        isDueNow: false,
      });
      expect((await close(NOW + 1)).map(({ batch }) => batch?.total_activities)).toEqual([2]);
    });

    it("E-264 E-265 opens with a leading run that continues at once, and is held by the next run", async () => {
      const first = await join({ leading: true, data: { n: 1 } });
      expect(first.decision).toEqual({ selected: "immediate", isDueNow: false, closes_at: NOW + HOUR, next: null });
      expect(await read(first.run)).toMatchObject({ status: "completed", steps: [{ outcome: "passed" }] });
      expect((await open.store.listMessages({ recipient_run_id: first.run.id }, { limit: 9 })).items).toHaveLength(1);
      const second = await join({ leading: true, at: NOW + 5, data: { n: 2 } });
      expect(second.decision?.selected).toBe("waiting");
      expect(await read(second.run)).toMatchObject({
        status: "paused",
        due_at: NOW + HOUR, // the batch's closing time, not the run's own
        steps: [{ until: new Date(NOW + HOUR).toISOString() }],
        events: [{}, {}, { event: "run_paused", data: { until: new Date(NOW + HOUR).toISOString() } }],
      });
      expect((await open.store.listMessages({ recipient_run_id: second.run.id }, { limit: 9 })).items).toEqual([]);
      await join({ leading: true, at: NOW + 6, data: { n: 3 } });
      expect((await close()).map(brought)).toEqual([[2, 3]]);
    });

    it("E-256 EQ-42 is joined, but not opened, by a run with an invalid window", async () => {
      expect((await join({ closes_at: null })).decision).toEqual({
        selected: "immediate",
        isDueNow: false,
        closes_at: null,
        next: null,
      });
      expect((await join()).decision?.selected).toBe("waiting");
      expect((await join({ closes_at: null })).decision).toMatchObject({ selected: "halted", closes_at: NOW + HOUR });
    });

    it("includes the decision for the next batch if a run continues to one", async () => {
      await join({ key: "next", data: { n: 1 } });
      const inserted = await insertSample(open.store, {
        recipients: ["ada"],
        recipientRun: waitingAt(NOW),
        message: null,
      });
      const [run] = inserted.recipientRuns as [RecipientRun];
      await open.store.claimDueRuns(claimAt(NOW, "t1"), 1);
      const first = batchJoin(inserted.run, run, { key: "first", leading: true });
      const next = batchJoin(inserted.run, run, { key: "next", data: { n: 2 } });
      const batch = {
        ...first,
        immediate: { ...(first.immediate as NonNullable<typeof first.immediate>), batch: next },
      };
      const base = { recipientRun: run, messages: [], upserts: [], triggers: [], version: null, revision: 0 };
      const { batchDecisions: decided } = await open.store.saveAdvances([{ ...base, batch }], "t1", NOW + 1);
      expect(decided.get(run.id)).toMatchObject({
        selected: "immediate",
        next: { selected: "halted", closes_at: NOW + HOUR },
      });
      expect(await read(run)).toMatchObject({ status: "completed", steps: [{ outcome: "halted" }] });
      expect((await close()).map(brought)).toEqual([[1, 2]]);
    });

    it("is not changed by a run that has lost its claim", async () => {
      const inserted = await insertSample(open.store, {
        recipients: ["ada"],
        recipientRun: waitingAt(NOW),
        message: null,
      });
      const [run] = inserted.recipientRuns as [RecipientRun];
      const base = { recipientRun: run, messages: [sampleMessage(inserted.run, run)], upserts: [], triggers: [] };
      const batch = batchJoin(inserted.run, run, {});
      expect(
        (await open.store.saveAdvances([{ ...base, batch, version: null, revision: 0 }], "none", NOW)).batchDecisions
          .size,
      ).toBe(0);
      expect((await join()).decision?.selected).toBe("waiting");
    });

    it("E-272 E-278 accepts any number of activities, and returns the first and the last hundred", async () => {
      for (let n = 0; n < 130; n++) await join({ data: { n }, actor: `a${n % 3}` });
      const [claimed] = await close();
      expect(claimed?.batch).toMatchObject({ total_activities: 130, total_actors: 3 });
      const numbers = (list = claimed?.batch?.first) => list?.map(({ data }) => data.n);
      expect(numbers()).toEqual(Array.from({ length: 100 }, (_, n) => n));
      expect(numbers(claimed?.batch?.last)).toEqual(Array.from({ length: 100 }, (_, n) => n + 30));
    });

    it.each([[[]], [[7]], [[120, 121]], [[3, 104, 40]], [range(60, 85)], [range(0, 60)]])(
      "E-271 E-279 counts activities and actors of a large batch from which %j were canceled",
      async (canceled) => {
        const actors = ["eli", "fay", null, "gus", "eli"];
        const expected: { n: number; actor: string | null }[] = [];
        // Some are canceled before the batch has a hundred activities, and the others while it has more.
        const cancelUpTo = async (last: number) => {
          for (const n of canceled.filter((one) => one <= last && expected.some((found) => found.n === one))) {
            expect(await cancel(`k${n}`)).toEqual([true]);
            expected.splice(
              expected.findIndex((found) => found.n === n),
              1,
            );
          }
        };
        for (let n = 0; n < 125; n++) {
          const actor = n === 121 ? "zoe" : (actors[n % actors.length] as string | null);
          await join({ data: { n }, actor, cancellation_key: `k${n}` });
          expected.push({ n, actor });
          if (n === 50) await cancelUpTo(n);
        }
        await cancelUpTo(124);
        await join({ data: { n: 125 }, actor: "hal" });
        expected.push({ n: 125, actor: "hal" });
        const [claimed] = await close();
        const numbers = (list = claimed?.batch?.first) => list?.map(({ data }) => data.n);
        expect(claimed?.batch).toMatchObject({
          total_activities: expected.length,
          total_actors: new Set(expected.flatMap(({ actor }) => actor ?? [])).size,
        });
        expect(numbers()).toEqual(expected.slice(0, 100).map(({ n }) => n));
        expect(numbers(claimed?.batch?.last)).toEqual(expected.slice(-100).map(({ n }) => n));
      },
    );
  });

  describe("cancelRuns, for runs in a batch", () => {
    it("E-279 removes the activity while the batch is open, once", async () => {
      await join({ data: { n: 1 } });
      const { run } = await join({ data: { n: 2 }, cancellation_key: "k2" });
      const before = await read(run);
      expect([await cancel("k2"), await cancel("k2")]).toEqual([[true], [false]]);
      expect(await read(run)).toEqual(withLeftBatch(before));
      expect((await close()).map(brought)).toEqual([[1]]);
    });

    it("E-280 does not end the run that opened the batch, even if repeated", async () => {
      const { run } = await join({ data: { n: 1 }, cancellation_key: "k1" });
      const before = await read(run);
      await join({ data: { n: 2 } });
      expect([await cancel("k1"), await cancel("k1")]).toEqual([[true], [false]]);
      expect(await read(run)).toEqual(withLeftBatch(before));
      const [claimed] = await close();
      expect(claimed?.batch).toMatchObject({ total_activities: 1, total_actors: 0, first: [{ data: { n: 2 } }] });
    });

    it("E-281 keeps an empty batch until it closes", async () => {
      await join({ cancellation_key: "k1" });
      await cancel("k1");
      const [claimed] = await close();
      expect(claimed?.batch).toEqual({ first: [], last: [], total_activities: 0, total_actors: 0 });
    });

    it("E-282 ends the opener's run after the batch has closed, and removes no activity", async () => {
      const { run } = await join({ data: { n: 1 }, cancellation_key: "k1" });
      await join({ data: { n: 2 }, cancellation_key: "k2" });
      await close();
      expect([await cancel("k2"), await cancel("k1")]).toEqual([[false], [true]]);
      expect((await read(run)).status).toBe("cancelled");
    });

    it("E-260 E-279 frees a place in a batch with an item limit", async () => {
      await join({ max_items: 2, cancellation_key: "k1" });
      await cancel("k1");
      expect((await join({ max_items: 2 })).decision).toMatchObject({ selected: "halted", isDueNow: false });
      expect((await join({ max_items: 2 })).decision).toMatchObject({ selected: "halted", isDueNow: true });
    });

    it("EQ-44 passes a leading batch to the next activity", async () => {
      await join({ leading: true });
      const second = await join({ leading: true, at: NOW + 1, data: { n: 2 }, cancellation_key: "k2" });
      const third = await join({ leading: true, at: NOW + 2, data: { n: 3 } });
      await join({ leading: true, at: NOW + 2, data: { n: 4 } });
      expect(await cancel("k2", "leading-digest")).toEqual([true]);
      expect(await read(second.run)).toMatchObject({ status: "cancelled", due_at: null });
      expect(await read(third.run)).toMatchObject({
        status: "paused",
        position: [0],
        due_at: NOW + HOUR,
        steps: [{ ref: "batch_1", outcome: "waiting", reason: null, until: new Date(NOW + HOUR).toISOString() }],
      });
      const claimed = await close();
      expect(claimed.map(({ recipientRun }) => recipientRun.id)).toEqual([third.run.id]);
      expect(claimed.map(brought)).toEqual([[3, 4]]);
    });

    it("EQ-44 E-266 leaves a leading batch without a run until the next activity", async () => {
      await join({ leading: true });
      await join({ leading: true, at: NOW + 1, cancellation_key: "k2" });
      await cancel("k2", "leading-digest");
      expect(await open.store.readNextDueAt()).toBeNull();
      const { run, decision } = await join({ leading: true, at: NOW + 4, data: { n: 3 } });
      expect(decision).toMatchObject({ selected: "waiting", closes_at: NOW + HOUR });
      expect((await close()).map(({ recipientRun }) => recipientRun.id)).toEqual([run.id]);
    });
  });

  describe("deleteRecipients, for recipients with a batch", () => {
    it("E-053 EQ-44 leaves no open batch that a new recipient with the same ID would join", async () => {
      await open.store.upsertRecipients([{ key: user("ada"), properties: {} }], NOW);
      await join({ leading: true });
      await join({ leading: true, at: NOW + 1, cancellation_key: "k2" });
      await cancel("k2", "leading-digest");
      await open.store.deleteRecipients([user("ada")]);
      const { decision } = await join({ leading: true, at: NOW + 4 });
      expect(decision).toMatchObject({ selected: "immediate", closes_at: NOW + 4 + HOUR });
      const { run } = await join({ leading: true, at: NOW + 5, data: { n: 3 } });
      const claimed = await close(NOW + 4 + HOUR);
      expect(claimed.map(({ recipientRun }) => recipientRun.id)).toEqual([run.id]);
      expect(claimed.map(brought)).toEqual([[3]]);
    });
  });

  describe("a batch that several processes join", () => {
    it("is opened once and contains all activities", async () => {
      const bundle = await bundleChild(open.subject);
      const children = ["p1", "p2", "p3", "p4"].map((name) => startChild(bundle, "join", open.location, name, "25"));
      for (const child of children) expect(await child.ended).toEqual({ code: 0, errors: "" });
      const ways = children.flatMap(({ lines }) => lines.map((line) => line.split(" ") as [string, string]));
      expect(ways).toHaveLength(100);
      const waitingRuns = ways.filter(([selected]) => selected === "waiting");
      expect(waitingRuns).toHaveLength(1);
      const [claimed, ...others] = await close();
      expect(others).toEqual([]);
      expect(claimed?.recipientRun.id).toBe(waitingRuns[0]?.[1]);
      expect(claimed?.batch?.total_activities).toBe(100);
      expect(new Set(claimed?.batch?.first.map(({ id }) => id))).toEqual(new Set(ways.map(([, id]) => id)));
    });
  });
}
