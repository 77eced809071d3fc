import type { Connection } from "../connection/connection.js";
import { addJobs } from "./add-jobs.js";
import { ALL_SHARDS, type JobPayload, MAX_RUNS_PER_JOB, type NewJob } from "./jobs.js";

/**
 * Replaces a job that failed repeatedly by two for halves of its runs, down to a single run, which then ends as failed. The
 * other runs continue.
 */
export async function divideJob(
  db: Connection,
  { rows, shards = ALL_SHARDS }: JobPayload,
  error: string,
): Promise<void> {
  const due = await db.all<{ row: number }>(
    `SELECT row FROM recipient_runs
     WHERE due_at <= ${db.time} AND row BETWEEN $1 AND $2 AND shard BETWEEN $3 AND $4 ORDER BY row LIMIT $5`,
    rows?.from ?? 0,
    rows?.to ?? Number.MAX_SAFE_INTEGER,
    shards.from,
    shards.to,
    2 * MAX_RUNS_PER_JOB,
  );
  const createJob = (part: readonly { row: number }[], failure?: string): NewJob => {
    const range = { from: part[0]?.row ?? 0, to: part.at(-1)?.row ?? 0 };
    const payload: JobPayload = { rows: range, shards, isDivided: true, ...(failure === undefined ? {} : { failure }) };
    return { task: "advance", payload, size: "large", runAt: null, key: `divide:${range.from}-${range.to}` };
  };
  if (due.length === 0) return;
  const middle = Math.ceil(due.length / 2);
  const jobs =
    due.length === 1 ? [createJob(due, error)] : [createJob(due.slice(0, middle)), createJob(due.slice(middle))];
  await db.write((tx) => addJobs(tx, jobs));
}
