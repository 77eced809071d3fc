import type { Transaction } from "../connection/transaction.js";
import type { Wakeup } from "../connection/wakeup.js";
import { isDelayed, saveDelayedJobs } from "./delayed-jobs.js";
import { buildJobs, JOB_SCHEMA, type NewJob, toJobRow } from "./jobs.js";

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
  // A hint needs no exact time, so the clock of this process will do.
  const now = Date.now();
  // Jobs for later come first, as when they are moved, so that both lock rows in the same order.
  await saveDelayedJobs(
    tx,
    jobs.filter((job) => isDelayed(job, now)),
  );
  const rows = jobs.filter((job) => !isDelayed(job, now)).map(toJobRow);
  if (rows.length > 0) await tx.all(ADD_JOBS, JSON.stringify(rows));
}

/** Adds the jobs for the work that a transaction makes due, in this transaction. */
export async function addJobsOfWakeups(tx: Transaction, wakeups: readonly Wakeup[]): Promise<void> {
  await addJobs(tx, buildJobs(wakeups, Date.now()));
}
