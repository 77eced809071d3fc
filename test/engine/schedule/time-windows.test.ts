import fc from "fast-check";
import { DateTime } from "luxon";
import { describe, expect, it } from "vitest";
import type { SendWindow } from "../../../src/domain/channel/send-windows.js";
import { findNextWindowTime, findSendWindowOpening, resolveZone } from "../../../src/engine/schedule/time-windows.js";
import { getPropertyRuns } from "../../helpers/get-property-runs.js";

const ms = (iso: string) => Date.parse(iso);
const iso = (at: number | null | undefined) =>
  typeof at === "number" ? new Date(at).toISOString().replace(".000Z", "Z") : at;

const UTC = "Etc/UTC";
const NEW_YORK = "America/New_York";
const TOKYO = "Asia/Tokyo";
const WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

function everyDay(from: string | null, until: string | null, days = WEEK): SendWindow[] {
  return WEEK.map((day) =>
    days.includes(day) ? { day, type: "send", from, until } : { day, type: "do_not_send", from: null, until: null },
  );
}

/** The windows W of the engine cases: Monday to Friday, 9 to 17. */
const OFFICE = everyDay("09:00", "17:00", WEEK.slice(0, 5));

describe("resolveZone (E-413, EQ-63)", () => {
  it.each<[unknown[], { zone: string; invalid: string | null }]>([
    [["America/New_York", "Europe/London"], { zone: NEW_YORK, invalid: null }],
    [[null, "Europe/London"], { zone: "Europe/London", invalid: null }],
    [[undefined, "", null], { zone: UTC, invalid: null }],
    [[], { zone: UTC, invalid: null }],
    [["Mars/Base"], { zone: UTC, invalid: "Mars/Base" }], // C-169
    [["Mars/Base", "Europe/London"], { zone: "Europe/London", invalid: "Mars/Base" }],
    [["Europe/London", "Mars/Base"], { zone: "Europe/London", invalid: null }],
    [["+05:30"], { zone: UTC, invalid: "+05:30" }],
    [[5], { zone: UTC, invalid: "5" }],
  ])("resolves %j", (candidates, expected) => {
    expect(resolveZone(candidates)).toEqual(expected);
  });
});

describe("findNextWindowTime (E-242, EQ-37)", () => {
  it.each<[id: string, rule: object, now: string, zone: string, expected: string]>([
    [
      "C-197 E-241",
      { frequency: "weekly", days: ["mon"], hours: 9 },
      "2025-06-04T10:00:00Z",
      TOKYO,
      "2025-06-09T00:00:00Z",
    ],
    ["C-198", { frequency: "weekly", days: ["mon"], hours: 9 }, "2025-06-04T10:00:00Z", UTC, "2025-06-09T09:00:00Z"],
    [
      "C-199 a strictly future time",
      { frequency: "daily", hours: 9 },
      "2025-06-04T09:00:00Z",
      UTC,
      "2025-06-05T09:00:00Z",
    ],
    [
      "C-199 a moment before the time",
      { frequency: "daily", hours: 9 },
      "2025-06-04T08:59:59.999Z",
      UTC,
      "2025-06-04T09:00:00Z",
    ],
    ["C-200", { frequency: "daily", days: "weekdays", hours: 9 }, "2025-06-06T12:00:00Z", UTC, "2025-06-09T09:00:00Z"],
    [
      "weekends",
      { frequency: "daily", days: "weekends", hours: 9 },
      "2025-06-04T10:00:00Z",
      UTC,
      "2025-06-07T09:00:00Z",
    ],
    ["default values", { frequency: "daily" }, "2025-06-04T10:00:00Z", UTC, "2025-06-05T00:00:00Z"],
    ["hourly", { frequency: "hourly", minutes: 30 }, "2025-06-04T10:00:00Z", UTC, "2025-06-04T10:30:00Z"],
    [
      "hourly at the exact minute",
      { frequency: "hourly", minutes: 30 },
      "2025-06-04T10:30:00Z",
      UTC,
      "2025-06-04T11:30:00Z",
    ],
    [
      "hourly within the minute",
      { frequency: "hourly", minutes: 30 },
      "2025-06-04T10:30:20Z",
      UTC,
      "2025-06-04T11:30:00Z",
    ],
    [
      "hourly in a half-hour zone",
      { frequency: "hourly" },
      "2025-06-04T10:00:00Z",
      "Asia/Kolkata",
      "2025-06-04T10:30:00Z",
    ],
    [
      "hourly on some days",
      { frequency: "hourly", days: ["fri"], minutes: 15 },
      "2025-06-04T10:00:00Z",
      UTC,
      "2025-06-06T00:15:00Z",
    ],
    [
      "hourly at the end of the day",
      { frequency: "hourly", days: ["wed"] },
      "2025-06-04T23:00:00Z",
      UTC,
      "2025-06-11T00:00:00Z",
    ],
    [
      "weekly without days, later today",
      { frequency: "weekly", hours: 11 },
      "2025-06-04T10:00:00Z",
      UTC,
      "2025-06-04T11:00:00Z",
    ],
    [
      "weekly without days, after today's time",
      { frequency: "weekly", hours: 9 },
      "2025-06-04T10:00:00Z",
      UTC,
      "2025-06-11T09:00:00Z",
    ],
    [
      "weekly on the local weekday",
      { frequency: "weekly", hours: 9 },
      "2025-06-04T20:00:00Z",
      TOKYO,
      "2025-06-05T00:00:00Z",
    ],
    [
      "weekly on several days",
      { frequency: "weekly", days: ["tue", "thu"], hours: 9 },
      "2025-06-04T10:00:00Z",
      UTC,
      "2025-06-05T09:00:00Z",
    ],
    ["monthly", { frequency: "monthly", hours: 9 }, "2025-06-04T10:00:00Z", UTC, "2025-07-01T09:00:00Z"],
    [
      "monthly in this month",
      { frequency: "monthly", day_of_month: 20 },
      "2025-06-04T10:00:00Z",
      UTC,
      "2025-06-20T00:00:00Z",
    ],
    [
      "monthly, clamped",
      { frequency: "monthly", day_of_month: 31 },
      "2025-06-04T10:00:00Z",
      UTC,
      "2025-06-30T00:00:00Z",
    ],
    [
      "monthly, clamped in February",
      { frequency: "monthly", day_of_month: 30 },
      "2025-02-01T00:00:00Z",
      UTC,
      "2025-02-28T00:00:00Z",
    ],
    [
      "monthly in the next year",
      { frequency: "monthly", day_of_month: 1 },
      "2025-12-04T00:00:00Z",
      UTC,
      "2026-01-01T00:00:00Z",
    ],
    [
      "monthly with a day of the month and ignored days",
      { frequency: "monthly", day_of_month: 5, days: ["mon"] },
      "2025-06-04T10:00:00Z",
      UTC,
      "2025-06-05T00:00:00Z",
    ],
    [
      "monthly on the 1st, filtered by days",
      { frequency: "monthly", days: ["mon"] },
      "2025-06-04T10:00:00Z",
      UTC,
      "2025-09-01T00:00:00Z",
    ],
    [
      "nulls as defaults",
      { frequency: "daily", days: null, hours: null, minutes: null },
      "2025-06-04T10:00:00Z",
      UTC,
      "2025-06-05T00:00:00Z",
    ],
    [
      "EQ-32 a skipped time",
      { frequency: "daily", hours: 2, minutes: 30 },
      "2025-03-09T06:00:00Z",
      NEW_YORK,
      "2025-03-09T07:30:00Z",
    ],
    [
      "EQ-32 the first of a repeated time",
      { frequency: "daily", hours: 1, minutes: 30 },
      "2025-11-02T04:00:00Z",
      NEW_YORK,
      "2025-11-02T05:30:00Z",
    ],
    [
      "EQ-32 between the two repeated times",
      { frequency: "daily", hours: 1, minutes: 30 },
      "2025-11-02T06:00:00Z",
      NEW_YORK,
      "2025-11-03T06:30:00Z",
    ],
    [
      "hourly through a repeated hour",
      { frequency: "hourly", minutes: 30 },
      "2025-11-02T05:30:00Z",
      NEW_YORK,
      "2025-11-02T06:30:00Z",
    ],
    [
      "hourly over a skipped hour",
      { frequency: "hourly", minutes: 30 },
      "2025-03-09T06:30:00Z",
      NEW_YORK,
      "2025-03-09T07:30:00Z",
    ],
    [
      "a clock change of half an hour, back",
      { frequency: "hourly" },
      "2025-04-05T14:50:00Z",
      "Australia/Lord_Howe",
      "2025-04-05T15:30:00Z",
    ],
    [
      "a clock change of half an hour, forward",
      { frequency: "hourly", minutes: 45 },
      "2025-10-04T15:20:00Z",
      "Australia/Lord_Howe",
      "2025-10-04T15:45:00Z",
    ],
    [
      "a midnight that is skipped",
      { frequency: "daily" },
      "2025-04-24T12:00:00Z",
      "Africa/Cairo",
      "2025-04-24T22:00:00Z",
    ],
  ])("%s returns the next time for %j after %s in %s", (_id, rule, now, zone, expected) => {
    expect(iso(findNextWindowTime(rule, ms(now), zone))).toBe(expected);
  });

  it.each([
    {},
    null,
    "daily",
    ["daily"],
    { frequency: "yearly" },
    { frequency: "daily", hours: 24 },
    { frequency: "daily", hours: -1 },
    { frequency: "daily", hours: 9.5 },
    { frequency: "daily", hours: "9" },
    { frequency: "daily", minutes: 7 },
    { frequency: "hourly", minutes: 60 },
    { frequency: "weekly", days: ["monday"] },
    { frequency: "weekly", days: "workdays" },
    { frequency: "weekly", days: "constructor" },
    { frequency: "weekly", days: 1 },
    { frequency: "monthly", day_of_month: 0 },
    { frequency: "monthly", day_of_month: 32 },
  ])("E-236 returns undefined for %j", (rule) => {
    expect(findNextWindowTime(rule, ms("2025-06-04T10:00:00Z"), UTC)).toBeUndefined();
  });
});

describe("findSendWindowOpening (E-197 to E-201, EQ-32)", () => {
  it.each<[id: string, windows: SendWindow[], now: string, zone: string, expected: string | null]>([
    ["C-162 E-200", OFFICE, "2025-03-07T22:30:00Z", NEW_YORK, "2025-03-10T13:00:00Z"],
    ["C-164", OFFICE, "2025-06-04T10:00:00Z", UTC, null],
    ["C-165 at `until`, which is outside", OFFICE, "2025-06-04T17:00:00Z", UTC, "2025-06-05T09:00:00Z"],
    ["C-165", OFFICE, "2025-06-04T16:59:59Z", UTC, null],
    ["E-201 at `from`, which is inside", OFFICE, "2025-06-04T09:00:00Z", UTC, null],
    ["E-201 just before `from`", OFFICE, "2025-06-04T08:59:59.999Z", UTC, "2025-06-04T09:00:00Z"],
    ["C-166 E-184", OFFICE, "2025-06-04T10:00:00Z", TOKYO, "2025-06-05T00:00:00Z"],
    ["C-168", OFFICE, "2025-06-09T07:00:00Z", "Europe/London", "2025-06-09T08:00:00Z"],
    ["C-169", OFFICE, "2025-06-04T10:00:00Z", resolveZone(["Mars/Base"]).zone, null],
    ["E-197 the whole day by default", everyDay(null, null, ["wednesday"]), "2025-06-04T23:59:59Z", UTC, null],
    [
      "E-197 from midnight by default",
      everyDay(null, "09:00", ["thursday"]),
      "2025-06-04T10:00:00Z",
      UTC,
      "2025-06-05T00:00:00Z",
    ],
    [
      "E-197 until midnight by default",
      everyDay("20:00", null, ["wednesday"]),
      "2025-06-05T00:00:00Z",
      UTC,
      "2025-06-11T20:00:00Z",
    ],
    ["with seconds", everyDay("09:00:30", "17:00:00"), "2025-06-04T09:00:29Z", UTC, "2025-06-04T09:00:30Z"],
    [
      "a week later, after the only day",
      everyDay("09:00", "10:00", ["wednesday"]),
      "2025-06-04T10:00:00Z",
      UTC,
      "2025-06-11T09:00:00Z",
    ],
    ["without windows", [], "2025-06-04T10:00:00Z", UTC, null],
    ["without a send day", everyDay(null, null, []), "2025-06-04T10:00:00Z", UTC, null],
    [
      "at an opening that the clock skips",
      everyDay("02:30", "17:00"),
      "2025-03-09T06:00:00Z",
      NEW_YORK,
      "2025-03-09T07:30:00Z",
    ],
    ["after an opening that the clock skips", everyDay("02:30", "17:00"), "2025-03-09T07:30:00Z", NEW_YORK, null],
    [
      "in a window that the clock skips",
      everyDay("02:30", "03:00"),
      "2025-03-09T06:00:00Z",
      NEW_YORK,
      "2025-03-10T06:30:00Z",
    ],
    [
      "at the first of a repeated opening",
      everyDay("01:30", "09:00"),
      "2025-11-02T05:00:00Z",
      NEW_YORK,
      "2025-11-02T05:30:00Z",
    ],
    [
      "at the first of a repeated closing",
      everyDay("00:00", "01:30"),
      "2025-11-02T05:45:00Z",
      NEW_YORK,
      "2025-11-03T05:00:00Z",
    ],
    [
      "on a day that starts late",
      everyDay(null, "09:00"),
      "2025-04-24T12:00:00Z",
      "Africa/Cairo",
      "2025-04-24T22:00:00Z",
    ],
  ])("%s finds the next opening", (_id, windows, now, zone, expected) => {
    expect(iso(findSendWindowOpening(windows, ms(now), zone))).toBe(expected);
  });
});

describe("properties of windows", () => {
  const zone = fc.constantFrom(
    UTC,
    NEW_YORK,
    TOKYO,
    "Europe/London",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Cairo",
    "America/St_Johns",
  );
  const moment = fc.integer({ min: ms("2020-01-01T00:00:00Z"), max: ms("2030-01-01T00:00:00Z") });
  const days = fc.subarray(["mon", "tue", "wed", "thu", "fri", "sat", "sun"], { minLength: 1 });
  const rule = fc.record(
    {
      frequency: fc.constantFrom("hourly", "daily", "weekly", "monthly"),
      days: fc.oneof(days, fc.constantFrom("weekdays", "weekends")),
      hours: fc.integer({ min: 0, max: 23 }),
      minutes: fc.integer({ min: 0, max: 11 }).map((fives) => fives * 5),
      day_of_month: fc.integer({ min: 1, max: 31 }),
    },
    { requiredKeys: ["frequency"] },
  );

  it("E-242 a rule's next time is in the future, has the rule's minute except in a clock change, and is the earliest", () => {
    fc.assert(
      fc.property(rule, moment, zone, (windowRule, now, zoneName) => {
        const at = findNextWindowTime(windowRule, now, zoneName) as number;
        expect(at).toBeGreaterThan(now);
        const local = DateTime.fromMillis(at, { zone: zoneName });
        const stable = local.offset === local.minus({ hours: 3 }).offset;
        if (stable) expect(local.minute).toBe(windowRule.minutes ?? 0);
        if (stable && windowRule.frequency !== "hourly") expect(local.hour).toBe(windowRule.hours ?? 0);
        expect([local.second, local.millisecond]).toEqual([0, 0]);
        if (windowRule.frequency === "hourly" || windowRule.frequency === "daily" || windowRule.days !== undefined) {
          expect(findNextWindowTime(windowRule, at - 1, zoneName)).toBe(at);
          expect(findNextWindowTime(windowRule, now + Math.floor((at - now) / 2), zoneName)).toBe(at);
        }
      }),
      getPropertyRuns(2_500),
    );
  });

  const time = fc.integer({ min: 0, max: 1_439 });
  const text = (minutes: number) =>
    `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  const sendDay = fc
    .uniqueArray(time, { minLength: 2, maxLength: 2 })
    .map((pair) => pair.sort((a, b) => a - b).map(text));
  const windows = fc
    .tuple(fc.subarray(WEEK, { minLength: 1 }), fc.array(sendDay, { minLength: 7, maxLength: 7 }))
    .map(([send, times]) =>
      WEEK.map((day, i): SendWindow => {
        const [from, until] = times[i] as [string, string];
        return send.includes(day)
          ? { day, type: "send", from, until }
          : { day, type: "do_not_send", from: null, until: null };
      }),
    );

  it("E-198 a window is open at its opening, closed until then, and never later than possible", () => {
    fc.assert(
      fc.property(windows, moment, zone, (list, now, zoneName) => {
        const opening = findSendWindowOpening(list, now, zoneName);
        if (opening === null) return;
        expect(opening).toBeGreaterThan(now);
        expect(opening - now).toBeLessThan(15 * 86_400_000);
        expect(findSendWindowOpening(list, opening, zoneName)).toBeNull();
        expect(findSendWindowOpening(list, opening - 1, zoneName)).toBe(opening);
        expect(findSendWindowOpening(list, now + Math.floor((opening - now) / 2), zoneName)).toBe(opening);
      }),
      getPropertyRuns(2_500),
    );
  });

  it("E-201 a window agrees with the wall clock on every day without a clock change", () => {
    fc.assert(
      fc.property(windows, moment, zone, (list, now, zoneName) => {
        const local = DateTime.fromMillis(now, { zone: zoneName });
        fc.pre(local.startOf("day").offset === local.endOf("day").offset);
        const window = list[local.weekday - 1] as SendWindow;
        const clock = local.toFormat("HH:mm");
        const open = window.type === "send" && (window.from as string) <= clock && clock < (window.until as string);
        expect(findSendWindowOpening(list, now, zoneName) === null).toBe(open);
      }),
      getPropertyRuns(2_500),
    );
  });
});
