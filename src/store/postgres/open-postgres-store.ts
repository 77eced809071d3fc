import pg, { type ClientBase, type Pool, type PoolConfig } from "pg";
import type { ProjectRecord, SharedDueWork } from "../../ports/due-work.js";
import type { Store } from "../../ports/store.js";
import type { StoreTables } from "../../ports/store-tables.js";
import { Connection, LIMITS, type WakeListener } from "./connection/connection.js";
import { createClient } from "./connection/create-client.js";
import { grantTo, listGrants } from "./connection/grants.js";
import { growPartitions, SELECT_IS_MISSING } from "./connection/grow-partitions.js";
import { joinHostList, splitHostList } from "./connection/host-list.js";
import { createHostListClient } from "./connection/host-list-client.js";
import { openTables } from "./connection/migrations.js";
import { parseLocation, type StoreLocation } from "./connection/parse-location.js";
import {
  createLostSchemaError,
  createOldServerError,
  getErrorCode,
  translateError,
} from "./connection/store-errors.js";
import { getJobSchema } from "./connection/transaction.js";
import { PostgresTables } from "./copy/postgres-tables.js";
import { addJobsOfWakeups } from "./due-work/add-jobs.js";
import { DueRunLimit } from "./due-work/due-run-limit.js";
import { countLiveWorkers } from "./due-work/live-processes.js";
import { createJobTables, updateJobTables } from "./due-work/migrate-jobs.js";
import { PostgresDueWork } from "./due-work/postgres-due-work.js";
import { recordServer, type ServerPresence } from "./due-work/server-presence.js";
import { readStoreState, type StoreState } from "./due-work/store-state.js";
import { createPostgresStore, isPostgresStore } from "./postgres-store.js";

export { isTransient } from "./connection/store-errors.js";

interface PostgresStoreOptions {
  /** Real time in milliseconds. Only databases that were created for tests accept it. */
  now?: () => number;
  /** Record changes of user properties until they are processed, because there are dynamic audiences (E-387). */
  watchUsers?: boolean;
  /** Open an existing store for reading only: no table is created, and writes throw `store_unusable`. */
  readOnly?: boolean;
  /** If the database is empty, mark it as one for tests, which can have a virtual clock. */
  createForTests?: boolean;
  /** The most connections of this process. */
  maxConnections?: number;
  /** How long operations wait for a server that restarts, in milliseconds. */
  maxOutageMs?: number | undefined;
  /** Creates the jobs for work that becomes due, in the transaction that makes it due. */
  onWakeups?: WakeListener;
}

/** Reads the schema of the tables. A name that needs quotes has them. */
const SELECT_SCHEMA =
  "SELECT relnamespace::regnamespace::text AS name FROM pg_class WHERE oid = 'knock_store'::regclass";

const OLDEST_SERVER = 140_000;
const DEFAULT_CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 10_000;
const INT8 = 20;
const NUMERIC = 1700;

/** Row numbers, times and counts are bigint. They are safe as numbers below 2^53. */
const TYPES = {
  getTypeParser: (type: number, format?: "text" | "binary") =>
    type === INT8 || type === NUMERIC ? Number : pg.types.getTypeParser(type, format),
} as PoolConfig["types"];

const SESSION_LIMITS = Object.entries(LIMITS)
  .map(([name, value]) => `-c ${name}=${value}`)
  .join(" ");

/** Returns a location that names the role, so that errors name it also if it comes from the environment. */
function withRole(shown: string, role: string): string {
  const { url: text, hosts } = splitHostList(shown);
  const url = new URL(text);
  url.username ||= encodeURIComponent(role);
  return joinHostList(url, hosts);
}

function createPool(location: StoreLocation, maxConnections: number, isPooled: boolean): Pool {
  const { urls, needsPrimary } = location;
  // The last value of a setting counts, so the URL can change the limits.
  const options = [
    isPooled ? "" : SESSION_LIMITS,
    location.options,
    location.schema === null || isPooled ? "" : `-c search_path=${location.schema}`,
  ]
    .filter((part) => part !== "")
    .join(" ");
  const pool = new pg.Pool({
    connectionString: urls[0] as string,
    ...(urls.length > 1 || needsPrimary ? { Client: createHostListClient(location) } : {}),
    max: maxConnections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    allowExitOnIdle: true,
    application_name: location.schema === null ? "knock" : `knock:${location.schema}`,
    types: TYPES,
    ...(options === "" ? {} : { options }),
  });
  // A lost connection is reported by the statement that needs it. Without listeners, it would end the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

/** Returns whether the error is a pooler's refusal of session settings at the start of a connection. */
function isPoolerRefusal(error: unknown): boolean {
  return getErrorCode(error) === "08P01" && error instanceof Error && /startup parameter|options/i.test(error.message);
}

/** Returns whether a worker runs the due work of a store. */
export async function hasWorker(store: Store): Promise<boolean> {
  return isPostgresStore(store) && (await countLiveWorkers(store.db)) > 0;
}

/** Records a server among the processes of a store. Returns null if the store is not a database. */
export async function joinAsServer(
  store: Store,
  readProject: () => Promise<ProjectRecord>,
): Promise<ServerPresence | null> {
  return isPostgresStore(store) ? recordServer(store.db, readProject) : null;
}

/** Returns a view of whether more than `maxDueRuns` runs of a store are due. Null if the store is not a database. */
export function createDueRunLimit(store: Store, maxDueRuns: number): DueRunLimit | null {
  return isPostgresStore(store) ? new DueRunLimit(store.db, maxDueRuns) : null;
}

/** Starts to run the due work of a store. */
export async function startDueWork(
  store: Store,
  options: Parameters<typeof PostgresDueWork.start>[1],
): Promise<SharedDueWork> {
  if (!isPostgresStore(store)) throw new Error("the store is not a PostgreSQL database");
  return PostgresDueWork.start(store.db, options);
}

/**
 * Opens the store in a PostgreSQL database, and creates its tables if the database is empty. Any number of processes may open it.
 * Throws `unreachable` without a server, and `store_unusable` if the database cannot be used; then nothing was changed.
 */
export async function openPostgresStore(location: string, options: PostgresStoreOptions = {}): Promise<Store> {
  return createPostgresStore(await openPostgresConnection(location, options));
}

/**
 * Creates or updates all tables of a store, and prepares its next partition, with a role that may do so. Then grants what
 * `<use>=<role>` says. Returns the statements of the grants.
 */
export async function migratePostgresStore(location: string, grants: readonly string[] = []): Promise<string[]> {
  const db = await openPostgresConnection(location, {}, { updates: true });
  try {
    await growPartitions(db);
    if (!db.forTests) await updateJobTables(db.pool, db.jobSchema);
    return grants.length === 0 ? [] : await grantTo(db, grants);
  } catch (error) {
    throw db.explain(error);
  } finally {
    await db.close();
  }
}

/** Runs a check on an existing store, which is not changed. */
async function readStore<T>(location: string, read: (db: Connection) => Promise<T>): Promise<T> {
  const db = await openPostgresConnection(location, { readOnly: true });
  try {
    return await read(db);
  } finally {
    await db.close();
  }
}

/** Returns the statements that grant rights to the roles `knock_api`, `knock_worker` and `knock_reader`. */
export const listStoreGrants = (location: string): Promise<string[]> => readStore(location, listGrants);

/** Returns the state of an existing store, for `knock doctor`. */
export const inspectStore = (location: string): Promise<StoreState> => readStore(location, readStoreState);

interface DatabaseInspection {
  serverVersion: string;
  /** Whether it contains no store yet. */
  isEmpty: boolean;
  /** Whether a month began without a partition of its own. */
  isPartitionMissing: boolean;
}

async function inspectWith(client: ClientBase, schema: string | null): Promise<DatabaseInspection> {
  if (schema !== null) await client.query(`BEGIN READ ONLY; SET LOCAL search_path = ${schema}`);
  const { rows } = await client.query(
    "SELECT current_setting('server_version') AS version, to_regclass('knock_store') IS NULL AS empty, to_regclass('partitions') IS NOT NULL AS partitioned",
  );
  const [{ version, empty, partitioned }] = rows;
  const isPartitionMissing = partitioned && (await client.query(SELECT_IS_MISSING)).rows[0].is_missing === true;
  return { serverVersion: version, isEmpty: empty, isPartitionMissing };
}

/** Returns the state of a database. Changes nothing. */
export async function inspectDatabase(location: string): Promise<DatabaseInspection> {
  const parsed = parseLocation(location);
  try {
    // The constructor reads the files that the URL names.
    const client = createClient(createPool(parsed, 1, true).options);
    client.on("error", () => {});
    try {
      await client.connect();
      return await inspectWith(client, parsed.schema);
    } finally {
      client.end().catch(() => {});
    }
  } catch (error) {
    throw translateError(error, parsed.shown);
  }
}

/** Opens the tables of the store in a PostgreSQL database. With `readOnly`, no table is created. */
export async function openPostgresTables(location: string, options: { readOnly: boolean }): Promise<StoreTables> {
  return new PostgresTables(await openPostgresConnection(location, options));
}

/** Opens the connections of a store. */
async function openPostgresConnection(
  location: string,
  options: PostgresStoreOptions,
  { updates } = { updates: false },
): Promise<Connection> {
  const { maxConnections = DEFAULT_CONNECTIONS } = options;
  const parsed = parseLocation(location);
  let shownLocation = parsed.shown;
  let pool = createPool(parsed, maxConnections, false);
  try {
    let isPooled = false;
    let isReader = false;
    let forTests: boolean;
    let jobSchema: string;
    const client = await pool.connect().catch(async (error: unknown) => {
      if (!isPoolerRefusal(error)) throw error;
      await pool.end();
      pool = createPool(parsed, maxConnections, true);
      isPooled = true;
      return pool.connect();
    });
    try {
      const { rows } = await client.query(
        "SELECT current_setting('server_version_num')::integer AS number, current_setting('server_version') AS name, pg_backend_pid() AS pid, current_user AS role, current_setting('search_path') AS path, has_table_privilege(to_regclass('seeds'), 'INSERT') AS writes",
      );
      shownLocation = withRole(shownLocation, rows[0].role);
      isReader = rows[0].writes === false; // null in an empty database
      if (rows[0].number < OLDEST_SERVER) throw createOldServerError(shownLocation, rows[0].name);
      // A pooler may also ignore session settings. It names a process of its own, because the server's process changes.
      if (!("processID" in client) || client.processID !== rows[0].pid) isPooled = true;
      if (parsed.schema !== null && rows[0].path !== parsed.schema)
        throw createLostSchemaError(shownLocation, parsed.schema, rows[0].role);
      ({ forTests } = await openTables(client, shownLocation, {
        readOnly: options.readOnly ?? false,
        updates,
        forTests: options.createForTests ?? false,
        schema: parsed.schema,
      }));
      jobSchema = getJobSchema((await client.query(SELECT_SCHEMA)).rows[0].name);
    } finally {
      client.release();
    }
    // The jobs of a virtual clock would run at real times.
    const hasJobs = !forTests && !options.readOnly;
    // A worker may have no second connection, so this one had to be released.
    if (hasJobs) await createJobTables(pool, jobSchema);
    return new Connection(pool, shownLocation, {
      isReadOnly: options.readOnly ?? false,
      isReader,
      isPooled,
      jobSchema,
      forTests,
      now: forTests ? (options.now ?? null) : null,
      watchesUsers: options.watchUsers ?? false,
      maxOutageMs: options.maxOutageMs,
      onWakeups: options.onWakeups ?? (hasJobs ? addJobsOfWakeups : undefined),
    });
  } catch (error) {
    await pool.end();
    throw translateError(error, shownLocation);
  }
}
