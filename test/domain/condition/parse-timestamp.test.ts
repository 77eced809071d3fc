import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRelativeTime, parseTimestamp } from "../../../src/domain/condition/parse-timestamp.js";

const NOW = Date.parse("2025-06-04T10:00:00Z");

describe("parseTimestamp (E-116, EQ-17)", () => {
  it.each([
    ["2025-06-04", "2025-06-04T00:00:00.000Z"],
    ["2025-06-04T10:00Z", "2025-06-04T10:00:00.000Z"],
    ["2025-06-04T10:00:30", "2025-06-04T10:00:30.000Z"],
    ["2025-06-04 10:00:30Z", "2025-06-04T10:00:30.000Z"],
    ["2025-06-04T10:00:00.123456Z", "2025-06-04T10:00:00.123Z"],
    ["2025-06-04T10:00:00.5Z", "2025-06-04T10:00:00.500Z"],
    ["2025-06-04T10:00:00+02:00", "2025-06-04T08:00:00.000Z"],
    ["2025-06-04T10:00:00-0530", "2025-06-04T15:30:00.000Z"],
    ["2025-06-04T23:00:00-03", "2025-06-05T02:00:00.000Z"],
    ["2024-02-29", "2024-02-29T00:00:00.000Z"],
    ["0050-01-01", "0050-01-01T00:00:00.000Z"],
  ])("parses %s", (text, expected) => {
    expect(new Date(parseTimestamp(text) as number).toISOString()).toBe(expected);
  });

  it.each([
    "2025-13-01", // C-086
    "2025-00-10",
    "2025-02-29",
    "2025-06-31",
    "2025-06-04T24:00:00Z",
    "2025-06-04T10:60Z",
    "2025-06-04T10:00:60Z",
    "2025-06-04T10:00:00+25:00",
    "2025-06-04T",
    "2025-06-04T10",
    "2025-06-04Z",
    " 2025-06-04",
    "2025",
    "20250604",
    "soon",
    "",
    1_749_031_200_000,
    null,
    undefined,
    {},
    ["2025-06-04"],
  ])("rejects %j", (value) => {
    expect(parseTimestamp(value)).toBeUndefined();
  });

  it("agrees with JavaScript's Date for every time", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date("0000-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true }),
        (date) => parseTimestamp(date.toISOString()) === date.getTime(),
      ),
    );
  });
});

describe("parseRelativeTime (E-119)", () => {
  it.each([
    ["40 days ago", "2025-04-25T10:00:00.000Z"], // C-075
    ["30 days ago", "2025-05-05T10:00:00.000Z"], // C-076
    ["1 days from now", "2025-06-05T10:00:00.000Z"], // C-077
    ["7_days_ago", "2025-05-28T10:00:00.000Z"],
    ["3_days_from_now", "2025-06-07T10:00:00.000Z"],
    ["1 week ago", "2025-05-28T10:00:00.000Z"],
    ["2 hours from now", "2025-06-04T12:00:00.000Z"],
    ["15 minutes ago", "2025-06-04T09:45:00.000Z"],
  ])("parses %s", (text, expected) => {
    expect(new Date(parseRelativeTime(text, NOW) as number).toISOString()).toBe(expected);
  });

  it.each([
    "14 minutes ago",
    "0 days ago",
    "900 seconds ago",
    "1 month ago",
    "days ago",
    "1.5 hours ago",
    "-2 days ago",
    "2 days",
    "in 2 days",
    `${"9".repeat(30)} weeks from now`,
    "",
  ])("rejects %s", (text) => {
    expect(parseRelativeTime(text, NOW)).toBeUndefined();
  });
});
