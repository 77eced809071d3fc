import { randomInt } from "node:crypto";
import type { Client } from "pg";
import type { ProjectRecord } from "../../../ports/due-work.js";
import { isJsonObject } from "../../../util/json.js";
import type { Connection } from "../connection/connection.js";
import { DATABASE_TIME, JOB_SCHEMA, type Transaction } from "../connection/transaction.js";
import { RELEASES_OF_WORKERS } from "../work/release-claims.js";
import { releaseDeadWork } from "../work/suspected-work.js";
import { DUE_KINDS, type JobPayload, MAX_RUNS_PER_JOB, toLeftFlag } from "./jobs.js";
import { isElsewhere, MAX_SILENCE_MS, type OtherProcesses, recordProcess, removeProcess } from "./live-processes.js";

/** The first number of the advisory locks of workers. The second is the worker's own. */
export const LOCK_SPACE = 7_203;

/** A worker that holds its lock is only slow, for example without a free processor. It is dead if it hangs for this time. */
const MAX_LOCKED_SILENCE_MS = 20_000;
/**
 * Lets the server notice within about 5 seconds that the machine of a session is lost, also while a notification is under way, which
 * stops keepalives. The kernel of the worker responds, however busy the worker is.
 */
const NOTICE_LOST_MACHINES =
  "SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3; SET tcp_user_timeout = 5000";
/**
 * A worker without its lock is dead after this time. It is a little longer than the interval of its heartbeats, because after
 * a restart of the database all workers are without a lock until they are connected again.
 */
const MAX_UNLOCKED_MS = 1_500;

/**
 * Deletes dead processes. One without a lock to compare, for example behind a pooler, is dead after the first time. If several workers find the same ones, only one of them deletes them.
 */
const DELETE_DEAD = `
  DELETE FROM workers WHERE id IN (
    SELECT id FROM workers w
    WHERE w.id <> $1 AND w.seen_at < ${DATABASE_TIME} - CASE
      WHEN EXISTS (
        SELECT 1 FROM pg_locks l
        WHERE l.locktype = 'advisory' AND l.granted AND l.classid = ${LOCK_SPACE} AND l.objid = w.lock_key::oid
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      ) THEN ${MAX_LOCKED_SILENCE_MS}
      WHEN $2 AND w.lock_key <> 0 THEN ${MAX_UNLOCKED_MS}
      ELSE ${MAX_SILENCE_MS} END
    FOR UPDATE SKIP LOCKED
  ) RETURNING id, kind, pool_ids`;

/** Selects the jobs that pools hold. */
const SELECT_JOBS = `
  SELECT job.locked_by, job.payload, task.identifier IN ('advance', 'wake') AS is_for_runs
  FROM ${JOB_SCHEMA}._private_jobs job JOIN ${JOB_SCHEMA}._private_tasks task ON task.id = job.task_id
  WHERE job.locked_by = ANY ($1)`;

/** The channel on which graphile-worker announces new jobs. */
const JOBS_ADDED = "jobs:insert";

interface RegistryOptions {
  /** Unique for each process. The tokens of its claims begin with it. */
  workerId: string;
  host: string;
  /** Opens a connection that is not shared. */
  connect(): Promise<Client>;
  /** Called when jobs were added, with their number. */
  onJobsAdded(count: number): void;
  getPoolIds(): readonly string[];
  readProject(): Promise<ProjectRecord | null>;
}

/** Tells other workers that this one is alive, and frees the jobs of those that are not. Its session listens for new jobs. */
export class WorkerRegistry {
  private client: Client | null = null;
  private opening: Promise<void> | null = null;
  /** The processes that the last heartbeat found. */
  others: OtherProcesses = { workers_of_host: 0, projects: 0 };
  /** The digest of the project of this worker. Empty if it leaves no work to others. */
  project = "";
  /** 0 if a pooler stands between, because a lock needs a session of its own. */
  private readonly lockKey: number;

  constructor(
    private readonly db: Connection,
    private readonly options: RegistryOptions,
  ) {
    this.lockKey = db.isPooled ? 0 : randomInt(1, 2 ** 31);
  }

  /** Holds the session, records that this worker is alive, and counts the other processes. */
  async beat(): Promise<void> {
    this.opening ??= this.openSession().finally(() => {
      this.opening = null;
    });
    // Without a lock, the session only saves the time until the next poll, so nothing waits for it.
    if (this.lockKey === 0) this.opening.catch(() => {});
    else await this.opening;
    const { workerId: id, host, getPoolIds, readProject } = this.options;
    const project = await readProject();
    const record = { id, kind: "worker", host, poolIds: getPoolIds(), lockKey: this.lockKey, project } as const;
    this.others = await recordProcess(this.db, record);
    this.project = project?.digest ?? "";
  }

  /** Returns the flags of jobs that this worker has left, while another project can do them. */
  getLeftFlags(): string[] {
    return this.others.projects === 0 ? [] : [toLeftFlag(this.project)];
  }

  /** Returns whether other live workers have something that the project of this one lacks. */
  readonly isElsewhere = (name: string): Promise<boolean> => isElsewhere(this.db, this.options.workerId, name);

  /** Frees the jobs and claims of dead workers, and returns their number. */
  async freeDeadWorkers(): Promise<number> {
    return this.db.write(async (tx) => {
      const found = await tx.all<{ id: string; kind: string; pool_ids: string[] }>(
        DELETE_DEAD,
        this.options.workerId,
        this.lockKey !== 0 && this.client !== null,
      );
      const dead = found.filter(({ kind }) => kind === "worker");
      if (dead.length === 0) return 0;
      const pools = dead.flatMap(({ pool_ids }) => pool_ids);
      const jobs = await tx.all<{ locked_by: string; payload: JobPayload; is_for_runs: boolean }>(SELECT_JOBS, pools);
      const processes = dead.map(({ id, pool_ids }) => {
        const own = jobs.filter(({ locked_by }) => pool_ids.includes(locked_by));
        const runJobs = own.filter(({ is_for_runs }) => is_for_runs).map(({ payload }) => payload);
        return { id, jobs: own.length, runJobs };
      });
      await releaseDeadWork(tx, processes, MAX_RUNS_PER_JOB);
      await unlockPools(tx, pools);
      for (const kind of DUE_KINDS) tx.wake({ kind, dueAt: 0 });
      return dead.length;
    });
  }

  /** Releases everything that this worker has claimed. */
  async releaseClaims(tx: Transaction): Promise<void> {
    await releaseClaimsOf(tx, this.options.workerId);
  }

  /** Says that this worker has ended and holds no jobs. */
  async leave(): Promise<void> {
    await removeProcess(this.db, this.options.workerId);
    await this.opening?.catch(() => {});
    await this.client?.end();
    this.client = null;
  }

  /** Opens the session that listens and holds the lock, unless it is open. */
  private async openSession(): Promise<void> {
    if (this.client !== null) return;
    const client = await this.options.connect();
    const forget = (): void => {
      if (this.client === client) this.client = null;
    };
    client.on("error", forget);
    client.on("end", forget);
    client.on("notification", ({ channel, payload }) => {
      const count = channel === JOBS_ADDED ? readCount(payload) : 0;
      // A removed job is announced with a negative count.
      if (count > 0) this.options.onJobsAdded(count);
    });
    try {
      await client.query(`LISTEN "${JOBS_ADDED}"`);
      if (this.lockKey !== 0) {
        await client.query(NOTICE_LOST_MACHINES);
        await client.query("SELECT pg_advisory_lock($1, $2)", [LOCK_SPACE, this.lockKey]);
      }
      this.client = client;
    } catch (error) {
      client.end().catch(() => {});
      throw error;
    }
  }
}

/** Releases everything that a process has claimed. */
export async function releaseClaimsOf(tx: Transaction, processId: string): Promise<void> {
  for (const release of RELEASES_OF_WORKERS) await tx.run(release, [processId]);
}

/** Returns the number of added jobs in the payload of a notification: `{"count":2}`, or nothing for one job. */
function readCount(payload: string | undefined): number {
  try {
    const found: unknown = JSON.parse(payload ?? "");
    return isJsonObject(found) && typeof found.count === "number" ? found.count : 1;
  } catch {
    return 1;
  }
}

/** Attempts are reset, because graphile-worker waits longer after each of them, up to six hours. */
const UNLOCK = `
  UPDATE ${JOB_SCHEMA}._private_jobs SET locked_at = NULL, locked_by = NULL, attempts = 0, run_at = LEAST(run_at, now())
  WHERE locked_by = ANY($1)`;

/** Unlocks the jobs that pools hold. Jobs are locked by the id of the pool. */
export async function unlockPools(tx: Transaction, poolIds: readonly string[]): Promise<void> {
  if (poolIds.length > 0) await tx.run(UNLOCK, poolIds);
}
