import fc from "fast-check";
import { DateTime } from "luxon";
import { describe, expect, it } from "vitest";
import { parseScheduleRequest } from "../../../src/domain/trigger/parse-schedule.js";
import { REPEAT_DAYS, type RepeatRule } from "../../../src/domain/trigger/schedule.js";
import { findNextOccurrence } from "../../../src/engine/schedule/schedule-times.js";
import { getPropertyRuns } from "../../helpers/get-property-runs.js";

const UTC = "Etc/UTC";
const NEW_YORK = "America/New_York";
const TOKYO = "Asia/Tokyo";
const HOUR = 3_600_000;

function rules(...repeats: object[]): RepeatRule[] {
  const schedule = { workflow: "w", recipients: ["ada"], scheduled_at: "2030-01-01T00:00:00Z", repeats };
  return parseScheduleRequest(schedule).repeats;
}

/** Returns the first occurrences, formatted as `2025-06-09T09:00Z`. */
function occurrences(repeats: RepeatRule[], zone: string, anchor: string, count: number, ending: string | null = null) {
  const found: string[] = [];
  const start = Date.parse(anchor);
  const ending_at = ending === null ? null : Date.parse(ending);
  for (let after = start - 1; found.length < count; ) {
    const next = findNextOccurrence({ repeats, ending_at }, start, after, zone);
    if (next === null) break;
    found.push(new Date(next).toISOString().replace(":00.000Z", "Z"));
    after = next;
  }
  return found;
}

interface Row {
  title: string;
  repeats: object[];
  zone?: string;
  anchor: string;
  ending?: string;
  expected: string[];
  /** Whether `expected` contains all occurrences. */
  complete?: boolean;
}

const rows: Row[] = [
  {
    title: "C-327 E-369 a weekly rule occurs on its weekday",
    repeats: [{ frequency: "weekly", days: ["mon"], hours: 9 }],
    anchor: "2025-06-04T10:00:00Z",
    expected: ["2025-06-09T09:00Z", "2025-06-16T09:00Z"],
  },
  {
    title: "C-328 E-372 a rule uses the recipient's zone",
    repeats: [{ frequency: "weekly", days: ["mon"], hours: 9 }],
    zone: TOKYO,
    anchor: "2025-06-04T10:00:00Z",
    expected: ["2025-06-09T00:00Z", "2025-06-16T00:00Z"],
  },
  {
    title: "C-329 E-370 a daily rule may be limited to weekdays",
    repeats: [{ frequency: "daily", days: "weekdays", hours: 9, minutes: 30 }],
    zone: NEW_YORK,
    anchor: "2025-06-02T20:00:00Z",
    expected: ["2025-06-03T13:30Z", "2025-06-04T13:30Z", "2025-06-05T13:30Z", "2025-06-06T13:30Z", "2025-06-09T13:30Z"],
  },
  {
    title: "C-330 E-371 every other week is counted from the anchor's ISO week",
    repeats: [{ frequency: "weekly", interval: 2, days: ["mon", "fri"], hours: 18 }],
    zone: NEW_YORK,
    anchor: "2025-06-03T12:00:00Z",
    expected: ["2025-06-06T22:00Z", "2025-06-16T22:00Z", "2025-06-20T22:00Z", "2025-06-30T22:00Z"],
  },
  {
    title: "E-371 a Sunday is the end of its week",
    repeats: [{ frequency: "weekly", interval: 2, days: ["mon", "sun"] }],
    anchor: "2025-06-08T10:00:00Z",
    expected: ["2025-06-16T00:00Z", "2025-06-22T00:00Z", "2025-06-30T00:00Z"],
  },
  {
    title: "C-331 E-381 the 31st is clamped to the end of the month",
    repeats: [{ frequency: "monthly", day_of_month: 31, hours: 9 }],
    anchor: "2025-01-10T00:00:00Z",
    expected: ["2025-01-31T09:00Z", "2025-02-28T09:00Z", "2025-03-31T09:00Z", "2025-04-30T09:00Z"],
  },
  {
    title: "EQ-62 a monthly rule without a day uses the anchor's, clamped to the end of the month",
    repeats: [{ frequency: "monthly", interval: 3 }],
    anchor: "2025-08-31T00:00:00Z",
    expected: ["2025-08-31T00:00Z", "2025-11-30T00:00Z", "2026-02-28T00:00Z", "2026-05-31T00:00Z"],
  },
  {
    title: "EQ-62 a weekly rule without days uses the anchor's weekday in the zone",
    repeats: [{ frequency: "weekly", hours: 12 }],
    zone: TOKYO,
    anchor: "2025-06-04T20:00:00Z", // Thursday 05:00 in Tokyo
    expected: ["2025-06-05T03:00Z", "2025-06-12T03:00Z"],
  },
  {
    title: "EQ-62 every third day is counted from the anchor's day, whether its time has passed or not",
    repeats: [{ frequency: "daily", interval: 3, hours: 9 }],
    anchor: "2025-06-04T10:00:00Z",
    expected: ["2025-06-07T09:00Z", "2025-06-10T09:00Z"],
  },
  {
    title: "EQ-62 days filter the days of a daily interval",
    repeats: [{ frequency: "daily", interval: 2, days: ["mon"] }],
    anchor: "2025-06-04T00:00:00Z",
    expected: ["2025-06-16T00:00Z", "2025-06-30T00:00Z"],
  },
  {
    title: "EQ-62 an hourly rule uses its minutes and ignores its hours",
    repeats: [{ frequency: "hourly", interval: 6, minutes: 30, hours: 4 }],
    anchor: "2025-06-04T10:40:00Z",
    expected: ["2025-06-04T16:30Z", "2025-06-04T22:30Z", "2025-06-05T04:30Z"],
  },
  {
    title: "EQ-62 an hourly rule may be limited to weekends",
    repeats: [{ frequency: "hourly", interval: 12, days: "weekends" }],
    anchor: "2025-06-06T06:00:00Z",
    expected: ["2025-06-07T06:00Z", "2025-06-07T18:00Z", "2025-06-08T06:00Z", "2025-06-08T18:00Z", "2025-06-14T06:00Z"],
  },
  {
    title: "EQ-62 an hourly rule occurs in both of the hours that the clock repeats",
    repeats: [{ frequency: "hourly" }],
    zone: NEW_YORK,
    anchor: "2025-11-02T04:00:00Z",
    expected: ["2025-11-02T04:00Z", "2025-11-02T05:00Z", "2025-11-02T06:00Z", "2025-11-02T07:00Z"],
  },
  {
    title: "EQ-62 an hourly rule handles a clock change of half an hour",
    repeats: [{ frequency: "hourly" }],
    zone: "Australia/Lord_Howe",
    anchor: "2025-10-04T14:30:00Z", // 01:00 in Lord Howe; 02:00 becomes 02:30
    expected: ["2025-10-04T14:30Z", "2025-10-04T16:00Z", "2025-10-04T17:00Z"],
  },
  {
    title: "C-332 E-381 a skipped time moves forward",
    repeats: [{ frequency: "daily", hours: 2, minutes: 30 }],
    zone: NEW_YORK,
    anchor: "2025-03-08T05:00:00Z",
    expected: ["2025-03-08T07:30Z", "2025-03-09T07:30Z", "2025-03-10T06:30Z"],
  },
  {
    title: "EQ-62 a repeated time occurs once, the first time",
    repeats: [{ frequency: "daily", hours: 1, minutes: 30 }],
    zone: NEW_YORK,
    anchor: "2025-11-01T04:00:00Z",
    expected: ["2025-11-01T05:30Z", "2025-11-02T05:30Z", "2025-11-03T06:30Z"],
  },
  {
    title: "EQ-62 several rules occur in order of time, and shared times once",
    repeats: [
      { frequency: "weekly", days: ["mon", "wed"], hours: 9 },
      { frequency: "daily", interval: 2, hours: 9 },
    ],
    anchor: "2025-06-04T09:00:00Z",
    expected: ["2025-06-04T09:00Z", "2025-06-06T09:00Z", "2025-06-08T09:00Z", "2025-06-09T09:00Z", "2025-06-10T09:00Z"],
  },
  {
    title: "C-333 E-373 an occurrence at the end is included",
    repeats: [{ frequency: "weekly", days: ["mon"], hours: 9 }],
    anchor: "2025-06-04T10:00:00Z",
    ending: "2025-06-16T09:00:00Z",
    expected: ["2025-06-09T09:00Z", "2025-06-16T09:00Z"],
    complete: true,
  },
  {
    title: "EQ-37 a day of the month takes precedence over days",
    repeats: [{ frequency: "monthly", day_of_month: 7, days: ["mon"] }],
    anchor: "2025-06-01T00:00:00Z",
    expected: ["2025-06-07T00:00Z", "2025-07-07T00:00Z"],
  },
  {
    title: "a rule that never matches has no occurrence",
    repeats: [{ frequency: "daily", interval: 7, days: ["mon"] }],
    anchor: "2025-06-04T00:00:00Z",
    expected: [],
    complete: true,
  },
  {
    title: "an interval beyond the supported calendar ends the occurrences",
    repeats: [{ frequency: "monthly", interval: 10_000 }],
    anchor: "2025-06-04T00:00:00Z",
    expected: ["2025-06-04T00:00Z", "2858-10-04T00:00Z"],
  },
];

describe("findNextOccurrence (E-369 to E-373, E-381)", () => {
  it.each(rows.map((row) => [row.title, row] as const))("%s", (_title, row) => {
    const count = row.expected.length + (row.complete ? 1 : 0);
    expect(occurrences(rules(...row.repeats), row.zone ?? UTC, row.anchor, count, row.ending)).toEqual(row.expected);
  });

  it("EQ-62 skips past occurrences, and counts intervals from the anchor", () => {
    const repeats = rules({ frequency: "daily", interval: 2, hours: 9 });
    const anchor = Date.parse("2025-06-01T00:00:00Z");
    const next = findNextOccurrence({ repeats, ending_at: null }, anchor, Date.parse("2025-06-05T09:00:00Z"), UTC);
    expect(new Date(next ?? 0).toISOString()).toBe("2025-06-07T09:00:00.000Z");
  });
});

const ZONES = [UTC, NEW_YORK, TOKYO, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "America/Sao_Paulo"];

const anyRule: fc.Arbitrary<RepeatRule> = fc.record({
  frequency: fc.constantFrom("hourly", "daily", "weekly", "monthly"),
  interval: fc.integer({ min: 1, max: 5 }),
  day_of_month: fc.option(fc.integer({ min: 1, max: 31 })),
  days: fc.option(
    fc.oneof(
      fc.constantFrom("weekdays" as const, "weekends" as const),
      fc.subarray([...REPEAT_DAYS], { minLength: 1 }),
    ),
  ),
  hours: fc.option(fc.integer({ min: 0, max: 23 })),
  minutes: fc.option(fc.integer({ min: 0, max: 11 }).map((fifths) => fifths * 5)),
});

const anyAnchor = fc.integer({ min: Date.UTC(2012, 0), max: Date.UTC(2030, 0) });
const anyZone = fc.constantFrom(...ZONES);
const WEEKDAYS: Record<string, readonly string[]> = {
  weekdays: REPEAT_DAYS.slice(0, 5),
  weekends: REPEAT_DAYS.slice(5),
};

function series(repeats: RepeatRule[], ending_at: number | null, anchor: number, zone: string): number[] {
  const found: number[] = [];
  for (let after = anchor - 1; found.length < 25; ) {
    const next = findNextOccurrence({ repeats, ending_at }, anchor, after, zone);
    if (next === null) break;
    found.push(next);
    after = next;
  }
  return found;
}

describe("findNextOccurrence, for any rules", () => {
  it("returns strictly increasing times from the anchor to the end", () => {
    fc.assert(
      fc.property(
        fc.array(anyRule, { minLength: 1, maxLength: 3 }),
        anyAnchor,
        anyZone,
        fc.integer({ min: 0, max: 400 }),
        (repeats, anchor, zone, days) => {
          const ending = anchor + days * 24 * HOUR;
          const found = series(repeats, ending, anchor, zone);
          expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
          expect(found.every((at) => at >= anchor && at <= ending)).toBe(true);
          expect(found).toEqual(series(repeats, null, anchor, zone).filter((at) => at <= ending));
        },
      ),
      getPropertyRuns(500),
    );
  });

  it("returns the same times from any starting time", () => {
    fc.assert(
      fc.property(anyRule, anyAnchor, anyZone, fc.integer({ min: 0, max: 24 }), (rule, anchor, zone, index) => {
        const found = series([rule], null, anchor, zone);
        const at = found[index % Math.max(1, found.length)];
        if (at === undefined) return;
        expect(findNextOccurrence({ repeats: [rule], ending_at: null }, anchor, at - 1, zone)).toBe(at);
      }),
      getPropertyRuns(500),
    );
  });

  it("returns the earliest occurrence of its rules", () => {
    fc.assert(
      fc.property(anyRule, anyRule, anyAnchor, anyZone, (one, other, anchor, zone) => {
        const first = (repeats: RepeatRule[]) => findNextOccurrence({ repeats, ending_at: null }, anchor, anchor, zone);
        const each = [first([one]), first([other])].filter((at) => at !== null);
        expect(first([one, other])).toBe(each.length > 0 ? Math.min(...each) : null);
      }),
    );
  });

  it("respects the weekdays, hour, minute and interval in the recipient's zone", () => {
    fc.assert(
      fc.property(anyRule, anyAnchor, anyZone, (rule, anchor, zone) => {
        const start = DateTime.fromMillis(anchor, { zone });
        for (const at of series([rule], null, anchor, zone)) {
          const local = DateTime.fromMillis(at, { zone });
          const days = typeof rule.days === "string" ? WEEKDAYS[rule.days] : rule.days;
          const filters = rule.frequency !== "monthly" || rule.day_of_month === null;
          if (days && filters) expect(days).toContain(REPEAT_DAYS[local.weekday - 1]);
          const wanted = { hour: rule.hours ?? 0, minute: rule.minutes ?? 0 };
          if (rule.frequency === "hourly") {
            expect(local.minute).toBe(wanted.minute);
            continue;
          }
          // A skipped time occurs later; luxon also moves it forward.
          const asked = local.startOf("day").set(wanted);
          expect({ hour: local.hour, minute: local.minute }).toEqual({ hour: asked.hour, minute: asked.minute });
          const units = { daily: "day", weekly: "week", monthly: "month" }[rule.frequency] as "day" | "week" | "month";
          const apart = local.startOf(units).diff(start.startOf(units), `${units}s`).get(`${units}s`);
          expect(Math.round(apart) % rule.interval).toBe(0);
        }
      }),
      getPropertyRuns(1_000),
    );
  });
});
