import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Duration } from "../../../src/domain/step/step-duration.js";
import { isWindowRule, resolveDelayEnd, resolveFieldPath } from "../../../src/engine/schedule/resolve-delay-end.js";
import { findNextWindowTime } from "../../../src/engine/schedule/time-windows.js";
import { getPropertyRuns } from "../../helpers/get-property-runs.js";

const T0 = Date.parse("2025-06-04T10:00:00Z");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const at = (offset: number) => new Date(T0 + offset).toISOString();

interface Given {
  delay_for?: Duration | null;
  value?: unknown;
  zone?: string;
  now?: number;
}

function end(given: Given): { until: number } | { invalid: string } {
  const { delay_for = null, value, zone = "Etc/UTC", now = T0 } = given;
  return resolveDelayEnd({
    delay_for,
    value,
    path: "value" in given ? "data.due_at" : null,
    now,
    zone,
    findNextWindowTime,
  });
}

const MONDAYS = { frequency: "weekly", days: ["mon"], hours: 9 };

describe("resolveDelayEnd", () => {
  it.each<[id: string, given: Given, until: number]>([
    ["C-190 E-233", { delay_for: { unit: "minutes", value: 10 } }, T0 + 10 * MINUTE],
    ["C-191 E-234", { value: at(2 * HOUR) }, T0 + 2 * HOUR],
    ["C-194", { value: { unit: "hours", value: 3 } }, T0 + 3 * HOUR],
    ["C-196", { value: { unit: "minutes", value: 2 } }, T0 + 2 * MINUTE],
    ["C-197 E-241", { value: MONDAYS, zone: "Asia/Tokyo" }, Date.parse("2025-06-09T00:00:00Z")],
    ["C-198", { value: MONDAYS }, Date.parse("2025-06-09T09:00:00Z")],
    [
      "C-199 E-242",
      { value: { frequency: "daily", hours: 9 }, now: Date.parse("2025-06-04T09:00:00Z") },
      Date.parse("2025-06-05T09:00:00Z"),
    ],
    [
      "C-200",
      { value: { frequency: "daily", days: "weekdays", hours: 9 }, now: Date.parse("2025-06-06T12:00:00Z") },
      Date.parse("2025-06-09T09:00:00Z"),
    ],
    ["C-201 E-235 EQ-35", { delay_for: { unit: "hours", value: -24 }, value: at(48 * HOUR) }, T0 + 24 * HOUR],
    ["E-235 an offset after a timestamp", { delay_for: { unit: "hours", value: 1 }, value: at(HOUR) }, T0 + 2 * HOUR],
    ["E-235 an offset after a past timestamp", { delay_for: { unit: "hours", value: 2 }, value: at(-HOUR) }, T0 + HOUR],
    [
      "E-235 an offset before a window rule",
      { delay_for: { unit: "hours", value: -1 }, value: MONDAYS },
      Date.parse("2025-06-09T08:00:00Z"),
    ],
    ["E-237 exactly a year", { delay_for: { unit: "days", value: 365 } }, T0 + 365 * DAY],
    ["a date without a time", { value: "2025-06-05" }, Date.parse("2025-06-05T00:00:00Z")],
    ["the current time", { value: at(0) }, T0],
    ["a duration of zero", { delay_for: { unit: "minutes", value: 0 } }, T0],
    ["fractions", { delay_for: { unit: "seconds", value: 0.0015 } }, T0 + 2],
  ])("%s %j ends at the expected time", (_id, given, until) => {
    expect(end(given)).toEqual({ until });
  });

  it.each<[id: string, given: Given, reason: RegExp]>([
    ["C-192 E-236", { value: at(-MINUTE) }, /^data.due_at is in the past$/],
    ["C-193 a missing value", { value: undefined }, /missing/],
    ["C-193 a word", { value: "later" }, /not a timestamp/],
    [
      "C-202 E-235",
      { delay_for: { unit: "days", value: -1 }, value: at(10 * HOUR) },
      /^data.due_at − 1 day is in the past$/,
    ],
    ["C-205 E-237 EQ-36", { value: at(400 * DAY) }, /^data.due_at is 400 days ahead, more than the limit of 365 days$/],
    [
      "EQ-36 a fixed delay over a year",
      { delay_for: { unit: "days", value: 366 } },
      /^now \+ 366 days is 366 days ahead, more than the limit of 365 days$/,
    ],
    ["EQ-36 a Duration over a year", { value: { unit: "months", value: 13 } }, /365 days/],
    ["EQ-35 a time before now", { delay_for: { unit: "hours", value: -2 } }, /^now − 2 hours is in the past$/],
    ["null", { value: null }, /missing/],
    ["a number", { value: T0 + HOUR }, /not a timestamp/],
    ["relative text, which is for conditions only", { value: "2 hours from now" }, /not a timestamp/],
    ["a malformed rule", { value: { frequency: "yearly" } }, /not a timestamp/],
    ["a malformed Duration", { value: { unit: "fortnights", value: 1 } }, /not a timestamp/],
    [
      "a Duration with a unit named like an Object property",
      { value: { unit: "constructor", value: 1 } },
      /not a timestamp/,
    ],
    ["an unknown unit in delay_for", { delay_for: { unit: "fortnights", value: 1 } }, /delay_for/],
    [
      "two infinite durations",
      { delay_for: { unit: "days", value: -1e308 }, value: { unit: "days", value: 1e308 } },
      /past/,
    ],
    ["no settings", {}, /no delay_for/],
  ])("%s %j skips the delay", (_id, given, reason) => {
    expect(end(given)).toEqual({ invalid: expect.stringMatching(reason) });
  });

  it("E-236 E-237 returns a time up to a year from now or is invalid, for any value", () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.record({ unit: fc.constantFrom("minutes", "days", "weeks"), value: fc.double() }),
      fc.record({
        frequency: fc.constantFrom("hourly", "daily", "weekly", "monthly"),
        hours: fc.integer({ min: -1, max: 24 }),
      }),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    );
    const offset = fc.option(fc.record({ unit: fc.constantFrom("minutes", "days", "eons"), value: fc.double() }));
    fc.assert(
      fc.property(value, offset, fc.boolean(), (anyValue, delay_for, hasPath) => {
        const result = resolveDelayEnd({
          delay_for,
          value: anyValue,
          path: hasPath ? "data.due_at" : null,
          now: T0,
          zone: "Asia/Tokyo",
          findNextWindowTime,
        });
        if ("invalid" in result) return;
        expect(Number.isSafeInteger(result.until)).toBe(true);
        expect(result.until).toBeGreaterThanOrEqual(T0);
        expect(result.until).toBeLessThanOrEqual(T0 + 365 * DAY);
      }),
      getPropertyRuns(5_000),
    );
  });
});

describe("resolveFieldPath (E-234)", () => {
  const variables = {
    data: { at: "bare", recipient: "own", nested: { at: "deep" } },
    recipient: { slot: "r" },
    vars: { pause: "v" },
  };

  it.each([
    ["data.at", "bare"],
    ["at", "bare"], // C-195
    ["nested.at", "deep"],
    ["recipient.slot", "r"], // C-197
    ["vars.pause", "v"], // C-196
    ["recipient", "own"],
    ["tenant.at", undefined],
    ["missing", undefined],
    ["constructor", undefined],
  ])("finds the value of %s", (path, expected) => {
    expect(resolveFieldPath(path, variables)).toBe(expected);
  });
});

describe("isWindowRule", () => {
  it.each([
    [MONDAYS, true],
    [{ frequency: "yearly" }, true],
    [{ unit: "hours", value: 3 }, false],
    ["2025-06-05", false],
    [null, false],
  ])("returns for %j: %s", (value, expected) => {
    expect(isWindowRule(value)).toBe(expected);
  });
});
