import { availableParallelism } from "node:os";
import { PROTOTYPE_COSTS } from "./costs.js";
import type { Rate } from "./measure-rates.js";
import { simulateSkew } from "./simulate-skew.js";
import { MAX_RATIO, MIN_RATIO } from "./skew-setups.js";

/** Large chunks that a worker advances at a time. */
const CONCURRENCY = 2;
const RECIPIENTS = 20_000;

/** A rate of workers that was measured and simulated. */
export interface SimulatedRate {
  processes: number;
  measured: number;
  simulated: number;
  ratio: number;
  isWithinQuarter: boolean;
}

/** Returns the share of the processors that a measurement used. */
const findShare = ({ per_second, client_us, server_us }: Rate): number =>
  (per_second * (client_us + server_us)) / (availableParallelism() * 1_000_000);

/**
 * Simulates the workers of a measured run with the costs of one worker. The share of the processors that other programs left is the
 * largest that the floor used in the same run, so that no value is chosen to fit.
 */
export function simulateWorkers(rates: readonly Rate[], runs: number, flushMs: number): SimulatedRate[] {
  const find = (kind: Rate["case"], processes: number): Rate | undefined =>
    rates.find((rate) => rate.case === kind && rate.processes === processes);
  const one = find("workers", 1) as Rate;
  const shares = rates.filter((rate) => rate.case === "floor").map(findShare);
  return rates
    .filter((rate) => rate.case === "workers")
    .map(({ processes, per_second: measured }) => {
      const { advanced, endMs } = simulateSkew({
        seed: 1,
        costs: {
          ...PROTOTYPE_COSTS,
          advanceClientUs: one.client_us,
          advanceServerUs: one.server_us,
          advanceWalKb: one.wal_kb,
          flushMs,
        },
        durationMs: 1_000,
        arrivals: [],
        backlog: runs,
        recipients: RECIPIENTS,
        exponent: 0,
        databases: 1,
        databaseProcessors: availableParallelism(),
        speed: Math.min(1, Math.max(...shares)),
        isShared: true,
        workersPerDatabase: processes,
        concurrency: CONCURRENCY,
        hasClasses: false,
      });
      const simulated = Math.round((advanced * 1_000) / endMs);
      const ratio = Number((simulated / measured).toFixed(2));
      return { processes, measured, simulated, ratio, isWithinQuarter: ratio >= MIN_RATIO && ratio <= MAX_RATIO };
    });
}
