import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatTime, formatUntil, formatValue } from "../../src/output/format-time.js";

const AT = "2030-03-31T00:59:59.500Z";
let before: string | undefined;

beforeEach(() => {
  before = process.env.TZ;
});
afterEach(() => {
  if (before === undefined) delete process.env.TZ;
  else process.env.TZ = before;
});

describe("formatTime", () => {
  it.each([
    ["UTC", "2030-03-31 00:59:59Z"],
    ["Europe/Paris", "2030-03-31 01:59:59+01:00"],
    ["America/St_Johns", "2030-03-30 22:29:59-02:30"],
    ["Asia/Kathmandu", "2030-03-31 06:44:59+05:45"],
  ])("shows the zone's offset at that time: %s", (zone, text) => {
    process.env.TZ = zone;
    expect(formatTime(AT, "local")).toBe(text);
    expect(formatTime(AT, "utc")).toBe("2030-03-31 00:59:59Z");
    expect(Date.parse(text.replace(" ", "T"))).toBe(Date.parse(AT) - 500);
  });

  it("changes the offset where daylight saving time begins", () => {
    process.env.TZ = "Europe/Paris";
    expect(formatTime("2030-03-31T01:00:00Z", "local")).toBe("2030-03-31 03:00:00+02:00");
  });

  it("returns a text that is not a time unchanged", () => {
    expect(formatTime("soon", "local")).toBe("soon");
    expect(formatTime(null, "utc")).toBe("");
    expect(formatValue("2030", "utc")).toBe("2030");
    expect(formatValue(AT, "utc")).toBe("2030-03-31 00:59:59Z");
    expect(formatUntil("soon", 0, "utc")).toBe(" until soon");
    expect(formatUntil(null, 0, "utc")).toBe("");
  });
});

describe("formatUntil", () => {
  it("shows the zone, and the day if it differs from today in that zone", () => {
    process.env.TZ = "Asia/Tokyo";
    const now = Date.parse("2030-01-01T23:40:00Z");
    expect(formatUntil("2030-01-02T00:10:00Z", now, "utc")).toBe(" until 2030-01-02 00:10Z (in 30m)");
    expect(formatUntil("2030-01-02T00:10:00Z", now, "local")).toBe(" until 09:10+09:00 (in 30m)");
    expect(formatUntil("2030-01-01T23:50:00Z", now, "utc")).toBe(" until 23:50Z (in 10m)");
  });
});
