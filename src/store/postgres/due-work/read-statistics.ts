import { type DueWorkStatistics, MAX_SMALL_TRIGGER } from "../../../ports/due-work.js";
import { DUE_TABLES } from "../../rows/due-tables.js";
import { selectSuspectedRows } from "../../rows/suspected-work.js";
import type { Connection } from "../connection/connection.js";
import { JOB_SCHEMA } from "../connection/transaction.js";

/** Limits the due rows that are counted, so that a large backlog does not make a health check slow. */
const MAX_COUNTED_ROWS = 100_000;

const COUNT_DUE_RUNS = (time: string): string => `
  SELECT CASE WHEN count <= ${MAX_SMALL_TRIGGER} THEN 'small' ELSE 'large' END AS size, sum(count)::bigint AS count
  FROM (
    SELECT count(*) AS count FROM (
      SELECT workflow_run FROM recipient_runs WHERE due_at <= ${time} LIMIT ${MAX_COUNTED_ROWS}
    ) due GROUP BY workflow_run
  ) triggers GROUP BY 1`;

/** Suspected work pauses for up to an hour, which says nothing about the others. */
const OLDEST_DUE = DUE_TABLES.map(
  (table) =>
    `(SELECT due_at FROM ${table} WHERE due_at IS NOT NULL AND row <> ALL (ARRAY(${selectSuspectedRows(table)})) ORDER BY due_at LIMIT 1)`,
).join(" UNION ALL ");

const COUNT_SUSPECTS = `
  SELECT ${DUE_TABLES.map(
    (table) =>
      `(SELECT count(*)::integer FROM ${table} WHERE row = ANY (ARRAY(${selectSuspectedRows(table)})) AND due_at IS NOT NULL)`,
  ).join(" + ")} AS count`;

const COUNT_JOBS = `
  SELECT task, state, count(*) AS count FROM (
    SELECT task.identifier AS task,
      CASE WHEN job.locked_at IS NOT NULL THEN 'running' WHEN job.run_at <= now() THEN 'waiting' ELSE 'later' END AS state
    FROM ${JOB_SCHEMA}._private_jobs job JOIN ${JOB_SCHEMA}._private_tasks task ON task.id = job.task_id
    WHERE job.attempts < job.max_attempts OR job.locked_at IS NOT NULL
    UNION ALL
    (SELECT task, 'later' FROM delayed_jobs LIMIT ${MAX_COUNTED_ROWS})
  ) jobs GROUP BY 1, 2`;

/** The result is null for a role that cannot see the transactions of other roles, because one of them could be older. */
const OLDEST_TRANSACTION = `
  SELECT CASE WHEN bool_or(query = '<insufficient privilege>') THEN NULL
    ELSE coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)), 0)::double precision END AS seconds
  FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`;

/** Jobs that a worker has left, which no worker runs. */
const COUNT_LEFT_JOBS = `
  SELECT count(*)::integer AS count FROM ${JOB_SCHEMA}._private_jobs WHERE key LIKE 'left:%' AND locked_at IS NULL`;

const COUNT_DEAD_ROWS = `
  SELECT relname AS "table", n_dead_tup AS count FROM pg_stat_user_tables
  WHERE schemaname = current_schema() OR relid = '${JOB_SCHEMA}._private_jobs'::regclass`;

/** Returns the age of the oldest due row in seconds. It is 0 if nothing is due. */
export async function readLag(db: Connection): Promise<number> {
  const row = await db.get<{ lag: number | null }>(
    `SELECT (${db.time} - min(due_at))::double precision / 1000 AS lag FROM (${OLDEST_DUE}) oldest`,
  );
  return Math.max(0, row?.lag ?? 0);
}

/** Returns how many jobs wait for a worker with another project. */
export async function countLeftJobs(db: Connection): Promise<number> {
  return (await db.getOne<{ count: number }>(COUNT_LEFT_JOBS)).count;
}

/** Returns what the database says about the queue. */
export async function readStatistics(
  db: Connection,
): Promise<Omit<DueWorkStatistics, "waitingForConnections" | "openCircuits" | "otherProjects">> {
  const [lag, runs, jobs, transaction, deadRows, leftJobs, suspects] = await Promise.all([
    readLag(db),
    db.readDue((tx) => tx.all<{ size: string; count: number }>(COUNT_DUE_RUNS(tx.time))),
    db.all<DueWorkStatistics["jobs"][number]>(COUNT_JOBS),
    db.get<{ seconds: number | null }>(OLDEST_TRANSACTION),
    db.all<DueWorkStatistics["deadRows"][number]>(COUNT_DEAD_ROWS),
    countLeftJobs(db),
    db.getOne<{ count: number }>(COUNT_SUSPECTS),
  ]);
  const dueRuns: Record<string, number> = { small: 0, large: 0 };
  for (const { size, count } of runs) dueRuns[size] = count;
  return {
    lag,
    dueRuns,
    jobs,
    oldestTransaction: transaction?.seconds ?? null,
    deadRows,
    leftJobs,
    suspects: suspects.count,
  };
}
