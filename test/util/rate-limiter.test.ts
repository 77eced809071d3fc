import { expect, it } from "vitest";
import { RateLimiter } from "../../src/util/rate-limiter.js";

/** A limiter whose time passes only while it waits. */
function createLimiter(maxPerSecond: number | null) {
  const clock = { now: 0 };
  const sleep = async (milliseconds: number): Promise<void> => {
    clock.now += milliseconds;
  };
  const limiter = new RateLimiter({ maxPerSecond, now: () => clock.now, sleep });
  return { limiter, clock };
}

it("a rate limiter spaces requests evenly", async () => {
  const { limiter, clock } = createLimiter(10);
  for (let request = 0; request < 31; request++) await limiter.acquire();
  expect(clock.now).toBeGreaterThanOrEqual(3_000 - 20);
  expect(clock.now).toBeLessThanOrEqual(3_000);
});

it("a rate limiter halves its rate for the refusals of a second, and then increases it slowly up to the limit", async () => {
  const { limiter, clock } = createLimiter(1_000);
  for (let refusal = 0; refusal < 3; refusal++) limiter.slowDown(500);
  expect(limiter.currentRate).toBe(500);
  await limiter.acquire();
  expect(clock.now).toBe(500); // no request starts before the time that the server has named
  clock.now = 3_000;
  await limiter.acquire();
  expect(limiter.currentRate).toBeCloseTo(600);
  limiter.slowDown(0);
  expect(limiter.currentRate).toBeCloseTo(300);
  clock.now = 60_000;
  await limiter.acquire();
  expect(limiter.currentRate).toBe(1_000);
});

it("a rate limiter without a limit gets one when a server refuses requests", async () => {
  const { limiter, clock } = createLimiter(null);
  for (let request = 0; request < 100; request++) await limiter.acquire();
  expect([clock.now, limiter.currentRate]).toEqual([0, null]);
  limiter.slowDown(0);
  expect(limiter.currentRate).toBe(100);
});
