// The measurements of workers.mjs, which starts the server. Writes progress to standard error and results to standard output as
// JSON.
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { compareRounds, measureRate, RATE_CASES, type Rate, takeMedians } from "./measure-rates.js";
import {
  BATCH_KEYS,
  type Measure,
  measureBacklog,
  measureBatches,
  measureDeath,
  measureLatency,
  measureLater,
} from "./measure-workers.js";
import { ProcessGroup } from "./processes.js";
import { WorkerBench } from "./worker-bench.js";
import { writeProject } from "./worker-project.js";

interface Options {
  location: string;
  serverFolder: string;
  projectFolder: string;
  /** The command `knock`. */
  command: string;
  /** The bundles of floor-worker.ts and batch-client.ts. */
  floorWorker: string;
  batchClient: string;
  runs: number;
  rounds: number;
  /** The parts to measure: rates, backlog, latency, later, death, batches. */
  parts: readonly string[];
}

const options = JSON.parse(process.argv[2] as string) as Options;
const { location, serverFolder, projectFolder, command, floorWorker, batchClient, runs, rounds } = options;
const PROCESS_COUNTS = [1, 2, 4];
const SAMPLE_RUNS = 1_000;
const MIN_FLOOR_RATIO = 0.4;
const MIN_SCALING = 0.95;
/** A machine is quiet if other programs leave this share of its processors. */
const QUIET_SHARE = 0.9;
const PAUSE_MS = 2_000;

const report = (text: string): void => void process.stderr.write(`${text}\n`);

const startWorkers = (count: number): Promise<ProcessGroup> =>
  ProcessGroup.start(count, () => [command, "worker", "--project", projectFolder, "--store", location]);

const startFloor = (count: number, task: string): Promise<ProcessGroup> =>
  ProcessGroup.start(count, () => [floorWorker, location, task]);

const startClients = (count: number, keys: string, triggers: number): Promise<ProcessGroup> =>
  ProcessGroup.start(count, () => [batchClient, location, keys, String(BATCH_KEYS), String(triggers)]);

/** Advances runs, so that the floor has rows to copy. */
async function advanceSampleRows(bench: WorkerBench): Promise<void> {
  const group = await startWorkers(1);
  await bench.enqueue(SAMPLE_RUNS);
  await bench.waitUntilDone();
  await group.stop();
}

/** Measures each case with each number of processes, in rounds whose order alternates. Returns the rates of all rounds. */
async function measureRates(bench: WorkerBench): Promise<Rate[]> {
  const cases = PROCESS_COUNTS.flatMap((processes) => RATE_CASES.map((kind) => ({ kind, processes })));
  const rates: Rate[] = [];
  await advanceSampleRows(bench);
  for (let round = 0; round < rounds; round++)
    for (const { kind, processes } of round % 2 === 0 ? cases : cases.toReversed()) {
      const group =
        kind === "workers"
          ? await startWorkers(processes)
          : await startFloor(processes, kind === "floor" ? "insert" : "empty");
      try {
        const rate = await measureRate(bench, kind, group, { runs, serverFolder });
        rates.push(rate);
        report(JSON.stringify(rate));
      } finally {
        await group.stop();
      }
    }
  return rates;
}

/** Compares the rates of all rounds with their targets. `medians` are for the details. */
function compareRates(rates: readonly Rate[], medians: readonly Rate[]): Measure[] {
  const find = (kind: Rate["case"], processes: number): Rate =>
    medians.find((rate) => rate.case === kind && rate.processes === processes) as Rate;
  const formatCpu = ({ client_us, server_us }: Rate): string => `${client_us} + ${server_us} µs`;
  const measures = PROCESS_COUNTS.map((processes): Measure => {
    const [workers, floor] = [find("workers", processes), find("floor", processes)];
    const ratio = compareRounds(rates, { case: "workers", processes }, { case: "floor", processes });
    const cpuRatio = (floor.client_us + floor.server_us) / (workers.client_us + workers.server_us);
    return {
      measure: `${processes} ${processes === 1 ? "worker" : "workers"} relative to jobs that only insert the rows`,
      value: Number(ratio.toFixed(2)),
      target: `at least ${MIN_FLOOR_RATIO}`,
      isMet: ratio >= MIN_FLOOR_RATIO,
      details: `by CPU time ${cpuRatio.toFixed(2)}: ${formatCpu(floor)} and ${formatCpu(workers)}`,
      load: workers.load,
    };
  });
  const ratio = compareRounds(rates, { case: "workers", processes: 4 }, { case: "workers", processes: 2 });
  measures.push({
    measure: "four workers relative to two",
    value: Number(ratio.toFixed(2)),
    target: `at least ${MIN_SCALING}`,
    isMet: ratio >= MIN_SCALING,
    details: `${find("workers", 4).per_second}/s and ${find("workers", 2).per_second}/s`,
    load: find("workers", 4).load,
  });
  return measures;
}

/** Returns the share of the processors' time that no program used during a pause. */
async function measureIdleShare(): Promise<number> {
  const read = (): { idle: number; all: number } => {
    const times = cpus().map((cpu) => cpu.times);
    const sum = (list: readonly number[]): number => list.reduce((total, value) => total + value, 0);
    return { idle: sum(times.map(({ idle }) => idle)), all: sum(times.map((one) => sum(Object.values(one)))) };
  };
  const before = read();
  await sleep(PAUSE_MS);
  const after = read();
  return (after.idle - before.idle) / (after.all - before.all);
}

process.once("SIGTERM", () => process.exit(1)); // so that the processes it has started end
const isQuiet = (await measureIdleShare()) > QUIET_SHARE;
writeProject(projectFolder);
const bench = await WorkerBench.open(location);
let rates: Rate[] = [];
const measures: Measure[] = [];
const parts: Record<string, () => Promise<Measure[]>> = {
  // Its target is for a disk that flushes in less than a millisecond. While the pages of other parts are written back, a commit takes
  // 40 to 100 ms every few seconds.
  latency: async () => [await measureLatency(bench, startWorkers, { isQuiet })],
  rates: async () => {
    const allRates = await measureRates(bench);
    rates = takeMedians(allRates);
    return compareRates(allRates, rates);
  },
  backlog: async () => [await measureBacklog(bench, startWorkers)],
  later: async () => [await measureLater(bench, startWorkers)],
  death: async () => [await measureDeath(bench, startWorkers)],
  batches: async () => [await measureBatches(startClients, rounds)],
};
for (const [name, measurePart] of Object.entries(parts)) {
  if (!options.parts.includes(name)) continue;
  await bench.vacuum();
  for (const measure of await measurePart()) {
    measures.push(measure);
    report(JSON.stringify(measure));
  }
}
await bench.close();
process.stdout.write(`${JSON.stringify({ isQuiet, rates, measures })}\n`);
