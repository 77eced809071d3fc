import { describe, expect, it } from "vitest";
import type { Schedule } from "../../../src/domain/trigger/schedule.js";
import { NO_CAUSED_WORK } from "../../../src/ports/due-store.js";
import { systemIds } from "../../../src/util/ids.js";
import { claimAt } from "./due-work-contract.js";
import { readRuns } from "./read-runs.js";
import { HOUR, NOW, sampleTrigger, user, waitingAt } from "./sample-runs.js";
import { DAILY, sampleSchedule } from "./sample-schedules.js";
import type { OpenStore } from "./store-contract.js";

const MINUTE = 60_000;

export function describeSchedules(open: OpenStore): void {
  const insert = async (...overs: Partial<Schedule>[]): Promise<Schedule[]> => {
    const schedules = overs.map(sampleSchedule);
    await open.store.insertSchedules(schedules);
    return schedules;
  };

  describe("schedules", () => {
    it("are read as they were written, in the given order, without unknown ones", async () => {
      const [full, bare] = await insert(
        {
          actor: user("alan"),
          tenant: "acme",
          data: { nested: { list: [1, null, "é"] } },
          repeats: [DAILY, { ...DAILY, days: "weekends", day_of_month: 3, hours: null }],
          scheduled_at: NOW + 5,
          ending_at: NOW + 7,
          last_occurrence_at: NOW - 9,
        },
        { repeats: [], next_occurrence_at: null },
      );
      const read = await (await open.openAgain()).readSchedules([bare!.id, systemIds.uuid(), full!.id]);
      expect(read).toEqual([bare, full]);
    });

    it("are listed newest first, page by page, by workflow, recipients and tenant", async () => {
      const [a, b, c] = await insert(
        { tenant: "acme" },
        { recipient: user("bo"), workflow: "other" },
        { recipient: user("cy"), tenant: "acme" },
      );
      const list = async (filter: Parameters<typeof open.store.listSchedules>[0]) =>
        (await open.store.listSchedules(filter, { limit: 10 })).items;
      expect(await list({})).toEqual([c, b, a]);
      expect(await list({ workflow: "digest" })).toEqual([c, a]);
      expect(await list({ recipients: [user("bo"), user("ada")] })).toEqual([b, a]);
      expect(await list({ tenant: "acme", recipients: [user("cy")] })).toEqual([c]);
      const first = await open.store.listSchedules({}, { limit: 2 });
      const rest = await open.store.listSchedules({}, { limit: 2, after: first.page_info.after as string });
      expect([first.items, rest.items]).toEqual([[c, b], [a]]);
      expect(rest.page_info.after).toBeNull();
    });

    it("are updated together, and not at all if one has changed since it was read", async () => {
      const [one, two] = (await insert({}, {})) as [Schedule, Schedule];
      const moved = (schedule: Schedule): Schedule => ({
        ...schedule,
        actor: user("alan"),
        tenant: "acme",
        data: { k: 1 },
        repeats: [],
        scheduled_at: NOW + 1,
        ending_at: NOW + 2,
        next_occurrence_at: NOW + 1,
        updated_at: NOW + 3,
      });
      const both = [one, two].map((before) => ({ before, after: moved(before) }));
      expect(await open.store.updateSchedules(both)).toBe(true);
      expect(await open.store.readSchedules([one.id, two.id])).toEqual([moved(one), moved(two)]);
      const fresh = { before: moved(one), after: one };
      for (const stale of [{ updated_at: NOW }, { next_occurrence_at: NOW }, { last_occurrence_at: NOW }]) {
        const changed = [fresh, { before: { ...moved(two), ...stale }, after: two }];
        expect(await open.store.updateSchedules(changed)).toBe(false);
      }
      expect(await open.store.readSchedules([one.id, two.id])).toEqual([moved(one), moved(two)]);
    });

    it("are deleted, which returns those that existed", async () => {
      const [one, two] = (await insert({}, {})) as [Schedule, Schedule];
      expect(await open.store.deleteSchedules([one.id, systemIds.uuid(), one.id])).toEqual([one]);
      expect(await open.store.readSchedules([one.id, two.id])).toEqual([two]);
    });

    it("are deleted with their recipient", async () => {
      const [one, two] = (await insert({}, { recipient: user("bo") })) as [Schedule, Schedule];
      await open.store.upsertRecipients([{ key: user("ada"), properties: {} }], NOW);
      await open.store.deleteRecipients([user("ada")]);
      expect(await open.store.readSchedules([one.id, two.id])).toEqual([two]);
    });
  });

  describe("claimDueSchedules", () => {
    it("returns due schedules, earliest first, up to the limit, once until the lease ends", async () => {
      const [late, early] = await insert(
        { next_occurrence_at: NOW + 2 },
        { next_occurrence_at: NOW + 1 },
        { next_occurrence_at: NOW + 3 },
        { next_occurrence_at: null },
      );
      expect(await open.store.claimDueSchedules(claimAt(NOW + 2, "t1"), 1)).toEqual([early]);
      expect(await open.store.claimDueSchedules(claimAt(NOW + 2, "t2"), 5)).toEqual([late]);
      const other = await open.openAgain();
      open.realNow = NOW + MINUTE - 1;
      expect(await other.claimDueSchedules(claimAt(NOW + 2, "t3"), 5)).toEqual([]);
      open.realNow = NOW + MINUTE;
      expect(await other.claimDueSchedules(claimAt(NOW + 2, "t4"), 5)).toEqual([early, late]);
    });

    it("affects the next due time", async () => {
      expect(await open.store.readNextDueAt()).toBeNull();
      await insert({ next_occurrence_at: NOW + HOUR }, { next_occurrence_at: null });
      expect(await open.store.readNextDueAt()).toBe(NOW + HOUR);
      await open.store.claimDueSchedules(claimAt(NOW + HOUR, "t1"), 1);
      expect(await open.store.readNextDueAt({ excludeLeased: true })).toBeNull();
    });
  });

  describe("saveOccurrences", () => {
    const sample = (schedule: Schedule) =>
      sampleTrigger({
        recipients: ["ada"],
        run: { trigger_source: { type: "schedule", schedule_id: schedule.id } },
        recipientRun: waitingAt(NOW + 2 * HOUR),
      });
    const occurred = (schedule: Schedule): Schedule => ({
      ...schedule,
      next_occurrence_at: NOW + 24 * HOUR,
      last_occurrence_at: NOW + HOUR,
      updated_at: NOW + HOUR,
    });

    it("stores the times and the run together, and releases the schedule", async () => {
      const [schedule] = (await insert({})) as [Schedule];
      await open.store.claimDueSchedules(claimAt(NOW + HOUR, "t1"), 5);
      const run = sample(schedule);
      const results = await open.store.saveOccurrences([{ schedule: occurred(schedule), run }], "t1");
      expect(results).toEqual([{ outcome: "saved", batchDecisions: new Map(), caused: NO_CAUSED_WORK }]);
      const again = await open.openAgain();
      expect(await again.readSchedules([schedule.id])).toEqual([occurred(schedule)]);
      expect((await again.readWorkflowRun(run.run.id))?.run).toEqual(run.run);
      expect(await readRuns(again, run.run.id)).toEqual(run.recipientRuns);
      expect(await again.claimDueSchedules(claimAt(NOW + 24 * HOUR, "t2"), 5)).toEqual([occurred(schedule)]);
    });

    it("stores only the times of a skipped occurrence", async () => {
      const [schedule] = (await insert({})) as [Schedule];
      await open.store.claimDueSchedules(claimAt(NOW + HOUR, "t1"), 5);
      await open.store.saveOccurrences([{ schedule: occurred(schedule), run: null }], "t1");
      expect(await open.store.readSchedules([schedule.id])).toEqual([occurred(schedule)]);
      expect((await open.store.listRecipientRuns({}, { limit: 5 })).items).toEqual([]);
    });

    it.each<[string, (store: OpenStore["store"], schedule: Schedule) => Promise<unknown>]>([
      ["changed", (store, before) => store.updateSchedules([{ before, after: { ...before, data: { k: 2 } } }])],
      ["deleted", (store, { id }) => store.deleteSchedules([id])],
      [
        "claimed again",
        (store) => {
          open.realNow = NOW + MINUTE;
          return store.claimDueSchedules(claimAt(NOW + HOUR, "t2"), 5);
        },
      ],
    ])("stores nothing for a schedule that was %s", async (_how, change) => {
      const [schedule] = (await insert({})) as [Schedule];
      await open.store.claimDueSchedules(claimAt(NOW + HOUR, "t1"), 5);
      await change(open.store, schedule);
      const [before] = await open.store.readSchedules([schedule.id]);
      const occurrence = { schedule: occurred(schedule), run: sample(schedule) };
      expect(await open.store.saveOccurrences([occurrence], "t1")).toEqual([{ outcome: "lost" }]);
      expect(await open.store.readSchedules([schedule.id])).toEqual(before ? [before] : []);
      expect((await open.store.listRecipientRuns({}, { limit: 5 })).items).toEqual([]);
    });

    it("gives a once-only workflow's slot to the first schedule, and keeps the other one claimed", async () => {
      const [one, two] = (await insert({}, {})) as [Schedule, Schedule];
      await open.store.claimDueSchedules(claimAt(NOW + HOUR, "t1"), 5);
      const frequencyRecords = [{ workflow: "digest", recipient: user("ada"), tenant: "*" }];
      const occurrence = (schedule: Schedule) => ({
        schedule: occurred(schedule),
        run: { ...sample(schedule), frequencyRecords },
      });
      const results = await open.store.saveOccurrences([occurrence(one), occurrence(two)], "t1");
      expect(results).toEqual([
        { outcome: "saved", batchDecisions: new Map(), caused: NO_CAUSED_WORK },
        { outcome: "already_triggered", recipients: [user("ada")] },
      ]);
      expect(await open.store.readSchedules([one.id, two.id])).toEqual([occurred(one), two]);
      const again = [{ schedule: occurred(two), run: sample(two) }];
      expect(await open.store.saveOccurrences(again, "t1")).toMatchObject([{ outcome: "saved" }]);
    });
  });
}
