// The measurements of workers.mjs other than rates: latencies, the death of a worker, and batches.
import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProcessGroup } from "./processes.js";
import type { TimedTrigger, WorkerBench } from "./worker-bench.js";

/** A comparison with a target. */
export interface Measure {
  measure: string;
  value: number;
  target: string;
  isMet: boolean;
  details: string;
  load: number;
}

type StartWorkers = (count: number) => Promise<ProcessGroup>;

const WARM_RUNS = 5_000;
const SMALL = { size: 20, intervalMs: 200, ms: 6_000 };
const BACKLOG = 30_000;
/** A backlog is done after about three seconds, which is too short for many triggers. */
const BACKLOGS = 5;
const MAX_BACKLOG_RATIO = 3;

/** Calls `work` with workers that have run before. */
async function withWarmWorkers<T>(
  bench: WorkerBench,
  startWorkers: StartWorkers,
  work: (group: ProcessGroup) => Promise<T>,
): Promise<T> {
  const group = await startWorkers(2);
  try {
    await bench.enqueue(WARM_RUNS);
    await bench.waitUntilDone();
    return await work(group);
  } finally {
    await group.stop();
  }
}

function findPercentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}

/** Returns the times from the call of a trigger until its last message was stored, without its delay. */
const listLatencies = (triggers: readonly TimedTrigger[]): number[] =>
  triggers.map(({ triggerMs, dueAt, storedAt }) => triggerMs + Math.max(0, storedAt - dueAt));

const format = (ms: number): string => `${Math.round(ms)} ms`;
const readLoad = (): number => Number((loadavg()[0] as number).toFixed(1));

/** Returns the small triggers whose runs became due while a backlog was being worked on. */
async function timeTriggersBesideBacklog(bench: WorkerBench): Promise<TimedTrigger[]> {
  const newest = await bench.readNewestMessage();
  const startsAt = await bench.enqueue(BACKLOG);
  let isDone = false;
  const backlog = bench.waitForNone(DUE_OF_BACKLOG).then(() => {
    isDone = true;
  });
  const triggers = await bench.timeTriggers(SMALL.size, SMALL.intervalMs, () => isDone);
  await backlog;
  const { committedAt: endsAt } = await bench.readMessagesAfter(newest);
  return triggers.filter(({ dueAt }) => dueAt > startsAt && dueAt < endsAt);
}

/** Compares small triggers beside a backlog with small triggers alone. */
export async function measureBacklog(bench: WorkerBench, startWorkers: StartWorkers): Promise<Measure> {
  return withWarmWorkers(bench, startWorkers, async () => {
    const until = performance.now() + SMALL.ms;
    const alone = listLatencies(
      await bench.timeTriggers(SMALL.size, SMALL.intervalMs, () => performance.now() > until),
    );
    const counted: TimedTrigger[] = [];
    for (let count = 0; count < BACKLOGS; count++) counted.push(...(await timeTriggersBesideBacklog(bench)));
    const beside = listLatencies(counted);
    const ownP50 = findPercentile(
      counted.map(({ triggerMs }) => triggerMs),
      0.5,
    );
    const ratio = findPercentile(beside, 0.5) / findPercentile(alone, 0.5);
    return {
      measure: `small triggers beside a backlog of ${BACKLOG}, p50 relative to without`,
      value: Number(ratio.toFixed(2)),
      target: `at most ${MAX_BACKLOG_RATIO}`,
      isMet: ratio <= MAX_BACKLOG_RATIO,
      details: [
        `alone p50 ${format(findPercentile(alone, 0.5))}, longest ${format(Math.max(...alone))} (${alone.length})`,
        `beside p50 ${format(findPercentile(beside, 0.5))}, of which the trigger itself ${format(ownP50)}, longest ${format(Math.max(...beside))} (${beside.length})`,
      ].join("; "),
      load: readLoad(),
    };
  });
}

const DUE_OF_BACKLOG = `
  SELECT 1 FROM recipient_runs r JOIN workflow_runs w ON w.row = r.workflow_run
  WHERE r.due_at IS NOT NULL AND w.workflow = 'later' LIMIT 1`;

const LATENCY = { size: 100, ms: 24_000 };
const MAX_QUIET_P99_MS = 100;
const MAX_QUIET_FLUSH_MS = 1;

/** Returns how many recipient runs per second are triggered and advanced, when one happens after the other. */
async function measureCapacity(bench: WorkerBench): Promise<number> {
  const dueAt = await bench.enqueue(WARM_RUNS);
  await bench.waitUntilDone();
  return (WARM_RUNS * 1_000) / (bench.lastEnqueueMs + Date.now() - dueAt);
}

/**
 * Measures the time from a trigger to its stored messages at half of the rate at which runs were triggered and advanced before. The
 * target depends on whether the machine is quiet and on the time of a flush.
 */
export async function measureLatency(
  bench: WorkerBench,
  startWorkers: StartWorkers,
  { isQuiet }: { isQuiet: boolean },
): Promise<Measure> {
  return withWarmWorkers(bench, startWorkers, async () => {
    const flushMs = await bench.measureFlush();
    const runsPerSecond = Math.round((await measureCapacity(bench)) / 2);
    const until = performance.now() + LATENCY.ms;
    const triggers = await bench.timeTriggers(
      LATENCY.size,
      (LATENCY.size * 1_000) / runsPerSecond,
      () => performance.now() > until,
    );
    const all = listLatencies(triggers);
    const [p50, p99] = [findPercentile(all, 0.5), findPercentile(all, 0.99)];
    const own = triggers.map(({ triggerMs }) => triggerMs);
    const ownP99 = findPercentile(own, 0.99);
    const isStrict = isQuiet && flushMs < MAX_QUIET_FLUSH_MS;
    const limit = isStrict ? MAX_QUIET_P99_MS : 3 * p50 + ownP99;
    return {
      measure: `trigger of ${LATENCY.size} to stored messages at half load (${runsPerSecond} runs/s), p99 in ms`,
      value: Math.round(p99),
      target: isStrict ? `less than ${limit}` : `at most ${Math.round(limit)} (3 × p50 + the trigger's p99)`,
      isMet: isStrict ? p99 < limit : p99 <= limit,
      details: [
        `p50 ${format(p50)}`,
        `the trigger itself p50 ${format(findPercentile(own, 0.5))}, p99 ${format(ownP99)}`,
        `flush ${flushMs.toFixed(1)} ms, ${isQuiet ? "quiet" : "busy"} machine, ${all.length} triggers`,
      ].join("; "),
      load: readLoad(),
    };
  });
}

const LATER = { jobs: 1_000_000, runs: 100_000 };
const MAX_LATER_RATIO = 1.5;

/** Compares small triggers in a database with many runs and jobs for later with those before there were any. */
export async function measureLater(bench: WorkerBench, startWorkers: StartWorkers): Promise<Measure> {
  return withWarmWorkers(bench, startWorkers, async () => {
    const measureSmall = async (): Promise<{ p50: number; capacity: number }> => {
      const until = performance.now() + SMALL.ms;
      const triggers = await bench.timeTriggers(SMALL.size, SMALL.intervalMs, () => performance.now() > until);
      return { p50: findPercentile(listLatencies(triggers), 0.5), capacity: await measureCapacity(bench) };
    };
    const before = await measureSmall();
    await bench.addForTomorrow(LATER);
    const after = await measureSmall();
    await bench.deleteForTomorrow();
    const ratio = after.p50 / before.p50;
    return {
      measure: `small triggers with ${LATER.jobs} jobs and ${LATER.runs} runs for later, p50 relative to without`,
      value: Number(ratio.toFixed(2)),
      target: `at most ${MAX_LATER_RATIO}`,
      isMet: ratio <= MAX_LATER_RATIO,
      details: [
        `p50 ${format(before.p50)} and ${format(after.p50)}`,
        `${Math.round(before.capacity)} and ${Math.round(after.capacity)} runs triggered and advanced per second`,
      ].join("; "),
      load: readLoad(),
    };
  });
}

const KILLED_BACKLOG = 20_000;
const MAX_RECOVERY_MS = 5_000;

const SELECT_JOBS_OF_WORKER = `
  SELECT (job.payload -> 'rows' ->> 'from')::bigint AS from, (job.payload -> 'rows' ->> 'to')::bigint AS to
  FROM graphile_worker._private_jobs job JOIN workers w ON job.locked_by = ANY (w.pool_ids)
  WHERE w.id = $1 AND job.payload -> 'rows' IS NOT NULL`;

/** Measures the time from the death of one of two workers until the runs of its jobs are done. */
export async function measureDeath(bench: WorkerBench, startWorkers: StartWorkers): Promise<Measure> {
  return withWarmWorkers(bench, startWorkers, async (group) => {
    const [first] = group.processes as [ProcessGroup["processes"][number]];
    const { worker } = JSON.parse(first.firstLine) as { worker: string };
    const dueAt = await bench.enqueue(KILLED_BACKLOG);
    await sleep(Math.max(0, dueAt + 500 - Date.now()));
    let jobs: { from: number; to: number }[] = [];
    while (jobs.length === 0) jobs = await bench.db.all(SELECT_JOBS_OF_WORKER, worker);
    first.child.kill("SIGKILL");
    const killedAt = Date.now();
    await bench.waitUntilDone();
    const commits = await Promise.all(jobs.map((rows) => bench.readLastCommit(rows)));
    const ms = Math.max(...commits) - killedAt;
    return {
      measure: "runs of a killed worker done after, in ms",
      value: Math.round(ms),
      target: `less than ${MAX_RECOVERY_MS}`,
      isMet: ms < MAX_RECOVERY_MS,
      details: `${jobs.length} jobs were running`,
      load: readLoad(),
    };
  });
}

/** The batches that each trigger reaches. */
export const BATCH_KEYS = 200;
const BATCH_TRIGGERS = 120;
const MIN_BATCH_RATIO = 0.6;

/** Returns runs per second of clients that trigger batches with the same keys. */
async function measureBatchRate(
  startClients: (count: number, keys: string, triggers: number) => Promise<ProcessGroup>,
  clients: number,
  keys: string,
): Promise<number> {
  const group = await startClients(clients, keys, BATCH_TRIGGERS / clients);
  try {
    const startedAt = performance.now();
    await Promise.all(
      group.processes.map(
        ({ child }) =>
          new Promise((resolve) => {
            child.stdout?.once("data", resolve);
            child.stdin?.write("go\n");
          }),
      ),
    );
    return (BATCH_KEYS * BATCH_TRIGGERS * 1_000) / (performance.now() - startedAt);
  } finally {
    await group.stop();
  }
}

/** Compares four clients that trigger batches with the same keys with one client. */
export async function measureBatches(
  startClients: (count: number, keys: string, triggers: number) => Promise<ProcessGroup>,
  rounds: number,
): Promise<Measure> {
  const rates = new Map<number, number[]>([
    [1, []],
    [4, []],
  ]);
  for (let round = 0; round < rounds; round++)
    for (const clients of round % 2 === 0 ? [1, 4] : [4, 1])
      rates.get(clients)?.push(await measureBatchRate(startClients, clients, `key-${round}-${clients}`));
  const mean = (clients: number): number => {
    const list = rates.get(clients) as number[];
    return list.reduce((sum, rate) => sum + rate, 0) / list.length;
  };
  const ratio = mean(4) / mean(1);
  return {
    measure: "batches: four clients on one set of keys relative to one",
    value: Number(ratio.toFixed(2)),
    target: `at least ${MIN_BATCH_RATIO}`,
    isMet: ratio >= MIN_BATCH_RATIO,
    details: `${Math.round(mean(1))}/s with one, ${Math.round(mean(4))}/s with four`,
    load: readLoad(),
  };
}
