import { describe, expect, it } from "vitest";
import { RateLimits, type Tier } from "../../../../../src/features/dev/emulator/access/rate-limits.js";

const NOW = Date.UTC(2026, 0, 1);

function passed(limits: RateLimits, tier: Tier, calls: number, now: number): number {
  return Array.from({ length: calls }, () => limits.tryCall("scope", tier, now)).filter(Boolean).length;
}

describe("rate limits", () => {
  it.each<[Tier, number]>([
    [1, 1],
    [2, 5],
    [3, 60],
    [4, 200],
    [5, 1_000],
  ])("A-044 allow in tier %i exactly %i requests per second", (tier, limit) => {
    expect(passed(new RateLimits(), tier, limit + 1, NOW)).toBe(limit);
  });

  it("A-045 count per calendar second, not per 1,000 milliseconds since the first request", () => {
    const limits = new RateLimits();
    expect(passed(limits, 2, 6, NOW + 999)).toBe(5);
    expect(passed(limits, 2, 6, NOW + 1_000)).toBe(5);
  });

  it("A-045 count each scope separately", () => {
    const limits = new RateLimits();
    expect([limits.tryCall("a", 1, NOW), limits.tryCall("b", 1, NOW), limits.tryCall("a", 1, NOW)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("A-047 reject the second change of a message within a second", () => {
    const limits = new RateLimits();
    expect(limits.findLimitedIds("seen", ["m1", "m2"], NOW)).toEqual([]);
    expect(limits.findLimitedIds("seen", ["m2", "m3"], NOW)).toEqual(["m2"]);
    expect(limits.findLimitedIds("seen", ["m2"], NOW + 1_000)).toEqual([]);
  });
});
