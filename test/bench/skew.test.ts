import { describe, expect, it } from "vitest";
import { COSTS } from "../../bench/scale/costs.js";
import { type Setup, simulateSkew } from "../../bench/scale/simulate-skew.js";
import { compareWithMeasuredRuns, listShardSkew } from "../../bench/scale/skew-main.js";
import {
  assignShards,
  computeWeights,
  createRandom,
  createSampler,
  placeShards,
  sumShards,
} from "../../bench/scale/weights.js";

const SETUP: Setup = {
  seed: 7,
  costs: COSTS,
  durationMs: 1_000,
  arrivals: [{ class: "small", triggersPerSecond: 50, recipients: 20 }],
  recipients: 10_000,
  exponent: 1,
  databases: 2,
  databaseProcessors: 2,
  workersPerDatabase: 2,
  concurrency: 4,
};

/** The load of the busiest shard divided by the mean, from the design, by the power of the rank. */
const DESIGN = {
  0: [1.01, 1.02, 1.04],
  0.8: [1.17, 1.81, 4.27],
  1: [1.92, 5.24, 18.4],
  1.2: [3.6, 12.7, 48.8],
};

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

describe("the load of shards", () => {
  it("agrees with the table of the design within a twentieth", () => {
    for (const row of listShardSkew()) {
      const expected = DESIGN[row.s as keyof typeof DESIGN];
      for (const [index, skew] of [row.shards_16, row.shards_64, row.shards_256].entries())
        expect(Math.abs(skew / expected[index]! - 1)).toBeLessThan(0.05);
    }
  });

  it("draws recipients as often as their weights say", () => {
    const weights = computeWeights(100, 1);
    const draw = createSampler(weights, createRandom(1));
    const counts = new Float64Array(100);
    for (let count = 0; count < 100_000; count++) counts[draw()]!++;
    for (const rank of [0, 1, 9, 99]) expect(counts[rank]! / 100_000 / weights[rank]!).toBeCloseTo(1, 0);
    expect(sum(weights)).toBeCloseTo(1, 9);
  });

  it("is more even on databases if busy shards are moved", () => {
    const loads = sumShards(computeWeights(10_000, 1), assignShards(10_000));
    const readMax = (placement: "hash" | "load") => {
      const databases = new Float64Array(4);
      for (const [shard, database] of placeShards(loads, 4, placement).entries()) databases[database]! += loads[shard]!;
      return Math.max(...databases);
    };
    expect(readMax("load")).toBeLessThan(readMax("hash"));
    expect(readMax("load")).toBeCloseTo(0.25, 2);
  });
});

describe("the simulation of skew", () => {
  it("is equal for the same seed, and different for another one", () => {
    const first = simulateSkew(SETUP);
    expect(simulateSkew(SETUP)).toEqual(first);
    expect(simulateSkew({ ...SETUP, seed: 8 })).not.toEqual(first);
  });

  it("advances every run that it inserts", () => {
    const { inserted, advanced, lag } = simulateSkew({ ...SETUP, broadcast: 3_000 });
    expect(advanced).toBe(inserted);
    expect(lag.large?.runs).toBe(3_000);
    expect(lag.small?.runs).toBe(inserted - 3_000);
  });

  it("loads databases as the costs of their runs say", () => {
    const { inserted, loads } = simulateSkew({ ...SETUP, exponent: 0, durationMs: 4_000 });
    const expected = (inserted * (COSTS.insertServerUs + COSTS.advanceServerUs)) / 1_000 / 4_000 / 4;
    expect(sum(loads) / 2 / expected).toBeCloseTo(1, 1);
  });

  it("runs small triggers before a backlog only if jobs have classes", () => {
    const backlog: Setup = { ...SETUP, databases: 1, backlog: 20_000 };
    const withClasses = simulateSkew(backlog).lag.small!;
    const without = simulateSkew({ ...backlog, hasClasses: false }).lag.small!;
    expect(withClasses.p50 * 5).toBeLessThan(without.p50);
  });

  it("advances a batch once, and takes the key of the busiest recipient in turn", () => {
    const { inserted, advanced, hottestKey } = simulateSkew({ ...SETUP, batchWindowMs: 500, exponent: 1.2 });
    expect(advanced).toBeLessThan(inserted / 2);
    expect(hottestKey.rowsPerSecond).toBeGreaterThan(hottestKey.transactionsPerSecond);
    expect(hottestKey.transactionsPerSecond).toBeLessThan(hottestKey.maxTransactionsPerSecond!);
  });

  it("ends when a database cannot keep up, with a queue that grew", () => {
    const { queue, lag } = simulateSkew({
      ...SETUP,
      arrivals: [{ class: "small", triggersPerSecond: 3_000, recipients: 20 }],
      workersPerDatabase: 1,
    });
    expect(queue.small.maxJobs).toBeGreaterThan(20);
    expect(lag.small!.p99).toBeGreaterThan(1_000);
  });

  it("reproduces the measured runs within a quarter", () => {
    expect(compareWithMeasuredRuns(1).filter(({ ok }) => !ok)).toEqual([]);
  });
});
