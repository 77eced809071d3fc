import type { Connection } from "../connection/connection.js";
import { JOB_SCHEMA } from "../connection/transaction.js";
import { RAISE, type TaskName } from "./jobs.js";
import { LOCK_SPACE } from "./worker-registry.js";

/** A worker looks again after this many chunks, and each second. */
const CHUNKS_PER_LOOK = 16;
/** With fewer waiting chunks, no tenant waits for another. */
const MIN_WAITING_CHUNKS = 8;
/** The lock of a look, which only one worker takes at a time. No worker has this number. */
const SHARES_LOCK = -1;

/** The jobs that belong to one trigger, and so to one tenant. Triggers without a tenant share one. */
const CHUNK_TASKS: readonly TaskName[] = ["advance", "fan_out"];

/**
 * Raises the first chunks of each tenant that has fewer waiting chunks than the mean: so many that all tenants get the same part
 * of the chunks until the next look. Jobs that were raised before have the first places.
 */
const RAISE_OTHERS = `
  WITH lock AS MATERIALIZED (
    SELECT pg_try_advisory_xact_lock(${LOCK_SPACE}, ${SHARES_LOCK}) AS is_held
  ), waiting AS (
    SELECT job.id, job.priority, coalesce(job.payload ->> 'tenant', '') AS tenant, job.run_at
    FROM ${JOB_SCHEMA}._private_jobs job
    WHERE (SELECT is_held FROM lock) AND job.is_available AND job.run_at <= now()
      AND job.task_id IN (SELECT id FROM ${JOB_SCHEMA}._private_tasks WHERE identifier = ANY($1))
  ), tenants AS (
    SELECT count(DISTINCT tenant) AS tenants, count(*) AS chunks FROM waiting
  ), ranked AS (
    SELECT id, priority, row_number() OVER (PARTITION BY tenant ORDER BY priority, run_at, id) AS place,
      count(*) OVER (PARTITION BY tenant) AS chunks
    FROM waiting WHERE (SELECT tenants > 1 AND chunks >= ${MIN_WAITING_CHUNKS} FROM tenants)
  ), raised AS (
    UPDATE ${JOB_SCHEMA}._private_jobs SET priority = priority - ${RAISE}
    WHERE is_available AND id IN (
      SELECT r.id FROM ranked r, tenants t
      WHERE r.priority >= 0 AND r.chunks * t.tenants < t.chunks
        AND r.place <= greatest(1, ${CHUNKS_PER_LOOK} / t.tenants)
    )
  )
  SELECT 1 FROM tenants`;

/** Keeps one tenant's flood of chunks from delaying those of other tenants. */
export class TenantShares {
  private chunksUntilLook = CHUNKS_PER_LOOK;

  constructor(private readonly db: Connection) {}

  /** Counts a job that has ended. Resolves when its worker may start the next one. */
  async countJob(task: TaskName): Promise<void> {
    if (CHUNK_TASKS.includes(task) && --this.chunksUntilLook <= 0) await this.look();
  }

  /** Raises the chunks of tenants that have less than their share. */
  async look(): Promise<void> {
    this.chunksUntilLook = CHUNKS_PER_LOOK;
    await this.db.run(RAISE_OTHERS, CHUNK_TASKS);
  }
}
