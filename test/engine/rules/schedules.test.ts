import { describe, expect, it } from "vitest";
import type { ErrorDetail, KnockError } from "../../../src/errors/knock-error.js";
import type { JsonObject } from "../../../src/util/json.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { DAY, HOUR, MINUTE, T0 } from "../../helpers/case-times.js";
import { formatMessage, withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

const ms = (iso: string): number => Date.parse(iso);
const iso = (at: number): string => new Date(at).toISOString().replace(":00.000Z", "Z");

/** Creates schedules for `sched`, whose only step is an email, at the given time. */
async function schedule(h: EngineHarness, now: string, body: JsonObject): Promise<JsonObject[]> {
  if (!h.workflows.has("sched")) h.define("sched", { steps: [step.email()] });
  h.now = ms(now);
  return h.engine.resources.schedules.create({ workflow: "sched", ...body });
}

async function sentAt(h: EngineHarness): Promise<string[]> {
  return (await h.listMessages()).map((message) => iso(message.inserted_at));
}

async function read(h: EngineHarness, { id }: JsonObject): Promise<JsonObject> {
  return (await h.engine.resources.schedules.read(String(id))) as JsonObject;
}

interface Row {
  title: string;
  created: string;
  body: JsonObject;
  until: string;
  /** The times of its emails, up to `until`. */
  sent: string[];
  /** The value of `next_occurrence_at` at that time. */
  next: string | null;
}

const monday = { frequency: "weekly", days: ["mon"], hours: 9 };

const rows: Row[] = [
  {
    title: "C-326 E-368 E-375 a one-off is sent at its time in any zone and has no next occurrence",
    created: "2025-06-04T10:00:00Z",
    body: { recipients: ["ana"], scheduled_at: "2025-06-04T18:00:00Z" },
    until: "2025-06-10T00:00:00Z",
    sent: ["2025-06-04T18:00Z"],
    next: null,
  },
  {
    title: "C-327 E-369 E-372 E-375 a schedule without a zone occurs every Monday at nine in UTC",
    created: "2025-06-04T10:00:00Z",
    body: { recipients: ["bo"], repeats: [monday] },
    until: "2025-06-20T00:00:00Z",
    sent: ["2025-06-09T09:00Z", "2025-06-16T09:00Z"],
    next: "2025-06-23T09:00:00.000Z",
  },
  {
    title: "C-328 E-372 a schedule occurs every Monday at nine in Tokyo",
    created: "2025-06-04T10:00:00Z",
    body: { recipients: ["dee"], repeats: [monday] },
    until: "2025-06-10T00:00:00Z",
    sent: ["2025-06-09T00:00Z"],
    next: "2025-06-16T00:00:00.000Z",
  },
  {
    title: "C-329 E-370 a schedule occurs on weekdays at half past nine",
    created: "2025-06-02T20:00:00Z",
    body: { recipients: ["ana"], repeats: [{ frequency: "daily", days: "weekdays", hours: 9, minutes: 30 }] },
    until: "2025-06-09T20:00:00Z",
    sent: ["03", "04", "05", "06", "09"].map((day) => `2025-06-${day}T13:30Z`),
    next: "2025-06-10T13:30:00.000Z",
  },
  {
    title: "C-330 E-371 a schedule occurs every other week",
    created: "2025-06-03T12:00:00Z",
    body: {
      recipients: ["ana"],
      repeats: [{ frequency: "weekly", interval: 2, days: ["mon", "fri"], hours: 18 }],
    },
    until: "2025-07-01T00:00:00Z",
    sent: ["2025-06-06T22:00Z", "2025-06-16T22:00Z", "2025-06-20T22:00Z", "2025-06-30T22:00Z"],
    next: "2025-07-04T22:00:00.000Z",
  },
  {
    title: "C-331 E-381 a schedule on the 31st occurs on the last day of shorter months",
    created: "2025-01-10T00:00:00Z",
    body: { recipients: ["bo"], repeats: [{ frequency: "monthly", day_of_month: 31, hours: 9 }] },
    until: "2025-04-01T00:00:00Z",
    sent: ["2025-01-31T09:00Z", "2025-02-28T09:00Z", "2025-03-31T09:00Z"],
    next: "2025-04-30T09:00:00.000Z",
  },
  {
    title: "C-332 E-381 a time that the clock skips moves forward",
    created: "2025-03-08T12:00:00Z",
    body: { recipients: ["ana"], repeats: [{ frequency: "daily", hours: 2, minutes: 30 }] },
    until: "2025-03-11T00:00:00Z",
    sent: ["2025-03-09T07:30Z", "2025-03-10T06:30Z"],
    next: "2025-03-11T06:30:00.000Z",
  },
  {
    title: "C-333 E-373 an occurrence at the end is included, and none follows it",
    created: "2025-06-04T10:00:00Z",
    body: { recipients: ["bo"], repeats: [monday], ending_at: "2025-06-16T09:00:00Z" },
    until: "2025-08-01T00:00:00Z",
    sent: ["2025-06-09T09:00Z", "2025-06-16T09:00Z"],
    next: null,
  },
  {
    title: "C-334 E-373 a one-off after its end never occurs",
    created: "2025-06-04T10:00:00Z",
    body: { recipients: ["bo"], scheduled_at: "2025-06-05T10:00:00Z", ending_at: "2025-06-05T09:00:00Z" },
    until: "2025-08-01T00:00:00Z",
    sent: [],
    next: null,
  },
  {
    title: "E-381 a one-off in the past occurs at once",
    created: "2025-06-04T10:00:00Z",
    body: { recipients: ["bo"], scheduled_at: "2025-06-01T10:00:00Z" },
    until: "2025-06-04T10:00:00Z",
    sent: ["2025-06-04T10:00Z"],
    next: null,
  },
  {
    title: "E-369 scheduled_at is the start and anchor of a recurring schedule",
    created: "2025-06-04T10:00:00Z",
    body: { recipients: ["bo"], repeats: [{ frequency: "weekly" }], scheduled_at: "2025-06-20T10:00:00Z" },
    until: "2025-07-01T00:00:00Z",
    sent: ["2025-06-27T00:00Z"],
    next: "2025-07-04T00:00:00.000Z",
  },
];

describe("U. Schedules", () => {
  it.each(rows.map((row) => [row.title, row] as const))("%s", (_title, row) =>
    withHarness(async (h) => {
      const [made] = await schedule(h, row.created, row.body);
      await h.moveTo(ms(row.until));
      expect(await sentAt(h)).toEqual(row.sent);
      const after = await read(h, made as JsonObject);
      expect(after.next_occurrence_at).toBe(row.next);
      expect(after.last_occurrence_at === null ? null : iso(ms(String(after.last_occurrence_at)))).toBe(
        row.sent.at(-1) ?? null,
      );
    }),
  );

  it.each([
    ["without data", undefined, ""],
    ["with data", { k: "v" }, "v"],
  ])("C-335 E-374 the run has the schedule's data, %s", (_title, data, body) =>
    withHarness(async (h) => {
      h.define("sched", { steps: [step.feed("[{{ data.k }}]")] });
      await schedule(h, "2025-06-04T10:00:00Z", {
        recipients: ["bo"],
        repeats: [{ frequency: "daily", hours: 12 }],
        ...(data ? { data } : {}),
      });
      await h.at(3 * HOUR);
      expect((await h.listMessages()).map(formatMessage)).toEqual([`bo feed delivered: <p>[${body}]</p>`]);
      expect((await h.listMessages())[0]?.data).toEqual(data ?? {});
    }),
  );

  it("C-336 E-064 E-377 a schedule of an object does not reach its subscribers", () =>
    withHarness(async (h) => {
      h.define("sched", { steps: [step.webhook()] });
      const object = { collection: "projects", id: "p1" };
      await h.engine.resources.subscriptions.add(object, { recipients: ["ana", "bo"] });
      await schedule(h, "2025-06-04T10:00:00Z", { recipients: [object], scheduled_at: "2025-06-04T11:00:00Z" });
      await h.at(2 * HOUR);
      const runs = await h.engine.listRecipientRuns({}, { limit: 10 });
      expect(runs.items.map((run) => run.recipient)).toEqual([object]);
    }));

  it("C-337 E-364 E-378 a deleted schedule starts no more runs, and its started runs continue", () =>
    withHarness(async (h) => {
      h.define("sched", { steps: [step.delay("hours", 1), step.email("S", "{{ recipient.schedule.id }}")] });
      const body = { recipients: ["bo"], repeats: [{ frequency: "daily", hours: 12 }] };
      const [made] = await schedule(h, "2025-06-04T10:00:00Z", body);
      await h.at(2 * HOUR);
      const deleted = await h.engine.resources.schedules.delete({ schedule_ids: [String(made?.id)] });
      expect(deleted.map(({ id }) => id)).toEqual([made?.id]);
      await h.at(5 * DAY);
      expect(await sentAt(h)).toEqual(["2025-06-04T13:00Z"]);
      expect(await h.engine.resources.schedules.read(String(made?.id))).toBeNull();
    }));

  it("C-338 E-016 an occurrence runs the workflow's version at that time", () =>
    withHarness(async (h) => {
      h.define("sched", { steps: [step.email("S", "old")] });
      await schedule(h, "2025-06-04T10:00:00Z", { recipients: ["bo"], repeats: [{ frequency: "daily", hours: 12 }] });
      await h.at(3 * HOUR);
      h.define("sched", { steps: [step.email("S", "new")] });
      await h.at(DAY + 3 * HOUR);
      expect((await h.listMessages()).map(formatMessage)).toEqual(["bo mail sent: old", "bo mail sent: new"]);
    }));

  it("C-339 E-378 a request accepts up to 100 recipients, and a bulk request up to 1,000 schedules", () =>
    withHarness(async (h) => {
      h.define("sched", { steps: [step.email()] });
      const { schedules } = h.engine.resources;
      const ids = (count: number) => Array.from({ length: count }, (_, index) => `u${index}`);
      const at = { workflow: "sched", scheduled_at: "2025-06-05T10:00:00Z" };
      const bulk = (count: number) => ({ schedules: ids(count).map((recipient) => ({ ...at, recipient })) });
      await expect(schedules.create({ ...at, recipients: ids(101) })).rejects.toMatchObject({ code: "invalid_params" });
      await expect(schedules.createMany(bulk(1_001))).rejects.toMatchObject({ code: "invalid_params" });
      expect(await schedules.create({ ...at, recipients: ids(100) })).toHaveLength(100);
      expect(await schedules.createMany(bulk(1_000))).toHaveLength(1_000);
    }));

  it("C-340 E-370 minutes must be multiples of five", () =>
    withHarness(async (h) => {
      const error: KnockError = await schedule(h, "2025-06-04T10:00:00Z", {
        recipients: ["bo"],
        repeats: [{ frequency: "daily", minutes: 7 }],
      }).then(
        () => Promise.reject(new Error("accepted")),
        (thrown) => thrown,
      );
      expect(error.details).toEqual<ErrorDetail[]>([
        { pointer: "/repeats/0/minutes", message: "must be a multiple of 5, found 7" },
      ]);
      expect((await h.engine.resources.schedules.list({}, { limit: 5 })).items).toEqual([]);
    }));

  it("C-341 E-376 the run's schedule includes the current occurrence in its times", () =>
    withHarness(async (h) => {
      const {
        id,
        last_occurrence_at: last,
        next_occurrence_at: next,
      } = {
        id: "{{ recipient.schedule.id }}",
        last_occurrence_at: "{{ recipient.schedule.last_occurrence_at }}",
        next_occurrence_at: "{{ recipient.schedule.next_occurrence_at }}",
      };
      h.define("sched", {
        steps: [step.feed(`${id} ${last} ${next}`), step.delay("hours", 30), step.email("S", `${id} ${next}`)],
      });
      const repeats = [{ frequency: "daily", hours: 12 }];
      const [made] = await schedule(h, "2025-06-04T10:00:00Z", { recipients: ["bo"], repeats });
      await h.at(DAY + 9 * HOUR);
      expect((await h.listMessages()).map(formatMessage)).toEqual([
        `bo feed delivered: <p>${made?.id} 2025-06-04T12:00:00.000Z 2025-06-05T12:00:00.000Z</p>`,
        `bo feed delivered: <p>${made?.id} 2025-06-05T12:00:00.000Z 2025-06-06T12:00:00.000Z</p>`,
        `bo mail sent: ${made?.id} 2025-06-06T12:00:00.000Z`,
      ]);
    }));

  it("E-010 the run has the schedule as its trigger source", () =>
    withHarness(async (h) => {
      const [made] = await schedule(h, "2025-06-04T10:00:00Z", {
        recipients: ["bo"],
        scheduled_at: "2025-06-04T11:00:00Z",
        actor: "ana",
        tenant: "acme",
      });
      await h.at(HOUR);
      const { items } = await h.engine.listRecipientRuns({}, { limit: 5 });
      expect(items).toMatchObject([
        { actor: "ana", tenant: "acme", trigger_source: { type: "schedule", schedule_id: made?.id } },
      ]);
    }));
});

describe("U. Schedules of a workflow that cannot run (E-381)", () => {
  const daily = { recipients: ["bo"], repeats: [{ frequency: "daily", hours: 12 }] };

  it("skip occurrences while the workflow is inactive, and continue later", () =>
    withHarness(async (h) => {
      const [made] = await schedule(h, "2025-06-04T10:00:00Z", daily);
      h.environment.active.sched = false;
      await h.at(2 * DAY);
      expect(await h.listMessages()).toEqual([]);
      expect(await read(h, made as JsonObject)).toMatchObject({
        last_occurrence_at: null,
        next_occurrence_at: "2025-06-06T12:00:00.000Z",
      });
      delete h.environment.active.sched;
      await h.at(3 * DAY);
      expect(await sentAt(h)).toEqual(["2025-06-06T12:00Z"]);
    }));

  it("skip occurrences of a workflow that no longer exists", () =>
    withHarness(async (h) => {
      await schedule(h, "2025-06-04T10:00:00Z", daily);
      h.workflows.clear();
      await h.at(3 * DAY);
      expect((await h.engine.listRecipientRuns({}, { limit: 5 })).items).toEqual([]);
    }));

  it("keep an occurrence due while a template is invalid, and block nothing else", () =>
    withHarness(async (h) => {
      const [made] = await schedule(h, "2025-06-04T10:00:00Z", daily);
      h.define("sched", { steps: [step.email("S", "{{ broken")] });
      h.define("other", { steps: [step.delay("hours", 2), step.feed("on time")] });
      await h.trigger("other", { recipients: ["ana"] });
      await h.at(2 * HOUR);
      expect((await h.listMessages()).map(formatMessage)).toEqual(["ana feed delivered: <p>on time</p>"]);
      expect((await read(h, made as JsonObject)).next_occurrence_at).toBe("2025-06-04T12:00:00.000Z");
      h.define("sched", { steps: [step.email()] });
      await h.at(2 * HOUR + MINUTE);
      expect(await sentAt(h)).toEqual(["2025-06-04T12:00Z", "2025-06-04T12:01Z"]);
    }));

  it("AC-242 E-366 are rejected for an unknown workflow", () =>
    withHarness(async (h) => {
      h.define("sched", { steps: [step.email()] });
      const made = schedule(h, "2025-06-04T10:00:00Z", { ...daily, workflow: "shed" });
      await expect(made).rejects.toMatchObject({ code: "workflow_missing" });
    }));
});

describe("U. Schedules: recipients and times", () => {
  it("E-367 E-372 identify recipients, actor and tenant inline, and use the given zone", () =>
    withHarness(async (h) => {
      const [made] = await schedule(h, "2025-06-04T10:00:00Z", {
        recipients: [{ id: "kim", email: "kim@lark.test", timezone: "Asia/Tokyo" }],
        actor: { id: "lee", name: "Lee" },
        tenant: { id: "acme", name: "Acme" },
        repeats: [monday],
      });
      expect(made).toMatchObject({
        __typename: "Schedule",
        recipient: { __typename: "User", id: "kim", email: "kim@lark.test" },
        actor: { __typename: "User", id: "lee", name: "Lee" },
        tenant: "acme",
        data: null,
        repeats: [{ __typename: "ScheduleRepeat", ...monday, interval: 1, day_of_month: null, minutes: null }],
        next_occurrence_at: "2025-06-09T00:00:00.000Z",
        last_occurrence_at: null,
        inserted_at: "2025-06-04T10:00:00.000Z",
        updated_at: "2025-06-04T10:00:00.000Z",
      });
      expect(await h.recipient({ collection: "$tenants", id: "acme" })).toMatchObject({ properties: { name: "Acme" } });
    }));

  it("E-372 use the account's zone for a recipient without one", () =>
    withHarness(async (h) => {
      h.environment.timezone = "America/New_York";
      const [made] = await schedule(h, "2025-06-04T10:00:00Z", { recipients: ["bo"], repeats: [monday] });
      expect(made?.next_occurrence_at).toBe("2025-06-09T13:00:00.000Z");
    }));

  it("are rejected for an unidentified actor, and nothing is stored", () =>
    withHarness(async (h) => {
      const body = { recipients: [{ id: "kim", name: "Kim" }], actor: "ghost", scheduled_at: "2025-06-05T10:00:00Z" };
      await expect(schedule(h, "2025-06-04T10:00:00Z", body)).rejects.toMatchObject({ code: "actor_missing" });
      expect(await h.recipient("kim")).toBeUndefined();
    }));

  it("are created once for a recipient listed twice, with that recipient's $trigger_data", () =>
    withHarness(async (h) => {
      const made = await schedule(h, "2025-06-04T10:00:00Z", {
        recipients: [{ id: "bo", $trigger_data: { k: 2 } }, "ana", "bo"],
        scheduled_at: "2025-06-05T10:00:00Z",
        data: { k: 1, all: true },
      });
      expect(made.map(({ data }) => data)).toEqual([
        { k: 2, all: true },
        { k: 1, all: true },
      ]);
    }));

  it("E-068 run a once-only workflow once, even for two schedules at the same time", () =>
    withHarness(async (h) => {
      h.define("sched", { trigger_frequency: "once_per_recipient", steps: [step.email()] });
      const daily = { recipients: ["bo"], repeats: [{ frequency: "daily", hours: 12 }] };
      await schedule(h, "2025-06-04T10:00:00Z", daily);
      await schedule(h, "2025-06-04T10:00:00Z", daily);
      await h.at(3 * DAY);
      expect(await sentAt(h)).toEqual(["2025-06-04T12:00Z"]);
      expect((await h.engine.listRecipientRuns({}, { limit: 50 })).items).toHaveLength(6);
    }));

  it("E-071 do not start steps if the trigger conditions are false", () =>
    withHarness(async (h) => {
      h.define("sched", { conditions: buildCondition("data.go", "equal_to", "true"), steps: [step.email()] });
      await schedule(h, "2025-06-04T10:00:00Z", { recipients: ["bo"], scheduled_at: "2025-06-04T11:00:00Z" });
      await h.at(2 * HOUR);
      expect(await h.listMessages()).toEqual([]);
    }));

  it("EQ-09 start no run for an unidentified recipient until it is identified", () =>
    withHarness(async (h) => {
      const body = { recipients: ["ghost"], repeats: [{ frequency: "daily", hours: 12 }] };
      await schedule(h, "2025-06-04T10:00:00Z", body);
      await h.at(DAY);
      expect((await h.engine.listRecipientRuns({}, { limit: 5 })).items).toEqual([]);
      await h.identify({ id: "ghost", email: "ghost@lark.test" });
      await h.at(2 * DAY);
      expect(await sentAt(h)).toEqual(["2025-06-05T12:00Z"]);
    }));
});

describe("U. Schedules: clocks and crashes", () => {
  const hourly = { recipients: ["bo"], repeats: [{ frequency: "hourly" }] };

  it("run each occurrence at its own time when the clock is moved", () =>
    withHarness(async (h) => {
      await schedule(h, "2025-06-04T10:30:00Z", hourly);
      const { ran } = await h.engine.moveClock(ms("2025-06-04T13:10:00Z"), { force: false });
      expect(ran.map(({ at, workflow, recipient }) => [at, workflow, recipient])).toEqual(
        ["11", "12", "13"].map((hour) => [`2025-06-04T${hour}:00:00.000Z`, "sched", "bo"]),
      );
      expect(await sentAt(h)).toEqual(["2025-06-04T11:00Z", "2025-06-04T12:00Z", "2025-06-04T13:00Z"]);
    }));

  it("run once for all occurrences that were missed without a worker", () =>
    withHarness(async (h) => {
      const [made] = await schedule(h, "2025-06-04T10:30:00Z", hourly);
      h.now = ms("2025-06-06T15:20:00Z");
      await h.engine.runDue({});
      expect(await sentAt(h)).toEqual(["2025-06-06T15:20Z"]);
      expect(await read(h, made as JsonObject)).toMatchObject({
        last_occurrence_at: "2025-06-06T15:20:00.000Z",
        next_occurrence_at: "2025-06-06T16:00:00.000Z",
      });
    }));

  it("neither lose nor repeat an occurrence when a worker crashes", async () => {
    let dies = true;
    const { EngineHarness: Harness } = await import("../../helpers/engine-harness.js");
    const h = await Harness.open({
      overrideStore: (store) => ({
        async saveOccurrences(occurrences, token) {
          if (dies) throw new Error("killed");
          return store.saveOccurrences(occurrences, token);
        },
        async releaseClaims() {},
        isTransient: () => true,
      }),
    });
    try {
      await schedule(h, "2025-06-04T10:30:00Z", hourly);
      h.now = ms("2025-06-04T11:00:00Z");
      await expect(h.engine.runDue({})).rejects.toThrow("killed");
      dies = false;
      expect(await h.engine.runDue({})).toEqual([]); // still leased to the crashed worker
      await h.moveTo(ms("2025-06-04T11:30:00Z"));
      expect(await sentAt(h)).toEqual(["2025-06-04T11:01Z"]);
    } finally {
      await h.close();
    }
  });

  it("start an occurrence once with several workers", async () => {
    const { mkdtempSync, rmSync } = await import("node:fs");
    const { tmpdir } = await import("node:os");
    const { join } = await import("node:path");
    const { EngineHarness: Harness } = await import("../../helpers/engine-harness.js");
    const folder = mkdtempSync(join(tmpdir(), "knock-schedules-"));
    const one = await Harness.open({ location: join(folder, "store.db") });
    const two = await Harness.open({ location: join(folder, "store.db"), sharedWith: one });
    try {
      await schedule(one, "2025-06-04T10:30:00Z", hourly);
      one.now = ms("2025-06-04T11:00:00Z");
      await Promise.all([one.engine.runDue({}), two.engine.runDue({}), one.engine.runDue({})]);
      expect(await sentAt(one)).toEqual(["2025-06-04T11:00Z"]);
    } finally {
      await one.close();
      await two.close();
      rmSync(folder, { recursive: true });
    }
  });

  it("E-053 are deleted with their recipient", () =>
    withHarness(async (h) => {
      const [made] = await schedule(h, iso(T0), hourly);
      await h.engine.resources.users.delete("bo");
      expect(await h.engine.resources.schedules.read(String(made?.id))).toBeNull();
    }));
});
