import { stringify } from "../../rows/json-column.js";
import type { Connection } from "../connection/connection.js";
import { DATABASE_TIME, JOB_SCHEMA, type Transaction } from "../connection/transaction.js";
import type { JobRow, NewJob } from "./jobs.js";

/**
 * Jobs that run later than this wait in a table of the store. graphile-worker reads over all jobs of later times whenever it finds
 * none that is due, which takes a tenth of a second for a million of them.
 */
const MAX_AHEAD_MS = 3_000;
/** The jobs that one transaction moves. */
export const MAX_MOVED = 1_000;

const SAVE = `
  INSERT INTO delayed_jobs (run_at, task, priority, payload, flags)
  SELECT ceil(run_at), task, priority, payload, flags FROM json_to_recordset($1::json)
    AS job (run_at double precision, task text, priority smallint, payload text, flags text)`;

/** The condition for jobs that can be moved. */
export const IS_NEAR = `run_at < ${DATABASE_TIME} + ${MAX_AHEAD_MS}`;

/**
 * The rows are found once, by the array, whatever the planner expects. Several equal jobs become one. None gets a key, because it
 * would then replace a job of an earlier time.
 */
const MOVE = `
  WITH moved AS (
    DELETE FROM delayed_jobs WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM delayed_jobs WHERE ${IS_NEAR} ORDER BY run_at LIMIT ${MAX_MOVED} FOR UPDATE SKIP LOCKED
    )) RETURNING *
  ), added AS (
    SELECT 1 FROM ${JOB_SCHEMA}.add_jobs(ARRAY(
      SELECT ROW(
        task, payload::json, NULL, to_timestamp(run_at / 1000.0), NULL, NULL, min(priority),
        ARRAY(SELECT json_array_elements_text(min(flags)::json))
      )::${JOB_SCHEMA}.job_spec
      FROM moved GROUP BY run_at, task, payload
    ))
  )
  SELECT (SELECT count(*) FROM moved) AS moved, (SELECT count(*) FROM added) AS added`;

/**
 * The order makes the planner use the index. Once a few percent of the rows were moved after the last `ANALYZE`, it would expect that
 * many rows match, and read the whole table: 38 ms for a million rows.
 */
const HAS_NEAR = `SELECT 1 FROM delayed_jobs WHERE ${IS_NEAR} ORDER BY run_at LIMIT 1`;

/** Returns whether a job waits in the store's own table. A job without a key never waits for long. */
export function isDelayed({ key, runAt }: NewJob, now: number): boolean {
  return key !== null && runAt !== null && runAt > now + MAX_AHEAD_MS;
}

export async function saveDelayedJobs(tx: Transaction, jobs: readonly JobRow[]): Promise<void> {
  await tx.run(SAVE, stringify(jobs));
}

/** Gives graphile-worker jobs that run soon, and returns how many it has moved. Several workers can do it at the same time. */
export async function moveDelayedJobs(db: Connection): Promise<number> {
  if ((await db.get(HAS_NEAR)) === undefined) return 0;
  return db.write(async (tx) => (await tx.getOne<{ moved: number }>(MOVE)).moved);
}
