import type { PoolClient } from "pg";
import { KEEP_UNSIGNED_LINKS } from "../../rows/keep-unsigned-links.js";
import {
  createForeignDatabaseError,
  createMissingUpdateError,
  createTooNewError,
  createTooOldError,
  getErrorCode,
  INSUFFICIENT_PRIVILEGE,
} from "./store-errors.js";
import {
  ADD_CRASH_MARK,
  ADD_CRASHED_CLAIMS,
  ADD_DEATHS_ALONE,
  ADD_DELAYED_JOBS,
  ADD_INDEXES,
  ADD_LIST_INDEXES,
  ADD_OLDEST_VERSION,
  ADD_PARTITIONS,
  ADD_PREFERENCE_ORIGINS,
  ADD_PROJECT_NAMES,
  ADD_PROJECTS,
  ADD_SERVER_STATE,
  ADD_STAMPS,
  ADD_UNFINISHED_INDEX,
  ADD_UNIDENTIFIED_RECIPIENTS,
  EXTEND_SUBSCRIPTIONS_INDEX,
  FIRST_TABLES,
  RENAME_CLAIMS,
} from "./tables.js";

/**
 * The migrations, each of which runs once, in order; `knock_store.version` is the number of those that ran. Append only: a
 * released migration never changes. The reasons for the tables are in docs/decisions/0063-postgres-tables-transactions-and-months.md.
 */
export const MIGRATIONS: readonly string[] = [
  FIRST_TABLES,
  // Pruning deletes the values of blocks.
  "CREATE INDEX block_values_by_block ON block_values (block)",
  ADD_CRASH_MARK,
  ADD_PARTITIONS,
  ADD_DELAYED_JOBS,
  ADD_OLDEST_VERSION,
  ADD_CRASHED_CLAIMS,
  ADD_INDEXES,
  ADD_STAMPS,
  ADD_LIST_INDEXES,
  EXTEND_SUBSCRIPTIONS_INDEX,
  RENAME_CLAIMS,
  ADD_SERVER_STATE,
  ADD_UNFINISHED_INDEX,
  ADD_UNIDENTIFIED_RECIPIENTS,
  ADD_PROJECTS,
  ADD_PROJECT_NAMES,
  ADD_DEATHS_ALONE,
  KEEP_UNSIGNED_LINKS,
  ADD_PREFERENCE_ORIGINS,
];

/**
 * The oldest version of knock that can use these tables, as the number of migrations that it knows. A migration that an older
 * version would fail or act wrongly on raises it to its own number. After others, workers of both versions share the store.
 */
export const OLDEST_VERSION = 19; // older versions send links without a token, and reject those with one

/** "knock" as a number. All processes that create or update a store take this lock one after another. */
const MIGRATION_LOCK = 0x6b6e6f63;

const CREATE_STORE =
  "CREATE TABLE knock_store (row integer PRIMARY KEY CHECK (row = 1), version integer NOT NULL, for_tests boolean NOT NULL, uses_waits boolean NOT NULL DEFAULT false)";

/** Counts the tables in the schema that no extension made. */
const COUNT_TABLES = `
  SELECT count(*)::integer AS tables FROM pg_class c
  WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')`;

/** The version of the tables, 0 for an empty database, and whether the database was created for tests. */
interface StoreIdentity {
  version: number;
  forTests: boolean;
}

/** Throws `store_unusable` if the tables can be used only by newer versions of knock. */
export function checkOldestVersion(oldestVersion: number, location: string): void {
  if (oldestVersion > MIGRATIONS.length) throw createTooNewError(location, oldestVersion, MIGRATIONS.length);
}

async function readIdentity(client: PoolClient, location: string): Promise<StoreIdentity> {
  const { rows } = await client.query("SELECT to_regclass('knock_store') IS NOT NULL AS exists");
  if (!rows[0].exists) {
    const found = await client.query(COUNT_TABLES);
    if (found.rows[0].tables > 0) throw createForeignDatabaseError(location);
    return { version: 0, forTests: false };
  }
  // Older tables have no column `oldest_version`.
  const found = await client.query("SELECT s.*, to_json(s) ->> 'oldest_version' AS oldest FROM knock_store s");
  const { version = 0, for_tests: forTests = false, oldest } = found.rows[0] ?? {};
  checkOldestVersion(Number(oldest ?? 0), location);
  return { version, forTests };
}

/** Creates a schema, which needs the right to do so only if it does not exist. */
async function createSchema(client: PoolClient, schema: string): Promise<void> {
  const { rows } = await client.query("SELECT to_regnamespace($1) IS NULL AS is_missing", [schema]);
  if (rows[0].is_missing) await client.query(`CREATE SCHEMA ${schema}`);
}

interface OpenTablesOptions {
  /** Creates nothing. */
  readOnly: boolean;
  /** Updates the tables of an older version. */
  updates: boolean;
  /** Marks an empty database as one for tests, which can have a virtual clock. */
  forTests: boolean;
  /** The schema of the URL, which is created if it does not exist. */
  schema: string | null;
}

/**
 * Creates the tables in an empty database, and checks or updates those of a store. Only `knock store migrate` updates tables,
 * because other programs may still run an older version, and because a worker need not have the right to do so.
 */
export async function openTables(
  client: PoolClient,
  location: string,
  { readOnly, updates, forTests, schema }: OpenTablesOptions,
): Promise<StoreIdentity> {
  const isUsable = ({ version }: StoreIdentity): boolean => {
    if (version >= MIGRATIONS.length) return true;
    if (readOnly || (version > 0 && !updates)) throw createTooOldError(location, version, MIGRATIONS.length);
    return false;
  };
  const before = await readIdentity(client, location);
  if (isUsable(before)) return before;
  await client.query("BEGIN");
  try {
    // An index of a large table takes longer than other statements may.
    await client.query("SET LOCAL statement_timeout = 0");
    await client.query("SELECT pg_advisory_xact_lock($1)", [MIGRATION_LOCK]);
    const found = await readIdentity(client, location);
    if (!isUsable(found)) {
      if (found.version === 0) {
        if (schema !== null) await createSchema(client, schema);
        await client.query(CREATE_STORE);
        await client.query("INSERT INTO knock_store (row, version, for_tests) VALUES (1, 0, $1)", [forTests]);
        found.forTests = forTests;
      }
      for (const migration of MIGRATIONS.slice(found.version)) await client.query(migration);
      await client.query("UPDATE knock_store SET version = $1, oldest_version = $2", [
        MIGRATIONS.length,
        OLDEST_VERSION,
      ]);
    }
    await client.query("COMMIT");
    return { version: MIGRATIONS.length, forTests: found.forTests };
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {}); // the connection may be lost
    throw getErrorCode(error) === INSUFFICIENT_PRIVILEGE ? createMissingUpdateError(location, error) : error;
  }
}
