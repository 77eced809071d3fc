// Simulates databases with workers that advance recipient runs in chunks. Every job passes the same stages: a worker fetches
// it, works in its thread, waits for the keys of its batches, uses the database, and waits for the flush of the commit.
import { CHUNK, type Costs } from "./costs.js";
import { EventQueue, Lock, Processors } from "./event-queue.js";
import { assignShards, computeWeights, createRandom, createSampler, placeShards, sumShards } from "./weights.js";

export type TriggerClass = "small" | "large";

/** Triggers that arrive at random times, each with recipients that are drawn by weight. */
export interface Arrival {
  class: TriggerClass;
  triggersPerSecond: number;
  recipients: number;
  fromMs?: number;
  untilMs?: number;
}

export interface Setup {
  seed: number;
  costs: Costs;
  /** Time for which triggers arrive, in milliseconds. Runs that are due then are still processed. */
  durationMs: number;
  arrivals: readonly Arrival[];
  /** Recipients of one trigger at the start, each notified once. */
  broadcast?: number;
  /** Recipient runs that are due at the start. */
  backlog?: number;
  /** The number of recipients, and the power of the rank by which a recipient is notified less often. */
  recipients: number;
  exponent: number;
  /** Time for which a recipient's batch is open. Without it, every run is advanced on its own. */
  batchWindowMs?: number;
  databases: number;
  placement?: "hash" | "load";
  databaseProcessors: number;
  /** The share of a processor that is available to the simulation; other programs use the rest. */
  speed?: number;
  /** Workers and databases use the same processors. */
  isShared?: boolean;
  workersPerDatabase: number;
  /** Jobs that one worker runs at once. */
  concurrency: number;
  /** Jobs of small triggers run first. */
  hasClasses?: boolean;
}

interface LagFigures {
  runs: number;
  p50: number;
  p99: number;
  max: number;
}

interface QueueFigures {
  meanJobs: number;
  maxJobs: number;
}

export interface Result {
  /** Time until the last run was advanced, in milliseconds. */
  endMs: number;
  inserted: number;
  advanced: number;
  jobs: number;
  walMb: number;
  storedMb: number;
  /** Time from due to saved, in milliseconds. */
  lag: Partial<Record<TriggerClass, LagFigures>>;
  queue: Record<TriggerClass, QueueFigures>;
  /** Share of its processors that each database used while triggers arrived. */
  loads: number[];
  /** The busiest recipient. A key can take one transaction after another, so the last figure is a limit. */
  hottestKey: { rowsPerSecond: number; transactionsPerSecond: number; maxTransactionsPerSecond: number | null };
}

interface Job {
  class: TriggerClass;
  runs: number;
  dueAt: number;
  clientUs: number;
  serverUs: number;
  locks: readonly Lock[];
  done: () => void;
}

/** The interval in which triggers that arrive at one database share a transaction, in milliseconds. */
const GROUP_MS = 10;
/** The busiest recipients, for which transactions on one key wait for each other. */
const HOT_KEYS = 8;
/** A simulation that cannot keep up ends after this many times its duration. */
const MAX_DRAIN = 20;

export function simulateSkew(setup: Setup): Result {
  return new Simulation(setup).run();
}

class Database {
  readonly queues: Record<TriggerClass, Job[]> = { small: [], large: [] };
  readonly processors: Processors;
  /** The processes that serve the API, as many as workers. Like a worker, each does one thing at a time between waits. */
  readonly apis: Lock[];
  readonly workers: { thread: Lock; running: Record<TriggerClass, number> }[];
  busyMs = 0;

  constructor(events: EventQueue, setup: Setup, shared: Processors | undefined) {
    this.processors = shared ?? new Processors(events, setup.databaseProcessors, setup.speed);
    this.apis = Array.from({ length: setup.workersPerDatabase }, () => new Lock(events));
    this.workers = Array.from({ length: setup.workersPerDatabase }, () => ({
      thread: new Lock(events),
      running: { small: 0, large: 0 },
    }));
  }
}

class Simulation {
  private readonly events = new EventQueue();
  private readonly random: () => number;
  private readonly draw: () => number;
  private readonly databases: Database[];
  private readonly shards: Uint8Array;
  private readonly databaseOf: Uint8Array;
  private readonly locks: Lock[];
  private readonly openUntil: Float64Array;
  private readonly processors: Processors;
  private readonly lags: Record<TriggerClass, { lag: number; runs: number }[]> = { small: [], large: [] };
  private readonly queued = { small: { sum: 0, max: 0 }, large: { sum: 0, max: 0 } };
  private readonly slots = new Map<string, number>();
  private requests = 0;
  private samples = 0;
  private hottestRows = 0;
  private inserted = 0;
  private advanced = 0;
  private jobs = 0;
  private endMs = 0;
  private loads: number[] = [];

  constructor(private readonly setup: Setup) {
    this.random = createRandom(setup.seed);
    const weights = computeWeights(setup.recipients, setup.exponent);
    this.shards = assignShards(setup.recipients);
    const placed = placeShards(sumShards(weights, this.shards), setup.databases, setup.placement ?? "hash");
    this.databaseOf = this.shards.map((shard) => placed[shard]!);
    this.draw = createSampler(weights, this.random);
    this.locks = Array.from({ length: HOT_KEYS }, () => new Lock(this.events));
    this.openUntil = new Float64Array(setup.batchWindowMs === undefined ? 0 : setup.recipients).fill(-1);
    const { isShared = false, databaseProcessors, speed } = setup;
    this.processors = new Processors(this.events, isShared ? databaseProcessors : Number.POSITIVE_INFINITY, speed);
    this.databases = Array.from(
      { length: setup.databases },
      () => new Database(this.events, setup, isShared ? this.processors : undefined),
    );
  }

  run(): Result {
    const { durationMs, broadcast = 0, backlog = 0 } = this.setup;
    for (let left = backlog; left > 0; left -= CHUNK) this.addAdvance(0, "large", Math.min(left, CHUNK), 0);
    if (broadcast > 0) this.startBroadcast(broadcast);
    this.events.add(GROUP_MS, () => this.arrive());
    this.events.add(durationMs, () => {
      this.loads = this.databases.map(
        ({ busyMs }) => busyMs / durationMs / (this.setup.databaseProcessors * (this.setup.speed ?? 1)),
      );
    });
    this.events.run(durationMs * MAX_DRAIN);
    return this.report();
  }

  /** Draws the triggers of one interval, and inserts their runs: one transaction for each class and database. */
  private arrive(): void {
    const { arrivals, databases, durationMs } = this.setup;
    const now = this.events.now;
    for (const name of ["small", "large"] as const) {
      const chunks: number[][] = Array.from({ length: databases }, () => []);
      for (const { class: of, triggersPerSecond, recipients, fromMs = 0, untilMs = durationMs } of arrivals) {
        if (of !== name || now < fromMs || now > untilMs) continue;
        const runs = this.drawCount((triggersPerSecond * GROUP_MS) / 1_000) * recipients;
        for (let run = 0; run < runs; run++) {
          const recipient = this.draw();
          chunks[this.databaseOf[recipient]!]!.push(recipient);
        }
      }
      for (const [database, recipients] of chunks.entries())
        for (let first = 0; first < recipients.length; first += CHUNK)
          this.insertByApi(database, name, recipients.slice(first, first + CHUNK));
    }
    for (const name of ["small", "large"] as const) {
      const jobs = this.databases.reduce((sum, { queues }) => sum + queues[name].length, 0);
      this.queued[name].sum += jobs;
      this.queued[name].max = Math.max(this.queued[name].max, jobs);
    }
    this.samples++;
    if (now + GROUP_MS <= durationMs) this.events.add(GROUP_MS, () => this.arrive());
  }

  /** Draws the number of events of an interval by its mean (Poisson). */
  private drawCount(mean: number): number {
    if (mean > 50) {
      const normal = Math.sqrt(-2 * Math.log(1 - this.random())) * Math.cos(2 * Math.PI * this.random());
      return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
    }
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = this.random(); product > limit; product *= this.random()) count++;
    return count;
  }

  private insertByApi(database: number, name: TriggerClass, recipients: readonly number[]): void {
    const { apis } = this.databases[database]!;
    const job = this.createInsert(database, name, recipients);
    this.useThread(apis[this.requests++ % apis.length]!, job.clientUs, () => this.commit(database, job));
  }

  /** Starts a trigger whose recipients are each notified once. Every database reads its own, a chunk at a time. */
  private startBroadcast(recipients: number): void {
    const lists: number[][] = this.databases.map(() => []);
    for (let recipient = 0; recipient < recipients; recipient++)
      lists[this.databaseOf[recipient % this.setup.recipients]!]!.push(recipient % this.setup.recipients);
    for (const [database, list] of lists.entries()) this.addFanOut(database, list, 0);
  }

  private addFanOut(database: number, list: readonly number[], first: number): void {
    if (first >= list.length) return;
    const job = this.createInsert(database, "large", list.slice(first, first + CHUNK));
    const { done } = job;
    job.done = () => {
      done();
      this.addFanOut(database, list, first + CHUNK);
    };
    this.addJob(database, job);
  }

  private createInsert(database: number, name: TriggerClass, recipients: readonly number[]): Job {
    const { costs, batchWindowMs } = this.setup;
    const now = this.events.now;
    const runs = recipients.length;
    const opened: number[] = [];
    const hot = new Set<number>();
    for (const recipient of recipients) {
      if (recipient === 0) this.hottestRows++;
      if (batchWindowMs === undefined) continue;
      if (recipient < HOT_KEYS) hot.add(recipient);
      if (this.openUntil[recipient]! >= now) continue;
      this.openUntil[recipient] = now + batchWindowMs;
      opened.push(recipient);
    }
    const joins = batchWindowMs === undefined ? 0 : 1;
    return {
      class: name,
      runs,
      dueAt: now,
      clientUs: runs * (costs.insertClientUs + joins * costs.joinClientUs),
      serverUs: runs * (costs.insertServerUs + joins * costs.joinServerUs),
      locks: [...hot].sort((left, right) => left - right).map((recipient) => this.locks[recipient]!),
      done: () => {
        this.inserted += runs;
        if (batchWindowMs === undefined) this.addAdvance(database, name, runs, now);
        else for (const recipient of opened) this.addWake(database, name, recipient, now + batchWindowMs);
      },
    };
  }

  /** Adds a run that is due later to the job of its shard and time slot. */
  private addWake(database: number, name: TriggerClass, recipient: number, dueAt: number): void {
    const delay = dueAt - this.events.now;
    const slotMs = delay > 60_000 ? 1_000 : 100;
    const slot = Math.ceil(dueAt / slotMs) * slotMs;
    const key = `${name} ${this.shards[recipient]} ${slot}`;
    const runs = this.slots.get(key);
    this.slots.set(key, (runs ?? 0) + 1);
    if (runs !== undefined) return;
    this.events.add(slot - this.events.now, () => {
      const due = this.slots.get(key)!;
      this.slots.delete(key);
      for (let left = due; left > 0; left -= CHUNK) this.addAdvance(database, name, Math.min(left, CHUNK), slot);
    });
  }

  private addAdvance(database: number, name: TriggerClass, runs: number, dueAt: number): void {
    const { costs } = this.setup;
    this.addJob(database, {
      class: name,
      runs,
      dueAt,
      clientUs: costs.jobUs + runs * costs.advanceClientUs,
      serverUs: runs * costs.advanceServerUs,
      locks: [],
      done: () => {
        this.advanced += runs;
        this.endMs = this.events.now;
        this.lags[name].push({ lag: this.events.now - dueAt, runs });
      },
    });
  }

  private addJob(database: number, job: Job): void {
    const { queues } = this.databases[database]!;
    queues[this.setup.hasClasses === false ? "large" : job.class].push(job);
    this.startJobs(database);
  }

  /** Gives waiting jobs to the workers with the most free places. One place in eight is reserved for each class. */
  private startJobs(database: number): void {
    const { queues, workers } = this.databases[database]!;
    const { concurrency, hasClasses = true } = this.setup;
    const reserved = hasClasses && concurrency > 1 ? Math.max(1, Math.floor(concurrency / 8)) : 0;
    for (const name of ["small", "large"] as const) {
      while (queues[name].length > 0) {
        const free = workers.filter(
          ({ running }) => running.small + running.large < concurrency && running[name] < concurrency - reserved,
        );
        if (free.length === 0) break;
        const worker = free.reduce((best, other) =>
          other.running.small + other.running.large < best.running.small + best.running.large ? other : best,
        );
        const job = queues[name].shift()!;
        worker.running[name]++;
        this.jobs++;
        this.events.add(this.setup.costs.pickupMs, () =>
          this.useThread(worker.thread, job.clientUs, () =>
            this.commit(database, job, () => {
              worker.running[name]--;
              this.startJobs(database);
            }),
          ),
        );
      }
    }
  }

  /** Uses a process and one of the processors, which are those of the database if they are shared. */
  private useThread(thread: Lock, microseconds: number, done: () => void): void {
    thread.take(() =>
      this.processors.use(microseconds / 1_000, () => {
        thread.release();
        done();
      }),
    );
  }

  /** Runs the transaction of a job in its database. Keys are locked in order, so that no two jobs wait for each other. */
  private commit(database: number, job: Job, after?: () => void, position = 0): void {
    const lock = job.locks[position];
    if (lock !== undefined) {
      lock.take(() => this.commit(database, job, after, position + 1));
      return;
    }
    const target = this.databases[database]!;
    target.processors.use(job.serverUs / 1_000, () => {
      target.busyMs += job.serverUs / 1_000;
      this.events.add(this.setup.costs.flushMs, () => {
        for (const held of job.locks) held.release();
        job.done();
        after?.();
      });
    });
  }

  private report(): Result {
    const { costs, durationMs } = this.setup;
    const lag: Result["lag"] = {};
    for (const name of ["small", "large"] as const)
      if (this.lags[name].length > 0) lag[name] = computeLagFigures(this.lags[name]);
    const readQueue = (name: TriggerClass) => ({
      meanJobs: this.queued[name].sum / Math.max(1, this.samples),
      maxJobs: this.queued[name].max,
    });
    const hottest = this.locks[0]!;
    return {
      endMs: this.endMs,
      inserted: this.inserted,
      advanced: this.advanced,
      jobs: this.jobs,
      walMb: (this.inserted * costs.insertWalKb + this.advanced * costs.advanceWalKb) / 1_000,
      storedMb: (this.inserted * costs.storedKb) / 1_000,
      lag,
      queue: { small: readQueue("small"), large: readQueue("large") },
      loads: this.loads,
      hottestKey: {
        rowsPerSecond: (this.hottestRows * 1_000) / durationMs,
        transactionsPerSecond: (hottest.taken * 1_000) / durationMs,
        maxTransactionsPerSecond: hottest.taken === 0 ? null : (hottest.taken * 1_000) / hottest.heldMs,
      },
    };
  }
}

function computeLagFigures(lags: { lag: number; runs: number }[]): LagFigures {
  const sorted = lags.toSorted((left, right) => left.lag - right.lag);
  const runs = sorted.reduce((sum, { runs }) => sum + runs, 0);
  const find = (share: number) => {
    let left = runs * share;
    for (const { lag, runs } of sorted) {
      left -= runs;
      if (left <= 0) return lag;
    }
    return 0;
  };
  return { runs, p50: find(0.5), p99: find(0.99), max: sorted.at(-1)!.lag };
}
