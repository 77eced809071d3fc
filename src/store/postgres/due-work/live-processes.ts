import { pid } from "node:process";
import type { LiveProcess, ProjectRecord } from "../../../ports/due-work.js";
import type { Connection } from "../connection/connection.js";
import { DATABASE_TIME } from "../connection/transaction.js";

/** A process that has not recorded itself for this long is not counted any more. */
export const MAX_SILENCE_MS = 5_000;

const IS_LIVE = `seen_at > ${DATABASE_TIME} - ${MAX_SILENCE_MS}`;

/** The values that a process records about itself. */
interface ProcessRecord {
  id: string;
  kind: LiveProcess["kind"];
  host: string;
  poolIds: readonly string[];
  lockKey: number;
  /** Null for a worker that leaves no work to others. */
  project: ProjectRecord | null;
}

/** The processes beside one that has recorded itself. */
export interface OtherProcesses {
  /** The number of other workers on its host. */
  workers_of_host: number;
  /** The number of other projects that live processes run. */
  projects: number;
}

const RECORD = `
  INSERT INTO workers (id, kind, host, pid, pool_ids, lock_key, project, names, started_at, seen_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, ${DATABASE_TIME}, ${DATABASE_TIME})
  ON CONFLICT (id) DO UPDATE SET pool_ids = excluded.pool_ids, lock_key = excluded.lock_key, seen_at = excluded.seen_at,
    project = excluded.project,
    -- The same names are not written again.
    names = CASE WHEN workers.project = excluded.project THEN workers.names ELSE excluded.names END
  RETURNING
    (SELECT count(*)::integer FROM workers w WHERE w.host = $3 AND w.id <> $1 AND w.kind = 'worker') AS workers_of_host,
    (SELECT count(DISTINCT project)::integer FROM workers w WHERE w.project <> $7 AND w.${IS_LIVE}) AS projects`;

/**
 * Selects whether another project has something. A server says which project workers will have after a deployment, unless it
 * started before this worker and is the one to be replaced.
 */
const IS_ELSEWHERE = `
  SELECT EXISTS (
    SELECT FROM workers w JOIN workers own ON own.id = $1
    WHERE w.project <> own.project AND $2 = ANY (w.names) AND w.${IS_LIVE}
      AND (w.kind = 'worker' OR w.started_at > own.started_at)) AS found`;

/** Records that a process is alive. */
export function recordProcess(
  db: Connection,
  { id, kind, host, poolIds, lockKey, project }: ProcessRecord,
): Promise<OtherProcesses> {
  const values = [id, kind, host, pid, poolIds, lockKey, project?.digest ?? null, project?.names ?? []] as const;
  return db.write((tx) => tx.getOne<OtherProcesses>(RECORD, ...values));
}

/** Returns whether other workers have, or will have, something that the project of a process lacks. */
export async function isElsewhere(db: Connection, id: string, name: string): Promise<boolean> {
  return (await db.getOne<{ found: boolean }>(IS_ELSEWHERE, id, name)).found;
}

export const removeProcess = (db: Connection, id: string): Promise<unknown> =>
  db.run("DELETE FROM workers WHERE id = $1", id);

/** Returns the processes that have recorded themselves lately. */
export function readLiveProcesses(db: Connection): Promise<LiveProcess[]> {
  return db.all<LiveProcess>(
    `SELECT kind, host, pid, project, started_at FROM workers WHERE ${IS_LIVE} ORDER BY host, kind, pid`,
  );
}

/** Returns the number of workers that have recorded themselves lately. */
export async function countLiveWorkers(db: Connection): Promise<number> {
  const live = `SELECT count(*) AS count FROM workers WHERE kind = 'worker' AND ${IS_LIVE}`;
  return (await db.getOne<{ count: number }>(live)).count;
}
