import { randomUUID } from "node:crypto";
import { availableParallelism, hostname } from "node:os";
import { getErrorMessage } from "../../../errors/knock-error.js";
import type {
  DueTaskResult,
  DueWorkObserver,
  DueWorkStatistics,
  ProjectRecord,
  RunDueTask,
  RunSuspected,
  SharedDueWork,
} from "../../../ports/due-work.js";
import { sleep } from "../../../util/sleep.js";
import type { Connection } from "../connection/connection.js";
import { connectClient } from "../connection/create-client.js";
import { growPartitions, isMissingRight } from "../connection/grow-partitions.js";
import { createMissingPartitionError } from "../connection/store-errors.js";
import { WriteProbe } from "../connection/write-probe.js";
import { hasDueSuspects, releaseDeadWork } from "../work/suspected-work.js";
import { addJobs, addJobsOfWakeups, createJobConnection, readWorkflowRun } from "./add-jobs.js";
import { ChannelLimits, planDeliveries } from "./channel-limits.js";
import { MAX_MOVED, moveDelayedJobs } from "./delayed-jobs.js";
import { JobAlarm } from "./job-alarm.js";
import { isHostCrowded, JobPools } from "./job-pools.js";
import { DUE_KINDS, type FoundJob, toDueTask, toJobFields, toLeftJob } from "./jobs.js";
import { MAX_SILENCE_MS } from "./live-processes.js";
import { checkJobTables } from "./migrate-jobs.js";
import { readLag, readStatistics } from "./read-statistics.js";
import { reconcile } from "./reconcile.js";
import { TenantShares } from "./tenant-shares.js";
import { findCommonError, WorkProgress } from "./work-progress.js";
import { releaseClaimsOf, WorkerRegistry } from "./worker-registry.js";

const BEAT_MS = 1_000;
/** Work that is due for this long without a job that waits for it has lost its job. */
const RECONCILING = { intervalMs: 5_000, maxOverdueMs: 10_000 };
/** How often a worker looks for delayed jobs that run soon. */
const MOVE_MS = 1_000;
/** How often a worker looks for suspected work. */
const SUSPECTS_MS = 1_000;
/** How often a worker looks whether a month has begun. */
const GROWTH_MS = 60_000;
/** A job that failed is done again after this time. graphile-worker would wait longer after each failure, up to six hours. */
const RETRY_MS = 2_000;
/** A job whose runs another worker has changed looks at its rows again after this time. */
const LOOK_AGAIN_MS = 1_000;
/** A job above the limit of its channel is found again after this time. */
const BUSY_CHANNEL_MS = 50;
const DEFAULT_GRACE_MS = 25_000;

interface PostgresDueWorkOptions {
  /** Identifies this worker. The tokens of its claims begin with it. */
  workerId?: string;
  /** The jobs that this process runs at a time. */
  concurrency: number;
  /** The jobs of one channel that it runs at a time. Default: half of all. */
  channelConcurrency?: number;
  runTask: RunDueTask;
  /** Does the suspected work that is due in another process. Without it, suspected work is left to others. */
  runSuspected?: RunSuspected;
  /** Reads the record of this worker's project. Without one, it leaves no work to workers with another project. */
  readProject?: () => Promise<ProjectRecord | null>;
  /** Ends the tasks that still run when the grace time of a stop is over. */
  releaseWork?: () => Promise<void>;
  observer: DueWorkObserver;
  /** How long work is due before it has lost its job, and how often this is checked. Tests use short times. */
  reconciling?: { intervalMs: number; maxOverdueMs: number };
  /** How often the worker looks whether a month has begun. Tests use short times. */
  growthIntervalMs?: number;
  /** The processors that the workers of this host share. Default: those that this process can use. */
  processors?: number;
}

/** Runs due work through graphile-worker, in any number of processes at the same time. */
export class PostgresDueWork implements SharedDueWork {
  private readonly stopping = new AbortController();
  private readonly jobs: Connection;
  private readonly pools: JobPools;
  private readonly alarm: JobAlarm;
  private readonly registry: WorkerRegistry;
  private readonly channels: ChannelLimits;
  private readonly shares: TenantShares;
  private readonly beats: Promise<void>;
  private readonly passes: Promise<void>;
  private readonly moves: Promise<void>;
  private readonly growth: Promise<void>;
  private readonly suspects: Promise<void>;
  private readonly probe: WriteProbe;
  private readonly progress = new WorkProgress(performance.now());
  private lastBeatAt = performance.now();
  private lastError = "";
  private isGrowthReported = false;

  private constructor(
    private readonly db: Connection,
    private readonly options: PostgresDueWorkOptions,
  ) {
    const { concurrency, workerId = randomUUID(), readProject = async () => null } = options;
    const { isPooled } = db;
    this.channels = new ChannelLimits(planDeliveries(concurrency, options.channelConcurrency));
    this.jobs = createJobConnection(db);
    this.probe = new WriteProbe(db);
    this.shares = new TenantShares(this.jobs);
    this.pools = new JobPools(this.jobs, {
      concurrency,
      isPooled,
      runJob: (job) => this.runJob(job),
      getSkippedFlags: () => [...this.channels.getSkippedFlags(), ...this.registry.getLeftFlags()],
      isHostCrowded: () =>
        isHostCrowded(1 + this.registry.others.workers_of_host, options.processors ?? availableParallelism()),
      onRestart: (error) => options.observer.onRestarted(error),
    });
    this.alarm = new JobAlarm(this.jobs, (jobs) => this.pools.nudge(jobs));
    this.registry = new WorkerRegistry(this.jobs, {
      workerId,
      host: hostname(),
      readProject,
      connect: () => connectClient(this.db.pool.options),
      onJobsAdded: (count) => {
        this.pools.nudge(count);
        this.alarm.look();
      },
      getPoolIds: () => this.pools.getPoolIds(),
    });
    this.beats = this.repeat(BEAT_MS, () => this.beat());
    this.passes = this.repeat((options.reconciling ?? RECONCILING).intervalMs, () => this.reconcile());
    this.moves = this.repeat(MOVE_MS, () => this.moveDelayedJobs(), { startsNow: true });
    this.growth = this.repeat(options.growthIntervalMs ?? GROWTH_MS, () => this.grow());
    this.suspects = this.repeat(SUSPECTS_MS, () => this.runSuspected());
  }

  /** Starts to run due work. Throws if the tables need an update, or the worker cannot record itself. */
  static async start(db: Connection, options: PostgresDueWorkOptions): Promise<PostgresDueWork> {
    await checkJobTables(db);
    // graphile-worker prints errors of its first statements with a stack, so the pools start only if the database can be written.
    await new WriteProbe(db).check();
    db.onRepeat = (code) => options.observer.onTransactionRepeated(code);
    const dueWork = new PostgresDueWork(db, options);
    try {
      await dueWork.recordWorker();
      return dueWork;
    } catch (error) {
      await dueWork.stop(0);
      throw db.explain(error);
    }
  }

  wake(dueAt = 0): void {
    const wakeups = DUE_KINDS.map((kind) => ({ kind, dueAt }));
    this.db.write((tx) => addJobsOfWakeups(tx, wakeups)).catch((error: unknown) => this.reportError(error));
  }

  async stop(graceMs: number = DEFAULT_GRACE_MS): Promise<void> {
    this.stopping.abort();
    this.alarm.stop();
    const onLate = () => void this.options.releaseWork?.().catch((error: unknown) => this.reportError(error));
    await this.pools.stop(graceMs, onLate, (tx) => this.registry.releaseClaims(tx));
    await Promise.all([this.beats, this.passes, this.moves, this.growth, this.suspects]);
    await this.registry.leave().catch((error: unknown) => this.reportError(error));
    await this.jobs.close();
  }

  async findProblem(): Promise<string | null> {
    try {
      await this.probe.check();
    } catch (error) {
      return getErrorMessage(error);
    }
    if (!this.pools.isRunning()) return "the search for jobs has ended and is being restarted";
    const silence = performance.now() - this.lastBeatAt;
    if (silence > MAX_SILENCE_MS) return `the last heartbeat was ${Math.round(silence / 1_000)} s ago`;
    return this.progress.findProblem(performance.now());
  }

  async readStatistics(): Promise<DueWorkStatistics> {
    return {
      ...(await readStatistics(this.jobs)),
      waitingForConnections: this.db.pool.waitingCount + this.jobs.pool.waitingCount,
      openCircuits: this.channels.listResting(),
      otherProjects: this.registry.others.projects,
    };
  }

  private async runJob(job: FoundJob): Promise<void> {
    const { task, payload } = job;
    const { observer, runTask } = this.options;
    const { channel } = payload;
    if (channel !== undefined && !this.channels.tryBegin(channel))
      return this.addAgain(job, BUSY_CHANNEL_MS, job.attempt - 1);
    const startedAt = performance.now();
    const fields = toJobFields(job);
    let result: DueTaskResult | null = null;
    let failed: unknown = null;
    try {
      const workflowRun = await readWorkflowRun(this.db, payload.workflowRunRow);
      Object.assign(fields, workflowRun);
      // Without its row, a workflow run was deleted and nothing of it is due.
      if (workflowRun !== undefined)
        result = await runTask(
          { ...toDueTask(task, payload, workflowRun), job: fields, isElsewhere: this.registry.isElsewhere },
          this.stopping.signal,
        );
      for (const failure of result?.failures ?? []) observer.onWorkFailed({ ...fields, ...failure });
      if (result?.error !== undefined) throw result.error;
      failed = findCommonError(result);
      // The rest of the work belongs to other workers.
      if (this.stopping.signal.aborted) await this.addAgain(job, 0);
      // Two jobs that meet leave runs to each other, or one leaves them to a worker that dies.
      else if (result !== null && result.refused > 0) await this.addAgain(job, LOOK_AGAIN_MS);
      if (result?.hasLeftWork) await this.leaveRest(job);
    } catch (error) {
      failed = error;
      // Without a database, the job stays locked until its pool has ended and unlocks it.
      await this.addAgain(job, RETRY_MS);
    } finally {
      if (channel !== undefined) this.channels.end(channel, failed === null ? result : null);
      const seconds = (performance.now() - startedAt) / 1_000;
      this.progress.noteJob(task, failed === null ? null : this.db.explain(failed), performance.now());
      observer.onJobEnded({ job: fields, seconds, error: failed, result });
      // A job without this look only loses time.
      await this.shares.countJob(task).catch((error: unknown) => this.reportError(error));
    }
  }

  /** Lets another process do the suspected work that is due, so that its end harms nothing else. */
  private async runSuspected(): Promise<void> {
    const { runSuspected, observer } = this.options;
    const { signal } = this.stopping;
    if (runSuspected === undefined || !(await hasDueSuspects(this.jobs))) return;
    const processId = randomUUID();
    const job = { job: processId, task: "suspected" };
    const startedAt = performance.now();
    let result: DueTaskResult | null = null;
    let failed: unknown = null;
    try {
      result = await runSuspected(processId, signal);
      for (const failure of result.failures ?? []) observer.onWorkFailed({ ...job, ...failure });
      failed = result.error ?? null;
    } catch (error) {
      failed = error;
      // Work is not to blame for a process that this worker has ended itself.
      await this.jobs.write((tx) =>
        signal.aborted
          ? releaseClaimsOf(tx, processId)
          : releaseDeadWork(tx, [{ id: processId, jobs: 0, runJobs: [] }], 0),
      );
    }
    observer.onJobEnded({ job, seconds: (performance.now() - startedAt) / 1_000, error: failed, result });
  }

  /** Adds a job for rows that this one may not have finished. It runs after `delayMs`. */
  private addAgain(
    { id, task, payload: first, size, ...job }: FoundJob,
    delayMs: number,
    attempt = job.attempt,
  ): Promise<void> {
    const payload = { ...first, job: id, attempt };
    return this.db.write((tx) => addJobs(tx, [{ task, payload, size, runAt: tx.startedAt + delayMs, key: null }]));
  }

  /** Adds a job for the work that is left to another project. This worker skips it while it knows of another one. */
  private async leaveRest(job: FoundJob): Promise<void> {
    if (this.registry.others.projects === 0) await this.recordWorker();
    await this.db.write((tx) => addJobs(tx, [toLeftJob(job, this.registry.project)]));
  }

  private async recordWorker(): Promise<void> {
    await this.registry.beat();
    this.lastBeatAt = performance.now();
  }

  private async beat(): Promise<void> {
    await this.recordWorker();
    this.alarm.look();
    const freed = await this.registry.freeDeadWorkers();
    if (freed > 0) this.options.observer.onWorkersFreed(freed);
    await this.shares.look();
  }

  private async moveDelayedJobs(): Promise<void> {
    while (!this.stopping.signal.aborted && (await moveDelayedJobs(this.jobs)) === MAX_MOVED) {
      // More jobs may run soon than one transaction moves.
    }
  }

  private async reconcile(): Promise<void> {
    const rows = await reconcile(this.jobs, (this.options.reconciling ?? RECONCILING).maxOverdueMs);
    if (rows > 0) this.options.observer.onReconciled(rows);
    // Work that is left to others is no lack of progress.
    this.progress.noteLag(this.registry.others.projects > 0 ? 0 : await readLag(this.jobs), performance.now());
  }

  /** Prepares the next partition, and begins it with its month. Without the right to do so, all other work continues. */
  private async grow(): Promise<void> {
    try {
      await growPartitions(this.jobs);
    } catch (error) {
      if (!isMissingRight(error)) throw error;
      if (!this.isGrowthReported) this.options.observer.onError(createMissingPartitionError(this.jobs.location, error));
      this.isGrowthReported = true;
    }
  }

  /** Repeats something until the worker stops. Errors end when the database can be reached again. */
  private async repeat(intervalMs: number, work: () => Promise<void>, { startsNow = false } = {}): Promise<void> {
    const { signal } = this.stopping;
    for (let isFirst = true; ; isFirst = false) {
      // The pauses vary, so that workers that start together spread their statements.
      if (!isFirst || !startsNow) await sleep(intervalMs * (0.9 + 0.2 * Math.random()), signal);
      if (signal.aborted) return;
      try {
        await work();
        this.lastError = "";
      } catch (error) {
        this.reportError(error);
      }
    }
  }

  /** Reports an error once, until it is another. */
  private reportError(error: unknown): void {
    const message = getErrorMessage(error);
    if (message !== this.lastError) this.options.observer.onError(this.db.explain(error));
    this.lastError = message;
  }
}
