import { describe, expect, it } from "vitest";
import {
  parseBulkScheduleRequest,
  parseScheduleChange,
  parseScheduleIds,
  parseScheduleRequest,
} from "../../../src/domain/trigger/parse-schedule.js";
import { KnockError } from "../../../src/errors/knock-error.js";
import { isJsonObject, type JsonObject } from "../../../src/util/json.js";

/** Returns `pointer message` for every error. */
function faults(parse: () => unknown): string[] {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    expect(error.code).toBe("invalid_params");
    return error.details.map(({ pointer, message }) => `${pointer} ${message}`);
  }
  return [];
}

const valid: JsonObject = { workflow: "digest", recipients: ["ada"], repeats: [{ frequency: "daily" }] };
const rule = (over: JsonObject): JsonObject => ({ ...valid, repeats: [{ frequency: "daily", ...over }] });
const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `u${index}`);

describe("parseScheduleRequest (A-500)", () => {
  it("parses every field", () => {
    const payload: JsonObject = {
      workflow: "digest",
      recipients: ["ada", { id: "p1", collection: "projects" }, { id: "kim", name: "Kim" }],
      actor: "alan",
      tenant: { id: "acme", name: "Acme" },
      data: { k: 1 },
      repeats: [{ __typename: "ScheduleRepeat", frequency: "weekly", interval: 2, days: ["mon", "fri", "mon"] }],
      scheduled_at: "2025-06-04T18:00:00+02:00",
      ending_at: "2025-07-01",
    };
    expect(parseScheduleRequest(payload)).toEqual({
      workflow: "digest",
      recipients: [
        { key: "$users/ada", upsert: null, trigger_data: null },
        { key: "projects/p1", upsert: null, trigger_data: null },
        { key: "$users/kim", upsert: { key: "$users/kim", properties: { name: "Kim" } }, trigger_data: null },
      ],
      actor: { key: "$users/alan", upsert: null },
      tenant: { id: "acme", upsert: { key: "$tenants/acme", properties: { name: "Acme" } } },
      data: { k: 1 },
      repeats: [
        { frequency: "weekly", interval: 2, day_of_month: null, days: ["mon", "fri"], hours: null, minutes: null },
      ],
      scheduled_at: Date.parse("2025-06-04T16:00:00Z"),
      ending_at: Date.parse("2025-07-01T00:00:00Z"),
      payload,
    });
  });

  it("treats null as absent", () => {
    const nulls = { actor: null, tenant: null, data: null, scheduled_at: null, ending_at: null };
    const nothing = { interval: null, day_of_month: null, days: null, hours: null, minutes: null };
    expect(parseScheduleRequest({ ...rule(nothing), ...nulls })).toEqual({
      ...parseScheduleRequest(valid),
      payload: { ...rule(nothing), ...nulls },
    });
  });

  it.each<[title: string, payload: unknown, expected: string[]]>([
    ["no object", [valid], [" must be an object, found a list"]],
    [
      "nothing",
      {},
      [
        "/workflow is required (a workflow key)",
        "/recipients is required (a list of recipients)",
        "/scheduled_at is required without repeats",
      ],
    ],
    [
      "AC-243 neither rule nor time",
      { ...valid, repeats: [], scheduled_at: null },
      ["/scheduled_at is required without repeats"],
    ],
    [
      "a key mistyped",
      { ...valid, scheduled: "x" },
      ['/scheduled unknown key "scheduled"; did you mean "scheduled_at"?'],
    ],
    [
      "one recipient outside a list",
      { ...valid, recipients: "ada" },
      ["/recipients must be a list of recipients, found a string"],
    ],
    ["no recipient", { ...valid, recipients: [] }, ["/recipients must have at least one of recipients"]],
    [
      "C-339 101 recipients",
      { ...valid, recipients: many(101) },
      ["/recipients must have at most 100 entries, found 101"],
    ],
    ["C-339 100", { ...valid, recipients: many(100) }, []],
    [
      "invalid recipients",
      { ...valid, recipients: ["ada", "a/b", 7] },
      [
        '/recipients/1 must not contain "/" or "#"',
        "/recipients/2 must be a user ID, an object reference or an inline recipient, found a number",
      ],
    ],
    [
      "actor, tenant, data and times",
      { ...valid, actor: 1, tenant: [], data: [], scheduled_at: "tomorrow", ending_at: 5 },
      [
        "/actor must be a user ID, an object reference or an inline recipient, found a number",
        "/tenant must be a tenant id or an inline tenant, found a list",
        "/data must be an object, found a list",
        '/scheduled_at must be an ISO 8601 time, found "tomorrow"',
        "/ending_at must be an ISO 8601 time, found 5",
      ],
    ],
    [
      "repeats that are no list",
      { ...valid, repeats: { frequency: "daily" } },
      ["/repeats must be a list of rules, found an object"],
    ],
    ["an invalid rule", { ...valid, repeats: ["daily"] }, ["/repeats/0 must be an object, found a string"]],
    [
      "a frequency",
      rule({ frequency: "yearly" }),
      ['/repeats/0/frequency must be "hourly", "daily", "weekly" or "monthly", found "yearly"'],
    ],
    [
      "no frequency",
      { ...valid, repeats: [{}] },
      ['/repeats/0/frequency is required: "hourly", "daily", "weekly" or "monthly"'],
    ],
    ["C-340 AC-241 minutes", rule({ minutes: 7 }), ["/repeats/0/minutes must be a multiple of 5, found 7"]],
    ["invalid minutes", rule({ minutes: 60 }), ["/repeats/0/minutes must be a whole number from 0 to 59, found 60"]],
    ["hours", rule({ hours: 24 }), ["/repeats/0/hours must be a whole number from 0 to 23, found 24"]],
    ["hours in text", rule({ hours: "9" }), ["/repeats/0/hours must be a whole number from 0 to 23, found a string"]],
    ["interval", rule({ interval: 0 }), ["/repeats/0/interval must be a whole number from 1 to 10000, found 0"]],
    [
      "half an interval",
      rule({ interval: 1.5 }),
      ["/repeats/0/interval must be a whole number from 1 to 10000, found 1.5"],
    ],
    ["day", rule({ day_of_month: 32 }), ["/repeats/0/day_of_month must be a whole number from 1 to 31, found 32"]],
    [
      "days",
      rule({ days: ["mon", "monday"] }),
      ['/repeats/0/days/1 must be "mon", "tue", "wed", "thu", "fri", "sat" or "sun", found "monday"'],
    ],
    [
      "days in text",
      rule({ days: "mon" }),
      ['/repeats/0/days must be a list of mon, tue, wed, thu, fri, sat, sun, or "weekdays" or "weekends", found "mon"'],
    ],
    ["a rule's key", rule({ hour: 9 }), ['/repeats/0/hour unknown key "hour"; did you mean "hours"?']],
    ["weekdays", rule({ days: "weekdays" }), []],
    ["no days", rule({ days: [] }), []],
  ])("reports every error: %s", (_title, payload, expected) => {
    expect(faults(() => parseScheduleRequest(payload))).toEqual(expected);
  });
});

describe("parseBulkScheduleRequest (A-503)", () => {
  const schedule = { workflow: "digest", recipient: "ada", scheduled_at: "2025-06-04T18:00:00Z" };

  it("requires one recipient in each schedule", () => {
    const requests = parseBulkScheduleRequest({
      schedules: [schedule, { ...schedule, recipient: { id: "bo", name: "Bo" } }],
    });
    expect(requests.map(({ recipients }) => recipients.map(({ key }) => key))).toEqual([["$users/ada"], ["$users/bo"]]);
  });

  it.each<[payload: JsonObject, expected: string[]]>([
    [{}, ["/schedules is required (a list of schedules)"]],
    [{ schedules: Array(1_001).fill(schedule) }, ["/schedules must have at most 1000 entries, found 1001"]],
    [{ schedules: [schedule, "x"] }, ["/schedules/1 must be an object, found a string"]],
    [
      { schedules: [schedule, { ...schedule, recipient: null, minutes: 5, repeats: [{ frequency: "never" }] }] },
      [
        "/schedules/1/recipient must be a user ID, an object reference or an inline recipient, found null",
        '/schedules/1/repeats/0/frequency must be "hourly", "daily", "weekly" or "monthly", found "never"',
        '/schedules/1/minutes unknown key "minutes"; valid keys are workflow, recipient, actor, tenant, data, repeats, scheduled_at, ending_at',
      ],
    ],
  ])("reports every error (%#)", (payload, expected) => {
    expect(faults(() => parseBulkScheduleRequest(payload))).toEqual(expected);
  });
});

describe("parseScheduleChange (A-501) and parseScheduleIds (A-502)", () => {
  it("distinguishes absent fields from null", () => {
    const { payload, ...change } = parseScheduleChange({ schedule_ids: ["a", "b", "a"], data: null, repeats: null });
    expect(isJsonObject(payload)).toBe(true);
    expect(change).toEqual({ schedule_ids: ["a", "b"], data: null, repeats: [] });
  });

  it.each<[payload: unknown, expected: string[]]>([
    [{ schedule_ids: [] }, ["/schedule_ids must have at least one of ids"]],
    [{ schedule_ids: many(101) }, ["/schedule_ids must have at most 100 entries, found 101"]],
    [{ schedule_ids: ["a", 7] }, ["/schedule_ids/1 must be a schedule's id"]],
    [{ schedule_ids: many(100) }, []],
  ])("limits the ids (E-378) (%#)", (payload, expected) => {
    expect(faults(() => parseScheduleChange(payload))).toEqual(expected);
    expect(faults(() => parseScheduleIds(payload))).toEqual(expected);
  });

  it("rejects changes of workflow and recipients", () => {
    expect(faults(() => parseScheduleChange({ schedule_ids: ["a"], workflow: "w", recipients: ["ada"] }))).toEqual([
      '/workflow unknown key "workflow"; valid keys are schedule_ids, actor, tenant, data, repeats, scheduled_at, ending_at',
      '/recipients unknown key "recipients"; valid keys are schedule_ids, actor, tenant, data, repeats, scheduled_at, ending_at',
    ]);
  });
});
