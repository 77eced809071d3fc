import type { LiveProcess } from "../../../ports/due-work.js";
import type { Connection } from "../connection/connection.js";
import { findMissingGrants } from "../connection/grants.js";
import { MIGRATIONS } from "../connection/migrations.js";
import { JOB_SCHEMA } from "../connection/transaction.js";
import { readLiveProcesses } from "./live-processes.js";
import { countLeftJobs } from "./read-statistics.js";

/** The state of a store that an operator can change. */
export interface StoreState {
  /** The processes that the role may be used for. */
  uses: string[];
  /** The rights that it lacks to read, or to write if it can write anything. */
  missing: string[];
  /** Whether the server only follows another one and cannot be written. */
  isStandby: boolean;
  version: number;
  /** The version of the tables of this knock. */
  neededVersion: number;
  /** The version of the tables of jobs; null if the role may not read it. */
  jobsVersion: number | null;
  /** The live workers and servers. */
  processes: LiveProcess[];
  /** The jobs that wait for a worker with another project; null if the role may not read them. */
  leftJobs: number | null;
  /** Settings of the server that differ from the table in docs/guide/scaling.md. */
  settings: string[];
}

/** Returns the settings that are worse than in the table. Those that depend on the load or the machine are not checked. */
const SELECT_SETTINGS = `
  SELECT name || ' = ' || setting AS found FROM pg_settings
  WHERE (name = 'wal_compression' AND setting = 'off') OR (name = 'synchronous_commit' AND setting = 'off')
    OR (name = 'tcp_keepalives_idle' AND setting::integer NOT BETWEEN 1 AND 60)
    OR (name = 'tcp_user_timeout' AND setting::integer NOT BETWEEN 1 AND 60000)
  ORDER BY name`;

export async function readStoreState(db: Connection): Promise<StoreState> {
  const { uses, missing } = await findMissingGrants(db);
  const { version, is_standby } = await db.getOne<{ version: number; is_standby: boolean }>(
    "SELECT version, pg_is_in_recovery() AS is_standby FROM knock_store",
  );
  const jobs = await db
    .get<{ last: number }>(`SELECT max(id) AS last FROM ${JOB_SCHEMA}.migrations`)
    .catch(() => undefined); // only workers need this right
  const settings = await db.all<{ found: string }>(SELECT_SETTINGS);
  return {
    uses,
    missing,
    isStandby: is_standby,
    version,
    neededVersion: MIGRATIONS.length,
    jobsVersion: jobs?.last ?? null,
    processes: missing.length > 0 ? [] : await readLiveProcesses(db),
    leftJobs: await countLeftJobs(db).catch(() => null),
    settings: settings.map(({ found }) => found),
  };
}
