import { Logger, runMigrations } from "graphile-worker";
import { migrations } from "graphile-worker/dist/generated/sql.js";
import type { Pool } from "pg";
import type { Connection } from "../connection/connection.js";
import { createMissingUpdateError, createTooNewError } from "../connection/store-errors.js";
import { JOB_SCHEMA } from "../connection/transaction.js";

/** Writes nothing: the command has its own log. */
export const silentLogger = new Logger(() => () => {});

/**
 * The tables whose rows only their owner sees. Workers may use a role that has rights on the rows and does not own the tables.
 */
const SELECT_HIDDEN_TABLES = `
  SELECT oid::regclass::text AS name FROM pg_class
  WHERE relnamespace = to_regnamespace($1) AND relkind = 'r' AND relrowsecurity`;

/** Reads the catalog, which needs no right on the schema, unlike `to_regclass`. */
const HAS_JOB_TABLES = `
  SELECT EXISTS (
    SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = '_private_jobs'
  ) AS exists`;

/** Creates the tables of jobs in a database without them. */
export async function createJobTables(pool: Pool, schema: string): Promise<void> {
  const { rows } = await pool.query<{ exists: boolean }>(HAS_JOB_TABLES, [schema]);
  if (!rows[0]?.exists) await updateJobTables(pool, schema);
}

const LAST_UPDATE = Math.max(...Object.keys(migrations).map((name) => Number.parseInt(name, 10)));

/**
 * Throws `store_unusable` if the tables of jobs are older than this version of knock, or changed by a newer one in a way that this one
 * cannot handle. A worker does not change tables.
 */
export async function checkJobTables(db: Connection): Promise<void> {
  const { location } = db;
  const [row] = await db.all<{ last: number | null; breaking: number | null }>(
    `SELECT max(id) AS last, max(id) FILTER (WHERE breaking) AS breaking FROM ${JOB_SCHEMA}.migrations`,
  );
  const { last, breaking } = row ?? {};
  if ((last ?? 0) < LAST_UPDATE) throw createMissingUpdateError(location);
  if ((breaking ?? 0) > LAST_UPDATE) throw createTooNewError(location, breaking ?? 0, LAST_UPDATE);
}

/** Each search reads the index entries of ended or moved jobs that are not removed yet, however many jobs wait. */
const REMOVE_ENDED_JOBS_SOON =
  "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0";

/** Creates or updates the tables of jobs. Several processes may do this at the same time. */
export async function updateJobTables(pool: Pool, schema: string): Promise<void> {
  await runMigrations({ pgPool: pool, schema, logger: silentLogger });
  const { rows } = await pool.query<{ name: string }>(SELECT_HIDDEN_TABLES, [schema]);
  for (const { name } of rows) await pool.query(`ALTER TABLE ${name} DISABLE ROW LEVEL SECURITY`);
  for (const table of [`${schema}._private_jobs`, "delayed_jobs"])
    await pool.query(`ALTER TABLE ${table} SET (${REMOVE_ENDED_JOBS_SOON})`);
}
