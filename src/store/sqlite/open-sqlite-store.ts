import { statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { getErrorMessage } from "../../errors/knock-error.js";
import { Connection } from "./connection/connection.js";
import { type Database, type Driver, openDatabase, selectOne, withDatabase } from "./connection/driver.js";
import { readTableStatements } from "./connection/find-damage.js";
import { checkVersion, inspectStoreFile } from "./connection/inspect-store-file.js";
import { FIRST_VERSION, getCurrentVersion, MIGRATIONS } from "./connection/migrations.js";
import { APPLICATION_ID, CREATE_TABLES } from "./connection/schema.js";
import {
  createDamagedError,
  createForeignDatabaseError,
  createTooOldError,
  getPrimaryResultCode,
  isBusy,
  translateError,
} from "./connection/store-errors.js";
import { createSqliteStore, type SqliteStore } from "./sqlite-store.js";

export interface SqliteStoreOptions {
  /** Real time in milliseconds, for leases. */
  now?: () => number;
  /** Record changes of user properties until they are processed, because there are dynamic audiences (E-387). */
  watchUsers?: boolean;
  /** Open an existing file for reading only: nothing is created, updated or written. */
  readOnly?: boolean;
  /** Tests run with each driver. Default: the preferred one of this Node version. */
  driver?: Driver;
}

/**
 * Pages of 4 KiB contain several messages each. A small trigger writes to the end of a few ranges, such as one recipient's
 * messages in their index, and so writes half as much as with pages of 8 KiB. Takes effect only while the file is empty.
 */
const NEW_FILE_PRAGMAS = "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL";
/**
 * FULL: acknowledged writes are on the disk. A trigger touches many index pages of a large store. A larger cache and a log of
 * 64 MB instead of 4 MB write each of them back less often: at a million recipient runs, 1.3 times the rows per second of half
 * the cache and a quarter of the log. Neither costs a small store anything.
 */
const CONNECTION_PRAGMAS =
  "PRAGMA synchronous = FULL; PRAGMA cache_size = -32000; PRAGMA wal_autocheckpoint = 16000; PRAGMA temp_store = MEMORY";
const MAX_WAL_ATTEMPTS = 50;

/**
 * Returns the version of a store; 0 for an empty file. Throws `store_unusable` for a database of another program or of a newer
 * version. A file that looks foreign is checked again in one transaction, because another process may have created the store
 * between two reads.
 */
function checkIdentity(database: Database, location: string): number {
  const { application_id } = selectOne<{ application_id: number }>(database, "PRAGMA application_id");
  if (application_id === APPLICATION_ID) return readStoreVersion(database, location);
  database.exec("BEGIN");
  try {
    return readStoreVersion(database, location);
  } finally {
    database.exec("COMMIT");
  }
}

/** Updates the tables of a store of an earlier version. */
export function updateTables(database: Database, location: string): void {
  const version = checkIdentity(database, location);
  if (version > 0 && version < getCurrentVersion()) migrate(database, location, version);
}

/** Throws `store_unusable` unless a database is a store of this version. */
export function checkCurrentVersion(database: Database, location: string): void {
  const version = checkIdentity(database, location);
  if (version < getCurrentVersion()) throw createTooOldError(location, version, getCurrentVersion());
}

function readStoreVersion(database: Database, location: string): number {
  const { application_id } = selectOne<{ application_id: number }>(database, "PRAGMA application_id");
  const { user_version } = selectOne<{ user_version: number }>(database, "PRAGMA user_version");
  if (application_id !== APPLICATION_ID) {
    if (application_id !== 0 || database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() !== undefined)
      throw createForeignDatabaseError(location);
    return 0;
  }
  checkVersion(user_version, location);
  return user_version;
}

/** Switches a new file to WAL. Switching needs exclusive access to the file, and SQLite does not always wait for that. */
function switchToWal(database: Database): void {
  for (let attempt = 1; ; attempt++) {
    try {
      database.exec(NEW_FILE_PRAGMAS);
      return;
    } catch (error) {
      if (!isBusy(error) || attempt === MAX_WAL_ATTEMPTS) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

/**
 * Creates or updates the tables. Several processes may find the same new file: the first one to get the lock creates the
 * tables, and the others read the version again.
 */
function migrate(database: Database, location: string, previousVersion: number): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    const version = readStoreVersion(database, location);
    if (version === 0) database.exec(CREATE_TABLES);
    else for (const update of MIGRATIONS.slice(version - FIRST_VERSION)) update(database);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${getCurrentVersion()}`);
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    // The version in the header is not that of the tables.
    if (previousVersion > 0 && getPrimaryResultCode(error) === GENERIC_ERROR)
      throw createDamagedError(location, getErrorMessage(error), error);
    throw error;
  }
}

const GENERIC_ERROR = 1;

/**
 * Throws if a file that looks new is a foreign database whose tables are all in its log. It must not be opened for writing,
 * because closing it would change the file.
 */
async function checkLogIdentity(location: string, driver: Driver | undefined): Promise<void> {
  const database = await openDatabase(location, { readOnly: true, driver });
  try {
    checkIdentity(database, location);
  } finally {
    database.close();
  }
}

/**
 * Opens a store for reading only: writes throw `store_unusable`. A file without a log is opened as immutable, because SQLite
 * would otherwise try to create files in the folder. An empty log may belong to a process that is about to write, unless the
 * folder cannot be written.
 */
async function openReadOnly(path: string, options: SqliteStoreOptions): Promise<SqliteStore> {
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
  const isUnused = log === undefined || (log.size === 0 && !options.readOnly);
  const address = isUnused ? `${pathToFileURL(path).href}?immutable=1` : path;
  const database = await openDatabase(address, { readOnly: true, driver: options.driver });
  try {
    checkCurrentVersion(database, path);
    database.exec("PRAGMA cache_size = -32000; PRAGMA temp_store = MEMORY");
    const connection = new Connection(database, path, getExpectedTables, true);
    connection.realNow = options.now ?? Date.now;
    return createSqliteStore(connection);
  } catch (error) {
    database.close();
    throw error;
  }
}

let cachedExpectedTables: ReadonlyMap<string, string> | undefined;

/** Returns the statements that create the tables of a store of this version, by table, as SQLite stores them. */
function getExpectedTables(): ReadonlyMap<string, string> {
  cachedExpectedTables ??= withDatabase(":memory:", (database) => {
    database.exec(CREATE_TABLES);
    return readTableStatements(database);
  });
  return cachedExpectedTables;
}

/**
 * Opens the embedded store in a file, which is created with its folder if missing, or in `:memory:`. Any number of processes
 * may open the same file. Throws `store_unusable`, and then has changed nothing.
 */
export async function openSqliteStore(location: string, options: SqliteStoreOptions = {}): Promise<SqliteStore> {
  const isMemory = location === ":memory:";
  const path = isMemory ? location : resolve(location);
  if (options.readOnly) {
    try {
      return await openReadOnly(path, options);
    } catch (error) {
      throw translateError(error, path);
    }
  }
  const state = isMemory ? "empty" : inspectStoreFile(path);
  try {
    if (state === "unsure") await checkLogIdentity(path, options.driver);
    if (state === "readable") return await openReadOnly(path, options);
    const database = await openDatabase(path, { readOnly: false, driver: options.driver });
    try {
      let version = checkIdentity(database, path);
      if (version === 0) {
        switchToWal(database);
        version = checkIdentity(database, path);
      }
      database.exec(CONNECTION_PRAGMAS);
      if (version < getCurrentVersion()) migrate(database, path, version);
      const connection = new Connection(database, path, getExpectedTables);
      connection.watchesUsers = options.watchUsers ?? false;
      connection.realNow = options.now ?? Date.now;
      return createSqliteStore(connection);
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw translateError(error, path);
  }
}
