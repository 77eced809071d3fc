import { pid } from "node:process";
import type { LiveProcess } from "../../../ports/due-work.js";
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
  project: string | null;
}

/** The processes beside one that has recorded itself. */
export interface OtherProcesses {
  /** The number of other workers on its host. */
  workers_of_host: number;
  /** The digests of other projects that live workers run. */
  workers: string[];
  /** The digests of other projects that any live process runs. */
  all: string[];
}

const OTHER_PROJECTS = `SELECT DISTINCT project FROM workers w WHERE w.id <> $1 AND w.project <> $7 AND w.${IS_LIVE}`;

const RECORD = `
  INSERT INTO workers (id, kind, host, pid, pool_ids, lock_key, project, started_at, seen_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, ${DATABASE_TIME}, ${DATABASE_TIME})
  ON CONFLICT (id) DO UPDATE SET pool_ids = excluded.pool_ids, lock_key = excluded.lock_key, seen_at = excluded.seen_at,
    project = excluded.project
  RETURNING
    (SELECT count(*)::integer FROM workers w WHERE w.host = $3 AND w.id <> $1 AND w.kind = 'worker') AS workers_of_host,
    ARRAY(${OTHER_PROJECTS} AND w.kind = 'worker') AS workers,
    ARRAY(${OTHER_PROJECTS}) AS all`;

/** Records that a process is alive. */
export function recordProcess(
  db: Connection,
  { id, kind, host, poolIds, lockKey, project }: ProcessRecord,
): Promise<OtherProcesses> {
  const values = [id, kind, host, pid, poolIds, lockKey, project] as const;
  return db.write((tx) => tx.getOne<OtherProcesses>(RECORD, ...values));
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
