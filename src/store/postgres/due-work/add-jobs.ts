import type { Transaction } from "../connection/transaction.js";
import type { Wakeup } from "../connection/wakeup.js";
import { buildJobs, getPriority, type NewJob, toFlags } from "./jobs.js";

/** The schema of graphile-worker's tables. */
export const JOB_SCHEMA = "graphile_worker";

const ADD_JOBS = `
  SELECT 1 FROM ${JOB_SCHEMA}.add_jobs(ARRAY(
    SELECT ROW(
      job.task, job.payload, NULL, to_timestamp(job.run_at / 1000.0), NULL, job.key, job.priority,
      ARRAY(SELECT json_array_elements_text(job.flags))
    )::${JOB_SCHEMA}.job_spec
    FROM json_to_recordset($1::json)
      AS job (task text, payload json, run_at double precision, key text, priority integer, flags json)
  ))`;

/** Adds jobs. Keys must be unique and in order. */
export async function addJobs(tx: Transaction, jobs: readonly NewJob[]): Promise<void> {
  if (jobs.length === 0) return;
  const rows = jobs.map((job) => ({
    task: job.task,
    payload: job.payload,
    run_at: job.runAt,
    key: job.key,
    priority: getPriority(job),
    flags: toFlags(job),
  }));
  await tx.all(ADD_JOBS, JSON.stringify(rows));
}

/** Adds the jobs for the work that a transaction makes due, in this transaction. */
export async function addJobsOfWakeups(tx: Transaction, wakeups: readonly Wakeup[]): Promise<void> {
  // A hint needs no exact time, so the clock of this process will do.
  await addJobs(tx, buildJobs(wakeups, Date.now()));
}
