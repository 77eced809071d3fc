import { describe, expect, it } from "vitest";
import { RateLimits, type Tier } from "../../../../../src/features/dev/emulator/access/rate-limits.js";
import { CallCounter, type CallCounts } from "../../../../../src/util/call-counter.js";

/** Counts in memory, with a clock that tests set. */
class Calls {
  now = Date.UTC(2026, 0, 1);
  asked = 0;
  private readonly counter = new CallCounter();

  async countCalls(keys: readonly string[]): Promise<CallCounts> {
    this.asked++;
    return this.counter.count(keys, this.now);
  }
}

function createLimits(calls = new Calls()): { limits: RateLimits; calls: Calls } {
  return { limits: new RateLimits(calls, () => calls.now), calls };
}

async function countPassed(limits: RateLimits, tier: Tier, calls: number): Promise<number> {
  const passed = Array.from({ length: calls }, () => limits.tryCall("scope", tier));
  return (await Promise.all(passed)).filter(Boolean).length;
}

describe("rate limits", () => {
  it.each<[Tier, number]>([
    [1, 1],
    [2, 5],
    [3, 60],
    [4, 200],
    [5, 1_000],
  ])("A-044 allow in tier %i exactly %i requests per second", async (tier, limit) => {
    expect(await countPassed(createLimits().limits, tier, limit + 1)).toBe(limit);
  });

  it("A-045 count per calendar second, not per 1,000 milliseconds since the first request", async () => {
    const { limits, calls } = createLimits();
    calls.now += 999;
    expect(await countPassed(limits, 2, 6)).toBe(5);
    calls.now += 1;
    expect(await countPassed(limits, 2, 6)).toBe(5);
  });

  it("A-045 count each scope separately", async () => {
    const { limits } = createLimits();
    expect([await limits.tryCall("a", 1), await limits.tryCall("b", 1), await limits.tryCall("a", 1)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("count the calls of all servers of a store, and do not ask it again in a second whose limit is reached", async () => {
    const { limits, calls } = createLimits();
    const other = createLimits(calls).limits;
    expect([await limits.tryCall("a", 1), await other.tryCall("a", 1)]).toEqual([true, false]);
    for (let count = 0; count < 100; count++) expect(await other.tryCall("a", 1)).toBe(false);
    expect(calls.asked).toBe(2);
    calls.now += 1_000;
    expect(await other.tryCall("a", 1)).toBe(true);
  });

  it("A-047 reject the second change of a message within a second", async () => {
    const { limits, calls } = createLimits();
    expect(await limits.findLimitedIds("seen", ["m1", "m2"])).toEqual([]);
    expect(await limits.findLimitedIds("seen", ["m2", "m3"])).toEqual(["m2"]);
    calls.now += 1_000;
    expect(await limits.findLimitedIds("seen", ["m2"])).toEqual([]);
  });
});
