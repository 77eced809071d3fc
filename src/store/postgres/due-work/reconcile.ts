import { MAX_SMALL_TRIGGER } from "../../../ports/due-work.js";
import type { DueTable } from "../../rows/due-tables.js";
import { selectSuspectedRows } from "../../rows/suspected-work.js";
import type { Connection } from "../connection/connection.js";
import { READ_BY_INDEX } from "../connection/planner-settings.js";
import { DATABASE_TIME, JOB_SCHEMA, type Transaction, type Wakeup } from "../connection/transaction.js";
import { addJobs } from "./add-jobs.js";
import { IS_NEAR } from "./delayed-jobs.js";
import { type JobPayload, MAX_RUNS_PER_JOB, type NewJob } from "./jobs.js";
import { LOCK_SPACE } from "./worker-registry.js";

/** Limits the rows and jobs that one pass compares. The next pass continues. */
const MAX_ROWS_PER_PASS = 50_000;
/** The lock of the pass, which only one worker makes at a time. No worker has this number. */
const RECONCILE_LOCK = 0;

const UNCLAIMED = `(claim_until IS NULL OR claim_until <= ${DATABASE_TIME})`;
/** $1 is how long work is due before it has lost its job, in milliseconds. Suspected work is done without one. */
const buildOverdue = (table: DueTable): string =>
  `due_at < ${DATABASE_TIME} - $1 AND ${UNCLAIMED} AND row <> ALL (ARRAY(${selectSuspectedRows(table)}))`;

const SELECT_RUNS = `SELECT row, shard FROM recipient_runs WHERE ${buildOverdue("recipient_runs")} ORDER BY due_at, row LIMIT ${MAX_ROWS_PER_PASS}`;
const SELECT_FAN_OUTS = `SELECT row FROM workflow_runs WHERE ${buildOverdue("workflow_runs")} ORDER BY due_at LIMIT 1000`;
const SELECT_CHANNELS = `
  SELECT id FROM channels WHERE row IN (SELECT channel FROM messages WHERE ${buildOverdue("messages")})`;
const SELECT_SCHEDULES = `SELECT 1 FROM schedules WHERE ${buildOverdue("schedules")} LIMIT 1`;
const SELECT_CHANGES = `SELECT 1 FROM user_changes WHERE at < ${DATABASE_TIME} - $1 AND ${UNCLAIMED} LIMIT 1`;
const SELECT_WAITING_JOBS = `
  SELECT task.identifier AS task, job.payload FROM ${JOB_SCHEMA}._private_jobs job
  JOIN ${JOB_SCHEMA}._private_tasks task ON task.id = job.task_id
  WHERE job.is_available AND job.run_at <= now()
  UNION ALL SELECT task, payload::json FROM delayed_jobs WHERE ${IS_NEAR} LIMIT ${MAX_ROWS_PER_PASS}`;

/**
 * A job that runs while another with its key is added loses its key and is never repeated. If its worker dies, the job remains.
 */
const DELETE_REPLACED_JOBS = `
  DELETE FROM ${JOB_SCHEMA}._private_jobs WHERE NOT is_available AND locked_at IS NULL AND key IS NULL`;

interface OverdueRun {
  row: number;
  shard: number;
}

interface WaitingJob {
  task: string;
  payload: JobPayload;
}

/** Returns the runs that no waiting job covers. */
function findRunsWithoutJob(runs: readonly OverdueRun[], waiting: readonly WaitingJob[]): OverdueRun[] {
  const ranges = waiting.flatMap(({ payload }) => payload.rows ?? []).sort((a, b) => a.from - b.from);
  const shards = new Set<number>();
  for (const { payload } of waiting)
    if (payload.shards) for (let shard = payload.shards.from; shard <= payload.shards.to; shard++) shards.add(shard);
  const ordered = runs.filter(({ shard }) => !shards.has(shard)).sort((a, b) => a.row - b.row);
  const found: OverdueRun[] = [];
  let index = 0;
  let coveredTo = Number.NEGATIVE_INFINITY;
  for (const run of ordered) {
    for (let range = ranges[index]; range !== undefined && range.from <= run.row; range = ranges[++index])
      coveredTo = Math.max(coveredTo, range.to);
    if (run.row > coveredTo) found.push(run);
  }
  return found;
}

/** Returns the job for each chunk of runs, whose rows are in order. */
function buildRunJobs(runs: readonly OverdueRun[]): NewJob[] {
  const jobs: NewJob[] = [];
  for (let start = 0; start < runs.length; start += MAX_RUNS_PER_JOB) {
    const chunk = runs.slice(start, start + MAX_RUNS_PER_JOB);
    const [first, last] = [chunk[0], chunk.at(-1)];
    if (first === undefined || last === undefined) break;
    const rows = { from: first.row, to: last.row };
    const size = chunk.length === runs.length && runs.length <= MAX_SMALL_TRIGGER ? "small" : "large";
    jobs.push({ task: "advance", payload: { rows }, size, runAt: null, key: `reconcile:${rows.from}-${rows.to}` });
  }
  return jobs;
}

/** Returns the wakeups for overdue work of other kinds that no waiting job covers. */
async function findOtherWakeups(
  tx: Transaction,
  waiting: readonly WaitingJob[],
  maxOverdueMs: number,
): Promise<Wakeup[]> {
  const hasJob = (task: string, isCovering: (payload: JobPayload) => boolean): boolean =>
    waiting.some((job) => job.task === task && isCovering(job.payload));
  const wakeups: Wakeup[] = [];
  for (const { row } of await tx.all<{ row: number }>(SELECT_FAN_OUTS, maxOverdueMs))
    if (!hasJob("fan_out", ({ workflowRunRow = row }) => workflowRunRow === row))
      wakeups.push({ kind: "fan_outs", dueAt: 0, workflowRunRow: row });
  for (const { id } of await tx.all<{ id: string }>(SELECT_CHANNELS, maxOverdueMs))
    if (!hasJob("deliver", ({ channel = id }) => channel === id))
      wakeups.push({ kind: "messages", dueAt: 0, channel: id });
  if ((await tx.get(SELECT_SCHEDULES, maxOverdueMs)) && !hasJob("occur", () => true))
    wakeups.push({ kind: "schedules", dueAt: 0 });
  if ((await tx.get(SELECT_CHANGES, maxOverdueMs)) && !hasJob("follow", () => true))
    wakeups.push({ kind: "user_changes", dueAt: 0 });
  return wakeups;
}

/**
 * Adds jobs for work whose job was lost: deleted, or locked by a worker that no longer runs it. Returns how many rows had lost
 * theirs, which is 0 while all is well.
 */
export async function reconcile(db: Connection, maxOverdueMs: number): Promise<number> {
  return db.write(async (tx) => {
    const lock = await tx.get<{ is_held: boolean }>(
      "SELECT pg_try_advisory_xact_lock($1, $2) AS is_held",
      LOCK_SPACE,
      RECONCILE_LOCK,
    );
    if (!lock?.is_held) return 0;
    await tx.run(READ_BY_INDEX);
    await tx.run(DELETE_REPLACED_JOBS);
    const overdue = await tx.all<OverdueRun>(SELECT_RUNS, maxOverdueMs);
    const waiting = await tx.all<WaitingJob>(SELECT_WAITING_JOBS);
    const runs = findRunsWithoutJob(overdue, waiting);
    const wakeups = await findOtherWakeups(tx, waiting, maxOverdueMs);
    await addJobs(tx, buildRunJobs(runs));
    for (const wakeup of wakeups) tx.wake(wakeup);
    return runs.length + wakeups.length;
  });
}
