import pg from "pg";
import type { WorkFields } from "../../../domain/run/work-fields.js";
import { stringify } from "../../rows/json-column.js";
import { Connection } from "../connection/connection.js";
import type { Transaction, Wakeup } from "../connection/transaction.js";
import { JOB_SCHEMA } from "../connection/transaction.js";
import { isDelayed, saveDelayedJobs } from "./delayed-jobs.js";
import { buildJobs, type NewJob, toJobRow } from "./jobs.js";

/** Connections that look for jobs, end them, and read and write the state of workers. */
const JOB_CONNECTIONS = 2;

/** Returns connections for jobs. Those of the store serve the work, so that neither waits for the other. */
export function createJobConnection({ pool, location, isPooled, jobSchema }: Connection): Connection {
  const jobs = new pg.Pool({ ...pool.options, max: JOB_CONNECTIONS });
  jobs.on("error", () => {});
  jobs.on("connect", (client) => client.on("error", () => {}));
  return new Connection(jobs, location, {
    isReadOnly: false,
    isPooled,
    jobSchema,
    now: null,
    forTests: false,
    watchesUsers: false,
    onWakeups: addJobsOfWakeups,
  });
}

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
  const select = (isLater: boolean) => jobs.filter((job) => isDelayed(job, tx.startedAt) === isLater).map(toJobRow);
  const [later, soon] = [select(true), select(false)];
  if (later.length > 0) await saveDelayedJobs(tx, later);
  if (soon.length > 0) await tx.all(ADD_JOBS, stringify(soon));
}

/** Adds the jobs for the work that a transaction makes due, in this transaction. */
export async function addJobsOfWakeups(tx: Transaction, wakeups: readonly Wakeup[]): Promise<void> {
  await addJobs(tx, buildJobs(wakeups, tx.startedAt));
}

/** Returns the workflow run of a job, which only fan-outs have, or undefined if it no longer exists. */
export async function readWorkflowRun(db: Connection, row: number | undefined): Promise<WorkFields | undefined> {
  if (row === undefined) return {};
  return db.get<WorkFields>("SELECT id AS workflow_run_id, workflow, tenant FROM workflow_runs WHERE row = $1", row);
}
