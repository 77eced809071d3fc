import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { DAY, HOUR, T0 } from "../../helpers/case-times.js";
import { withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

const noon = { frequency: "daily", hours: 12 };

async function create(h: EngineHarness, body: JsonObject): Promise<string[]> {
  h.define("sched", { steps: [step.email("S", "{{ data.k }}")] });
  const made = await h.engine.resources.schedules.create({ workflow: "sched", recipients: ["bo"], ...body });
  return made.map(({ id }) => String(id));
}

async function sentAt(h: EngineHarness): Promise<string[]> {
  return (await h.listMessages()).map(({ inserted_at }) =>
    new Date(inserted_at).toISOString().replace(":00.000Z", "Z"),
  );
}

interface Row {
  title: string;
  /** The body with which the schedule is created, at 10:00 on June 4. */
  body: JsonObject;
  /** Hours between creation and change. */
  at: number;
  change: JsonObject;
  next: string | null;
  /** When emails were sent in the two days after the creation. */
  sent: string[];
}

const rows: Row[] = [
  {
    title: "E-378 changed data does not affect the times",
    body: { repeats: [noon] },
    at: 1,
    change: { data: { k: 1 } },
    next: "2025-06-04T12:00:00.000Z",
    sent: ["2025-06-04T12:00Z", "2025-06-05T12:00Z"],
  },
  {
    title: "E-378 changed rules apply from the change on",
    body: { repeats: [noon] },
    at: 3,
    change: { repeats: [{ frequency: "daily", hours: 11 }] },
    next: "2025-06-05T11:00:00.000Z",
    sent: ["2025-06-04T12:00Z", "2025-06-05T11:00Z"],
  },
  {
    title: "E-379 a recurring schedule becomes a one-off",
    body: { repeats: [noon] },
    at: 3,
    change: { repeats: [], scheduled_at: "2025-06-04T15:00:00Z" },
    next: "2025-06-04T15:00:00.000Z",
    sent: ["2025-06-04T12:00Z", "2025-06-04T15:00Z"],
  },
  {
    title: "E-379 a one-off becomes recurring",
    body: { scheduled_at: "2025-06-04T11:00:00Z" },
    at: 2,
    change: { repeats: [noon] },
    next: "2025-06-05T12:00:00.000Z",
    sent: ["2025-06-04T11:00Z", "2025-06-05T12:00Z"],
  },
  {
    title: "E-379 a one-off that has occurred does not occur again without a time",
    body: { scheduled_at: "2025-06-04T11:00:00Z" },
    at: 2,
    change: { ending_at: "2026-01-01T00:00:00Z" },
    next: null,
    sent: ["2025-06-04T11:00Z"],
  },
  {
    title: "E-368 a one-off that is moved to the past occurs at once",
    body: { scheduled_at: "2025-06-04T11:00:00Z" },
    at: 2,
    change: { scheduled_at: "2025-06-04T11:30:00Z" },
    next: null,
    sent: ["2025-06-04T11:00Z", "2025-06-04T12:00Z"],
  },
  {
    title: "E-373 an end before the next occurrence ends the schedule",
    body: { repeats: [noon] },
    at: 3,
    change: { ending_at: "2025-06-05T11:59:59Z" },
    next: null,
    sent: ["2025-06-04T12:00Z"],
  },
  {
    title: "E-373 null removes the end",
    body: { repeats: [noon], ending_at: "2025-06-04T11:00:00Z" },
    at: 3,
    change: { ending_at: null },
    next: "2025-06-05T12:00:00.000Z",
    sent: ["2025-06-05T12:00Z"],
  },
];

describe("U. Changes of schedules", () => {
  it("E-030 E-367 are rejected if their data does not fit the workflow, and nothing is written", () =>
    withHarness(async (h) => {
      h.define("coded", { steps: [step.email()], trigger_data_json_schema: { type: "object", required: ["code"] } });
      const { schedules } = h.engine.resources;
      const time = { workflow: "coded", scheduled_at: "2030-01-01T00:00:00Z" };
      const error = {
        code: "invalid_params",
        message: 'the data does not fit workflow "coded": data.code is required',
      };
      await expect(schedules.create({ ...time, recipients: ["ana"] })).rejects.toMatchObject(error);
      const items = [{ code: "a" }, {}].map((data) => ({
        workflow: "coded",
        recipient: "ana",
        repeats: [noon],
        data,
      })) as JsonObject[];
      await expect(schedules.createMany({ schedules: items })).rejects.toMatchObject(error);
      expect((await schedules.list({ workflow: "coded" }, { limit: 5 })).items).toEqual([]);
      const [{ id } = {}] = await schedules.create({ ...time, recipients: ["ana"], data: { code: "a" } });
      await expect(schedules.update({ schedule_ids: [String(id)], data: {} })).rejects.toMatchObject(error);
      expect(await schedules.read(String(id))).toMatchObject({ data: { code: "a" } });
    }));

  it.each(rows.map((row) => [row.title, row] as const))("%s", (_title, row) =>
    withHarness(async (h) => {
      const schedule_ids = await create(h, row.body);
      await h.at(row.at * HOUR);
      const [changed] = await h.engine.resources.schedules.update({ schedule_ids, ...row.change });
      expect(changed?.next_occurrence_at).toBe(row.next);
      expect(changed?.updated_at).toBe(new Date(T0 + row.at * HOUR).toISOString());
      await h.at(2 * DAY);
      expect(await sentAt(h)).toEqual(row.sent);
    }),
  );

  it("E-378 one change applies to all schedules in the given order, with actor, tenant and data, and null clears a field", () =>
    withHarness(async (h) => {
      const [first, second] = await create(h, {
        recipients: ["bo", "ana"],
        repeats: [noon],
        data: { k: 1 },
        actor: "ana",
        tenant: "acme",
      });
      const change = { schedule_ids: [second, first], actor: { id: "lee" }, tenant: null, data: null } as JsonObject;
      const changed = await h.engine.resources.schedules.update(change);
      expect(changed).toMatchObject([
        { id: second, actor: { id: "lee" }, tenant: null, data: null, next_occurrence_at: "2025-06-04T16:00:00.000Z" },
        { id: first, actor: { id: "lee" }, tenant: null, data: null, next_occurrence_at: "2025-06-04T12:00:00.000Z" },
      ]);
    }));

  it("an unknown schedule or one without a rule or time changes nothing", () =>
    withHarness(async (h) => {
      const [id] = (await create(h, { repeats: [noon] })) as [string];
      const { schedules } = h.engine.resources;
      const before = await schedules.read(id);
      const unknown = "6a5bd6e9-7c1a-4d28-9d2c-1f2f8f8b6b0e";
      const changes = [
        [{ schedule_ids: [id, unknown], data: { k: 2 }, actor: { id: "new" } }, "resource_missing"],
        [{ schedule_ids: [id], repeats: [] }, "invalid_params"],
      ] as const;
      for (const [change, code] of changes)
        await expect(schedules.update(change as unknown as JsonObject)).rejects.toMatchObject({ code });
      await expect(schedules.delete({ schedule_ids: [unknown, id] })).rejects.toMatchObject({
        code: "resource_missing",
        details: [{ value: unknown }],
      });
      expect(await schedules.read(id)).toEqual(before);
      expect(await h.recipient("new")).toBeUndefined();
    }));

  it("an update includes an occurrence between its read and its write", () =>
    withHarness(async (h) => {
      const [id] = (await create(h, { repeats: [noon] })) as [string];
      const { updateSchedules } = h.store;
      let first = true;
      h.store.updateSchedules = async (updates) => {
        if (first) {
          first = false;
          h.now = T0 + 2 * HOUR;
          await h.engine.runDue({});
        }
        return updateSchedules.call(h.store, updates);
      };
      const [changed] = await h.engine.resources.schedules.update({ schedule_ids: [id], data: { k: 2 } });
      expect(changed).toMatchObject({ data: { k: 2 }, last_occurrence_at: "2025-06-04T12:00:00.000Z" });
      await h.at(3 * HOUR);
      expect(await sentAt(h)).toEqual(["2025-06-04T12:00Z"]);
    }));
});
