import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { JobAlarm } from "../../../src/store/postgres/due-work/job-alarm.js";

describe("the alarm of a worker", () => {
  let alarm: JobAlarm;
  /** The times that the next look finds. */
  let found: { delay: number; jobs: number }[];
  let looks: number;
  let rings: { at: number; jobs: number }[];

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"], now: 0 });
    [found, looks, rings] = [[], 0, []];
    const all = async () => {
      looks++;
      return found.splice(0) as never[];
    };
    alarm = new JobAlarm({ all }, (jobs) => rings.push({ at: performance.now(), jobs }));
  });

  afterEach(() => {
    alarm.stop();
    vi.useRealTimers();
  });

  it("rings for each time that a look found, with its jobs, and then looks again", async () => {
    found = [
      { delay: 5, jobs: 2 },
      { delay: 30, jobs: 1 },
      { delay: 31, jobs: 1 },
      { delay: 90, jobs: 40 },
    ];
    alarm.look();
    await vi.advanceTimersByTimeAsync(99);
    expect(rings).toEqual([
      { at: 5, jobs: 2 },
      { at: 30, jobs: 1 },
      { at: 31, jobs: 1 },
      { at: 90, jobs: 40 },
    ]);
    expect(looks).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(looks).toBe(2);
  });

  it("replaces the times that it knows with those of a new look, at most ten times a second", async () => {
    found = [{ delay: 500, jobs: 1 }];
    alarm.look();
    await vi.advanceTimersByTimeAsync(50);
    found = [{ delay: 20, jobs: 3 }];
    for (let announced = 0; announced < 5; announced++) alarm.look();
    await vi.advanceTimersByTimeAsync(49);
    expect(looks).toBe(1);
    await vi.advanceTimersByTimeAsync(500);
    expect(rings).toEqual([{ at: 120, jobs: 3 }]);
  });

  it("rings at once for a time that came while a look replaced it", async () => {
    found = [{ delay: -20, jobs: 1 }];
    alarm.look();
    await vi.advanceTimersByTimeAsync(1);
    expect(rings).toEqual([{ at: 1, jobs: 1 }]);
  });

  it("does not ring after its end", async () => {
    found = [{ delay: 10, jobs: 1 }];
    alarm.look();
    await vi.advanceTimersByTimeAsync(5);
    alarm.stop();
    alarm.look();
    await vi.advanceTimersByTimeAsync(1_000);
    expect([rings, looks]).toEqual([[], 1]);
  });
});
