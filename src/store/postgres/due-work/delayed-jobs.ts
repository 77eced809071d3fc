import type { Connection } from "../connection/connection.js";
import { DATABASE_TIME, type Transaction } from "../connection/transaction.js";
import { JOB_SCHEMA, type NewJob, toJobRow } from "./jobs.js";

/**
 * Jobs that run later than this wait in a table of the store. graphile-worker reads over all jobs of later times whenever it finds
 * none that is due, which takes a tenth of a second for a million of them.
 */
const MAX_AHEAD_MS = 3_000;
/** The jobs that one transaction moves. */
const MAX_MOVED = 1_000;

/** Does nothing for a job that waits already, so that transactions that save the same one need not lock it. */
const SAVE = `
  INSERT INTO delayed_jobs (key, run_at, task, priority, payload, flags)
  SELECT key, run_at, task, priority, payload, flags FROM json_to_recordset($1::json)
    AS job (key text, run_at bigint, task text, priority smallint, payload json, flags json)
  ON CONFLICT DO NOTHING`;

const IS_NEAR = `run_at < ${DATABASE_TIME} + ${MAX_AHEAD_MS}`;

const MOVE = `
  WITH moved AS (
    DELETE FROM delayed_jobs WHERE (key, run_at) IN (
      SELECT key, run_at FROM delayed_jobs WHERE ${IS_NEAR} ORDER BY run_at LIMIT ${MAX_MOVED} FOR UPDATE SKIP LOCKED
    ) RETURNING *
  ), jobs AS (
    SELECT DISTINCT ON (key) * FROM moved ORDER BY key, run_at
  )
  SELECT (SELECT count(*) FROM moved) AS moved, count(*) AS jobs FROM ${JOB_SCHEMA}.add_jobs(ARRAY(
    SELECT ROW(
      task, payload, NULL, to_timestamp(run_at / 1000.0), NULL, key, priority,
      ARRAY(SELECT json_array_elements_text(flags))
    )::${JOB_SCHEMA}.job_spec
    FROM jobs ORDER BY key
  ))`;

/** Returns whether a job waits in the store's own table. A job without a key never waits for long. */
export function isDelayed({ key, runAt }: NewJob, now: number): boolean {
  return key !== null && runAt !== null && runAt > now + MAX_AHEAD_MS;
}

/** Saves jobs for later. Their keys must be unique and in order. One with another time and the same key is added to the other. */
export async function saveDelayedJobs(tx: Transaction, jobs: readonly NewJob[]): Promise<void> {
  if (jobs.length === 0) return;
  const rows = jobs.map((job) => ({ ...toJobRow(job), run_at: Math.ceil(job.runAt as number) }));
  await tx.run(SAVE, JSON.stringify(rows));
}

/** Gives graphile-worker some of the jobs that run soon. Returns whether there may be more. Several workers can do it at the same time. */
export async function moveDelayedJobs(db: Connection): Promise<boolean> {
  if ((await db.get(`SELECT 1 FROM delayed_jobs WHERE ${IS_NEAR} LIMIT 1`)) === undefined) return false;
  return db.write(async (tx) => {
    const { moved } = (await tx.get<{ moved: number }>(MOVE)) as { moved: number };
    return moved === MAX_MOVED;
  });
}
