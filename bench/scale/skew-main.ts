// The tables of bench/scale/skew.mjs.
import { type Result, simulateSkew } from "./simulate-skew.js";
import { MAX_RATIO, MEASURED_RUNS, MIN_RATIO, SCENARIOS } from "./skew-setups.js";
import { assignShards, computeWeights, measureSkew, SHARDS, sumShards } from "./weights.js";

const round = (value: number, digits = 2): number => Number(value.toFixed(digits));

/** Returns the simulated rate of each measured run, and whether it is within the limits. */
export function compareWithMeasuredRuns(seed: number) {
  return MEASURED_RUNS.map(({ name, setup, runsPerSecond }) => {
    const { advanced, endMs } = simulateSkew({ ...setup, seed });
    const simulated = Math.round((advanced * 1_000) / endMs);
    const ratio = round(simulated / runsPerSecond);
    return { name, measured: runsPerSecond, simulated, ratio, ok: ratio >= MIN_RATIO && ratio <= MAX_RATIO };
  });
}

/** Returns the load of the busiest shard divided by the mean, by the power of the rank and the number of shards. */
export function listShardSkew(recipients = 1_000_000) {
  const shardOfRecipient = assignShards(recipients);
  return [0, 0.8, 1, 1.2].map((exponent) => {
    const weights = computeWeights(recipients, exponent);
    const loads = sumShards(weights, shardOfRecipient);
    const [shards16 = 0, shards64 = 0, shards256 = 0] = [16, 64, SHARDS].map((count) => measureSkew(loads, count));
    return {
      s: exponent,
      shards_16: round(shards16),
      shards_64: round(shards64),
      shards_256: round(shards256, shards256 < 10 ? 2 : 1),
      busiest_recipient_percent: round(weights[0]! * 100, 1),
    };
  });
}

/** Runs the scenarios whose name matches. Times are in milliseconds, loads in shares of a database's processors. */
export function runScenarios(pattern: RegExp, seed: number) {
  return SCENARIOS.filter(({ name }) => pattern.test(name)).map(({ group, name, setup }) => ({
    group,
    name,
    databases: setup.databases,
    s: setup.exponent,
    shards_placed_by: setup.placement ?? "hash",
    ...readFigures(simulateSkew({ ...setup, seed }), setup.durationMs),
  }));
}

function readFigures(result: Result, durationMs: number) {
  const { lag, loads, queue, hottestKey } = result;
  const perSecond = (count: number): number => Math.round((count * 1_000) / Math.max(durationMs, result.endMs));
  return {
    runs_per_second: perSecond(result.advanced),
    jobs_per_second: perSecond(result.jobs),
    wal_mb_per_second: perSecond(result.walMb),
    busiest_database: round(Math.max(...loads)),
    mean_database: round(loads.reduce((sum, load) => sum + load, 0) / loads.length),
    small_p50_ms: lag.small && Math.round(lag.small.p50),
    small_p99_ms: lag.small && Math.round(lag.small.p99),
    large_p50_ms: lag.large && Math.round(lag.large.p50),
    large_p99_ms: lag.large && Math.round(lag.large.p99),
    longest_queue_jobs: queue.small.maxJobs + queue.large.maxJobs,
    end_ms: Math.round(result.endMs),
    hottest_rows_per_second: round(hottestKey.rowsPerSecond, 1),
    hottest_transactions_per_second: round(hottestKey.transactionsPerSecond, 1),
    hottest_limit_per_second:
      hottestKey.maxTransactionsPerSecond === null ? undefined : Math.round(hottestKey.maxTransactionsPerSecond),
  };
}
