import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProcessGroup } from "./processes.js";
import { readServerCpu } from "./server-figures.js";
import type { WorkerBench } from "./worker-bench.js";

const CHUNK = 500;
/**
 * Runs of each process before the measurement, so that its code is optimized and its caches are filled. V8 compiles for about
 * 20,000 runs: after 5,000, the next 10,000 took about 10 µs more of a worker's CPU time each, and 1 µs more of a floor's.
 */
const WARM_RUNS = 20_000;
const EMPTY_JOBS_PER_RUN = 0.5;
const POLL_MS = 10;

/** The work of a measurement: the jobs of workers, jobs that only insert the same rows, or empty ones. */
export type RateCase = "empty jobs" | "floor" | "workers";
export const RATE_CASES: readonly RateCase[] = ["empty jobs", "floor", "workers"];

/** A measured rate. CPU times and WAL are per recipient run, or per empty job. */
export interface Rate {
  case: RateCase;
  processes: number;
  per_second: number;
  client_us: number;
  server_us: number;
  wal_kb: number;
  load: number;
}

const ADD_JOBS = `
  SELECT 1 FROM graphile_worker.add_jobs(ARRAY(
    SELECT ROW($1, '{}'::json, NULL, NULL, 1, NULL, 0, ARRAY[]::text[])::graphile_worker.job_spec FROM generate_series(1, $2)))`;

const SELECT_JOB = `
  SELECT 1 FROM graphile_worker._private_jobs
  WHERE task_id = (SELECT id FROM graphile_worker._private_tasks WHERE identifier = $1) LIMIT 1`;

/** Adds jobs of a floor and waits until all have ended. Returns when they began and ended, in milliseconds. */
async function runJobs(
  bench: WorkerBench,
  task: string,
  count: number,
): Promise<{ startedAt: number; endedAt: number }> {
  await bench.db.all(ADD_JOBS, task, count);
  const startedAt = Date.now();
  while ((await bench.db.get(SELECT_JOB, task)) !== undefined) await sleep(POLL_MS);
  return { startedAt, endedAt: Date.now() };
}

/** A point of time with what was used until then. */
interface Usage {
  clientUs: number;
  serverUs: number;
  wal: number;
}

async function readUsage(bench: WorkerBench, group: ProcessGroup, serverFolder: string): Promise<Usage> {
  const found = await bench.db.get<{ wal: number }>("SELECT pg_current_wal_insert_lsn() - '0/0' AS wal");
  return { clientUs: group.readCpu(), serverUs: readServerCpu(serverFolder), wal: (found as { wal: number }).wal };
}

/** Measures what a group of processes does with `runs` recipient runs that are due at the same time. */
export async function measureRate(
  bench: WorkerBench,
  kind: RateCase,
  group: ProcessGroup,
  { runs, serverFolder }: { runs: number; serverFolder: string },
): Promise<Rate> {
  const processes = group.processes.length;
  const units = kind === "empty jobs" ? runs * EMPTY_JOBS_PER_RUN : runs;
  let before: Usage;
  let seconds: number;
  if (kind === "workers") {
    await bench.enqueue(WARM_RUNS * processes);
    await bench.waitUntilDone();
    const startedAt = await bench.enqueue(runs);
    const newest = await bench.readNewestMessage();
    before = await readUsage(bench, group, serverFolder);
    await bench.waitUntilDone();
    const { count, committedAt } = await bench.readMessagesAfter(newest);
    if (count !== runs) throw new Error(`${count} messages were stored instead of ${runs}`);
    seconds = (committedAt - startedAt) / 1_000;
  } else {
    const [task, runsPerJob] = kind === "floor" ? ["insert", CHUNK] : ["empty", 1];
    await runJobs(bench, task, Math.ceil((WARM_RUNS * processes) / runsPerJob));
    before = await readUsage(bench, group, serverFolder);
    const { startedAt, endedAt } = await runJobs(bench, task, units / runsPerJob);
    seconds = (endedAt - startedAt) / 1_000;
  }
  const after = await readUsage(bench, group, serverFolder);
  return {
    case: kind,
    processes,
    per_second: units / seconds,
    client_us: (after.clientUs - before.clientUs) / units,
    server_us: (after.serverUs - before.serverUs) / units,
    wal_kb: (after.wal - before.wal) / units / 1_000,
    load: loadavg()[0] as number,
  };
}

/**
 * Returns the medians of the rounds of each case, in the order of the first round. A vacuum falls into some of them,
 * and can take half of a processor.
 */
const takeMedian = (values: readonly number[]): number => {
  const sorted = [...values].sort((one, other) => one - other);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]] as [number, number];
  return (low + high) / 2;
};

/** Selects the rates of a case with a number of processes. */
type RateOf = Pick<Rate, "case" | "processes">;

/**
 * Returns how many times as fast one case is as another: the median of the ratios of each round. The server takes twice as long
 * after the first round, so rates of different rounds are not comparable.
 */
export function compareRounds(rates: readonly Rate[], one: RateOf, other: RateOf): number {
  const list = ({ case: kind, processes }: RateOf): number[] =>
    rates.filter((rate) => rate.case === kind && rate.processes === processes).map((rate) => rate.per_second);
  const others = list(other);
  return takeMedian(list(one).map((rate, round) => rate / (others[round] as number)));
}

export function takeMedians(rates: readonly Rate[]): Rate[] {
  const groups = new Map<string, Rate[]>();
  for (const rate of rates) {
    const key = `${rate.case} ${rate.processes}`;
    groups.set(key, [...(groups.get(key) ?? []), rate]);
  }
  return [...groups.values()].map((group) => {
    const median = (name: Exclude<keyof Rate, "case">): number => takeMedian(group.map((rate) => rate[name]));
    const [first] = group as [Rate];
    return {
      ...first,
      per_second: Math.round(median("per_second")),
      client_us: Number(median("client_us").toFixed(1)),
      server_us: Number(median("server_us").toFixed(1)),
      wal_kb: Number(median("wal_kb").toFixed(2)),
      load: Number(median("load").toFixed(1)),
    };
  });
}
