import { type JobHelpers, runTaskList, type TaskList, type WorkerPool } from "graphile-worker";
import type { Pool } from "pg";
import { endsWithin } from "../../../util/ends-within.js";
import { Pauses } from "../../../util/pauses.js";
import type { Connection } from "../connection/connection.js";
import type { Transaction } from "../connection/transaction.js";
import { DELIVERY_FLAG, type FoundJob, type JobPayload, LARGE_ADVANCE_FLAG, TASKS, toSizeFlag } from "./jobs.js";
import { silentLogger } from "./migrate-jobs.js";
import { unlockPools } from "./worker-registry.js";

/** Notifications announce new jobs. Jobs that become due later, those of dead workers, and unannounced ones are found by polling. */
const POLL_MS = 1_000;
/** The pause before a pool that ended is started again. */
const RESTART_DELAY_MS = 500;
/** One in this many jobs of a worker is reserved for small ones. */
const RESERVED_SHARE = 8;
/** Workers with fewer jobs at a time have nothing to reserve. */
const MIN_RESERVING_CONCURRENCY = 4;

/** A worker advances this many large chunks of runs at a time. */
const MAX_LARGE_ADVANCES = 2;
/**
 * Returns whether the large advances of a host's workers mostly wait for its processors, so that each worker should run only one at a
 * time.
 */
export function isHostCrowded(workers: number, processors: number): boolean {
  return workers > processors;
}

/** The jobs that a pool leaves to others, and how many it runs at a time. */
interface PoolPlan {
  concurrency: number;
  skippedFlags: readonly string[];
  /** Whether it also leaves large advances to others on a crowded host. */
  isExtra?: boolean;
}

/**
 * Divides a worker's concurrency: a share for each size of jobs that deliver nothing, and the rest for all but large advances. The
 * share of large jobs limits these, because jobs that are looked for at the same time cannot be counted before they are found. It
 * is divided in two, so that a part of it can be left to other workers.
 */
export function planPools(concurrency: number): PoolPlan[] {
  if (concurrency < MIN_RESERVING_CONCURRENCY) return [{ concurrency, skippedFlags: [] }];
  const small = Math.max(1, Math.floor(concurrency / RESERVED_SHARE));
  const large = Math.min(MAX_LARGE_ADVANCES, Math.floor(concurrency / MIN_RESERVING_CONCURRENCY));
  return [
    { concurrency: concurrency - small - large, skippedFlags: [LARGE_ADVANCE_FLAG] },
    { concurrency: small, skippedFlags: [toSizeFlag("large"), DELIVERY_FLAG] },
    { concurrency: 1, skippedFlags: [toSizeFlag("small"), DELIVERY_FLAG] },
    ...(large > 1
      ? [{ concurrency: large - 1, skippedFlags: [toSizeFlag("small"), DELIVERY_FLAG], isExtra: true }]
      : []),
  ];
}

/** Returns how many jobs of a worker can deliver messages. */
export function countDeliveryJobs(concurrency: number): number {
  return planPools(concurrency)
    .filter(({ skippedFlags }) => !skippedFlags.includes(DELIVERY_FLAG))
    .reduce((sum, plan) => sum + plan.concurrency, 0);
}

/**
 * Returns a view of connections on which graphile-worker does not listen. Each of its pools would keep a connection for that,
 * which it requests with a callback, unlike those for statements. The worker's own session listens for all pools.
 */
function withoutListening(pool: Pool): Pool {
  const connect = (onConnected?: unknown) => (onConnected === undefined ? pool.connect() : undefined);
  return Object.assign(Object.create(pool), { connect });
}

interface JobPoolOptions {
  concurrency: number;
  /** Whether session state is not available, because a pooler stands between. */
  isPooled: boolean;
  runJob(job: FoundJob): Promise<void>;
  /** Returns the flags of jobs that all pools leave for now. */
  getSkippedFlags(): readonly string[];
  /** Returns whether the workers of this host advance too many large chunks. */
  isHostCrowded(): boolean;
  /** Called when a pool has ended and is started again, which happens after a restart of the database. */
  onRestart(error: unknown): void;
}

/**
 * Runs graphile-worker's pools. A pool ends when the database restarts, and reports this only by its promise, so each one is
 * supervised.
 */
export class JobPools {
  private readonly pools = new Map<PoolPlan, WorkerPool>();
  private readonly supervisors: Promise<void>[];
  private isStopping = false;
  private readonly pauses = new Pauses();

  constructor(
    private readonly db: Connection,
    private readonly options: JobPoolOptions,
  ) {
    this.supervisors = planPools(options.concurrency).map((plan) => this.supervise(plan));
  }

  /** Returns the ids with which jobs are locked. */
  getPoolIds(): string[] {
    return [...this.pools.values()].map(({ id }) => id);
  }

  /** Returns whether every pool looks for jobs. */
  isRunning(): boolean {
    return this.pools.size === this.supervisors.length;
  }

  /** Looks for up to `count` jobs in each pool now. */
  nudge(count: number): void {
    for (const [{ concurrency }, pool] of this.pools) if (pool._active) pool.nudge(Math.min(count, concurrency));
  }

  /**
   * Starts no more jobs. Jobs that still run after `graceMs` are released, and what they claim with `releaseClaims`, so that other
   * workers can repeat them. Calls `onLate` before.
   */
  async stop(graceMs: number, onLate: () => void, releaseClaims: (tx: Transaction) => Promise<void>): Promise<void> {
    this.isStopping = true;
    this.pauses.end();
    const poolIds = this.getPoolIds();
    const pools = [...this.pools.values()];
    const ended = Promise.allSettled(pools.map((pool) => Promise.resolve(pool.gracefulShutdown())));
    const isLate = !(await endsWithin(ended, graceMs));
    if (isLate) {
      onLate();
      await Promise.allSettled(pools.map((pool) => Promise.resolve(pool.forcefulShutdown("the grace time is over"))));
    }
    const release = async (tx: Transaction): Promise<void> => {
      if (isLate) await releaseClaims(tx);
      await unlockPools(tx, poolIds);
    };
    await this.db.write(release).catch(() => {}); // without a database, other workers do this
    await Promise.all(this.supervisors);
  }

  private async supervise(plan: PoolPlan): Promise<void> {
    while (!this.isStopping) {
      const pool = this.startPool(plan);
      this.pools.set(plan, pool);
      const error = await pool.promise.then(
        () => null,
        (reason: unknown) => reason,
      );
      if (this.isStopping) break;
      this.pools.delete(plan);
      this.options.onRestart(error);
      await this.unlock(pool.id);
    }
  }

  /** Unlocks the jobs of a pool that ended, as soon as the database can be reached. */
  private async unlock(poolId: string): Promise<void> {
    while (!this.isStopping) {
      await this.pauses.wait(RESTART_DELAY_MS);
      try {
        await this.db.write((tx) => unlockPools(tx, [poolId]));
        return;
      } catch {
        // The database is still away.
      }
    }
  }

  private startPool({ concurrency, skippedFlags, isExtra = false }: PoolPlan): WorkerPool {
    const { runJob, getSkippedFlags, isHostCrowded, isPooled } = this.options;
    const tasks: TaskList = Object.fromEntries(
      TASKS.map((task) => [
        task,
        (found: unknown, { job }: JobHelpers) => {
          const payload = found as JobPayload;
          return runJob({
            // graphile-worker declares a text, but the driver reads a number.
            id: payload.job ?? String(job.id),
            task,
            payload,
            size: job.flags?.[toSizeFlag("large")] ? "large" : "small",
            attempt: (payload.attempt ?? 0) + job.attempts,
          });
        },
      ]),
    );
    return runTaskList(
      {
        concurrency,
        schema: this.db.jobSchema,
        logger: silentLogger,
        noHandleSignals: true,
        noPreparedStatements: isPooled,
        pollInterval: POLL_MS,
        forbiddenFlags: () => [
          ...skippedFlags,
          ...(isExtra && isHostCrowded() ? [LARGE_ADVANCE_FLAG] : []),
          ...getSkippedFlags(),
        ],
      },
      tasks,
      withoutListening(this.db.pool),
    );
  }
}
