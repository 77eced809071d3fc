import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { arch, dlopen, platform, versions } from "node:process";
import { KnockError } from "../../../errors/knock-error.js";

export type SqlValue = null | number | string;

/** A prepared statement, whose rows are as the one who prepares it declares. */
export interface Statement<Row = unknown> {
  run(...values: SqlValue[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  get(...values: SqlValue[]): Row | undefined;
  all(...values: SqlValue[]): Row[];
  iterate(...values: SqlValue[]): Iterable<Row>;
  /** Makes the statement return rows as arrays of columns from now on. */
  setReturnArrays(enabled: boolean): void;
}

/** SQLite's messages for errors of the environment, with their primary result codes. */
const CODES_BY_MESSAGE: Readonly<Record<string, number>> = {
  "database is locked": 5,
  "out of memory": 7,
  "attempt to write a readonly database": 8,
  "disk I/O error": 10,
  "database disk image is malformed": 11,
  "database or disk is full": 13,
  "unable to open database file": 14,
  "string or blob too big": 18,
  "file is not a database": 26,
};

/** Returns SQLite's result code for an error. Errors of `all` in `@photostructure/sqlite` have only a message. */
export function getResultCode(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { errcode, code, message }: { errcode?: unknown; code?: unknown; message?: unknown } = error;
  if (typeof errcode === "number") return errcode;
  if (code !== "ERR_SQLITE_ERROR") return undefined;
  return CODES_BY_MESSAGE[String(message)] ?? GENERIC_ERROR;
}

const GENERIC_ERROR = 1;

/** The part of the `node:sqlite` API that the store uses. */
export interface Database {
  exec(sql: string): void;
  prepare<Row>(sql: string): Statement<Row>;
  close(): void;
}

/** Returns the row of a statement that always has one, such as a pragma or a count. */
export function selectOne<Row>(database: Database, sql: string): Row {
  const row = database.prepare<Row>(sql).get();
  if (row === undefined) throw new Error(`no row: ${sql}`);
  return row;
}

/** Where SQLite comes from: `node:sqlite`, or the prebuilt binding of `@photostructure/sqlite` in our package. */
export const DRIVERS = ["node", "packaged"] as const;
export type Driver = (typeof DRIVERS)[number];

interface DatabaseOptions {
  /** Milliseconds to wait for a lock. */
  timeout?: number;
  readOnly?: boolean;
  enableForeignKeyConstraints?: boolean;
}

interface SqliteModule {
  DatabaseSync: new (path: string, options: DatabaseOptions) => Database;
  /** Copies a database to a file on another thread, this number of pages at a time. */
  backup(source: Database, path: string, options: BackupOptions): Promise<number>;
}

interface BackupOptions {
  rate: number;
  progress?(pages: { totalPages: number; remainingPages: number }): void;
}

/**
 * The first versions of Node, by major version, whose SQLite module prints no warning and contains SQLite 3.51.3. In earlier
 * SQLite versions, a checkpoint by another connection can damage the file (https://www.sqlite.org/wal.html#walresetbug).
 */
const MIN_MINOR_BY_MAJOR: Readonly<Record<number, number>> = { 24: 15, 25: 9 };
const LAST_MAJOR_WITH_WARNING = 25;

/** Returns whether a Node version's own SQLite is preferred to the packaged one. */
export function prefersNodeSqlite(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
  const minMinor = MIN_MINOR_BY_MAJOR[major];
  return minMinor === undefined ? major > LAST_MAJOR_WITH_WARNING : minor >= minMinor;
}

/** The first major version with everything that the store uses. Early versions of 22 lack `setReturnArrays`. */
const MIN_NODE_MAJOR = 24;

/** Returns whether this Node version on this platform can use a driver. */
export function isDriverAvailable(driver: Driver): boolean {
  if (driver === "packaged") return findPrebuiltFile() !== null;
  return versions.sqlite !== undefined && Number.parseInt(versions.node, 10) >= MIN_NODE_MAJOR;
}

/** Returns the preferred driver. A platform without a prebuilt binding uses Node's, which may print a warning. */
function chooseDriver(): Driver {
  const usesNode = isDriverAvailable("node") && (prefersNodeSqlite(versions.node) || !isDriverAvailable("packaged"));
  return usesNode ? "node" : "packaged";
}

/** How long a statement waits for a lock: long enough for a queue of writers, each of which holds the lock for milliseconds. */
const BUSY_TIMEOUT_MS = 15_000;

/**
 * Returns the path of the prebuilt binding of `@photostructure/sqlite` for this platform, or null for other platforms. The
 * build copies the bindings next to the bundles, so that the published package needs no dependency and no install script.
 * Source files find them in the package.
 */
function findPrebuiltFile(): string | null {
  const libc = existsSync("/etc/alpine-release") ? "musl" : "glibc";
  const name = join("prebuilds", `${platform}-${arch}`, `@photostructure+sqlite.${libc}.node`);
  const copy = join(import.meta.dirname, name);
  if (existsSync(copy)) return copy;
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const file = join(folder, "node_modules", "@photostructure", "sqlite", name);
    if (existsSync(file)) return file;
    if (folder === dirname(folder)) return null;
  }
}

/**
 * Loads the prebuilt binding. The package's wrapper would search folders for the file, which costs 4 ms at every start, and
 * nothing else of it is used. Throws `store_unusable` if the platform has no binding.
 */
function openPrebuilt(): SqliteModule {
  const binding: { exports: Partial<SqliteModule> } = { exports: {} };
  let cause: unknown;
  try {
    const file = findPrebuiltFile();
    if (file !== null) dlopen(binding, file);
  } catch (error) {
    cause = error;
  }
  if (isLoaded(binding.exports)) return binding.exports;
  throw new KnockError("store_unusable", `SQLite is not available for Node ${versions.node} on ${platform}-${arch}`, {
    hint: `Use Node ${MIN_NODE_MAJOR} or newer, which contains SQLite.`,
    cause,
  });
}

const isLoaded = (module: Partial<SqliteModule>): module is SqliteModule => module.DatabaseSync !== undefined;

/** Returns the file of the binding for another thread, or null if it uses Node's own SQLite. */
export function getBindingFile(driver: Driver = chooseDriver()): string | null {
  return driver === "node" ? null : findPrebuiltFile();
}

/**
 * Whole modules, and not only their class of databases: the binding refers to its class of statements weakly, so that without
 * the module, a garbage collection could delete it, and no statement could be prepared any more.
 */
const loadedDrivers = new Map<Driver, SqliteModule>();

async function loadDriver(driver: Driver): Promise<SqliteModule> {
  const loaded = loadedDrivers.get(driver) ?? (driver === "node" ? await import("node:sqlite") : openPrebuilt());
  loadedDrivers.set(driver, loaded);
  return loaded;
}

/**
 * Opens a database file with Node's own SQLite, or with a binding that has the same API if this Node version has none that is
 * usable. The timeout is set here and not by a pragma, so that it applies to the first statement: short-lived processes failed
 * with "database is locked" when the WAL pragma came first.
 */
export async function openDatabase(path: string, options: { readOnly: boolean; driver?: Driver }): Promise<Database> {
  const { DatabaseSync } = await loadDriver(options.driver ?? chooseDriver());
  // The store's operations keep references valid. Checking them again costs a lookup per row.
  return new DatabaseSync(path, {
    timeout: BUSY_TIMEOUT_MS,
    readOnly: options.readOnly,
    enableForeignKeyConstraints: false,
  });
}

/** Opens another database with the driver of an open one, because databases in memory belong to one driver. */
export function openWithSameDriver(opened: Database, path: string): Database {
  return new (opened.constructor as SqliteModule["DatabaseSync"])(path, { enableForeignKeyConstraints: false });
}

/** Opens a second database while `work` runs. A driver must be loaded: call `openDatabase` first. */
export function withDatabase<T>(path: string, work: (database: Database) => T): T {
  const [loaded] = loadedDrivers.values();
  if (loaded === undefined) throw new Error("no driver is loaded");
  const database = new loaded.DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: false });
  try {
    return work(database);
  } finally {
    database.close();
  }
}

/** Copies a database that `openDatabase` opened with this driver to a file, on another thread. */
export async function copyPages(
  source: Database,
  path: string,
  options: BackupOptions,
  driver: Driver = chooseDriver(),
): Promise<void> {
  await (await loadDriver(driver)).backup(source, path, options);
}
