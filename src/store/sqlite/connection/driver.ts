import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { arch, dlopen, platform, versions } from "node:process";

export type SqlValue = null | number | string;

export interface Statement {
  run(...values: SqlValue[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  get(...values: SqlValue[]): unknown;
  all(...values: SqlValue[]): unknown[];
  /** Rows are lists of their columns from then on. */
  setReturnArrays(enabled: boolean): void;
}

/** SQLite's messages for faults of the surroundings, with their primary result codes. */
const CODES_BY_MESSAGE: Readonly<Record<string, number>> = {
  "database is locked": 5,
  "out of memory": 7,
  "attempt to write a readonly database": 8,
  "disk I/O error": 10,
  "database disk image is malformed": 11,
  "database or disk is full": 13,
  "unable to open database file": 14,
  "file is not a database": 26,
};

/** Returns SQLite's result code for an error. Errors of `all` in `@photostructure/sqlite` have only a message. */
export function getResultCode(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { errcode, code, message } = error as { errcode?: unknown; code?: unknown; message?: unknown };
  if (typeof errcode === "number") return errcode;
  if (code !== "ERR_SQLITE_ERROR") return undefined;
  return CODES_BY_MESSAGE[String(message)] ?? GENERIC_ERROR;
}

const GENERIC_ERROR = 1;

/** What the store uses of the `node:sqlite` API. */
export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

interface DatabaseOptions {
  /** Milliseconds to wait for a lock. */
  timeout?: number;
  readOnly?: boolean;
  enableForeignKeyConstraints?: boolean;
}

type DatabaseConstructor = new (path: string, options: DatabaseOptions) => Database;

/** The first Node whose own module is quiet: 22's prints a warning at every start, 20 has none. */
const MIN_NODE_VERSION = 24;
const PREBUILT_FILE = join(`${platform}-${arch}`, "@photostructure+sqlite.glibc.node");

/** Long enough for a queue of writers; a lock is held for milliseconds. */
const BUSY_TIMEOUT_MS = 15_000;

/** Where the package keeps its prebuilt binding; null where it is not, as with one compiled at install, or musl. */
function findPrebuiltFile(): string | null {
  const packagePath = join("node_modules", "@photostructure", "sqlite");
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const file = join(folder, packagePath, "prebuilds", PREBUILT_FILE);
    if (existsSync(file)) {
      return existsSync(join(folder, packagePath, "build")) || existsSync("/etc/alpine-release") ? null : file;
    }
    if (folder === dirname(folder)) return null;
  }
}

/**
 * The prebuilt binding of `@photostructure/sqlite`, opened where the package keeps it. The package's own way there (its
 * wrapper, and a search through folders for the file) takes a start 4 ms; of the wrapper nothing is used here. Null where
 * this does not find it: then the package looks for itself.
 */
function openPrebuilt(): DatabaseConstructor | null {
  const file = findPrebuiltFile();
  if (file === null) return null;
  const binding = { exports: {} as { DatabaseSync?: DatabaseConstructor } };
  try {
    dlopen(binding, file);
  } catch {
    return null; // the package says better what is wrong
  }
  return binding.exports.DatabaseSync ?? null;
}

/** Where a thread finds the same driver: a binding's file, or a module from which the package is found; neither, Node's own. */
export function getDriverSource(): { binding: string | null; from: string | null } {
  if (Number.parseInt(versions.node, 10) >= MIN_NODE_VERSION) return { binding: null, from: null };
  const binding = findPrebuiltFile();
  return { binding, from: binding === null ? join(import.meta.dirname, "driver.js") : null };
}

let loadedDriver: DatabaseConstructor | undefined;

async function loadDriver(): Promise<DatabaseConstructor> {
  if (Number.parseInt(versions.node, 10) >= MIN_NODE_VERSION) return (await import("node:sqlite")).DatabaseSync;
  return openPrebuilt() ?? (await import("@photostructure/sqlite")).DatabaseSync;
}

/**
 * Opens a database file through Node's own SQLite, or the package with the same API where Node has none that will do.
 * The time-out is set here and not by a pragma, so that it holds before the first statement: short-lived processes died
 * of "database is locked" when the WAL pragma came first.
 */
export async function openDatabase(path: string, options: { readOnly: boolean }): Promise<Database> {
  loadedDriver ??= await loadDriver();
  // References are kept by the verbs; checking them again costs a look-up per row.
  return new loadedDriver(path, {
    timeout: BUSY_TIMEOUT_MS,
    readOnly: options.readOnly,
    enableForeignKeyConstraints: false,
  });
}

/** Gives a second database to `work`, for a caller that has opened one before. */
export function withDatabase<T>(path: string, work: (database: Database) => T): T {
  if (loadedDriver === undefined) throw new Error("the driver is not loaded");
  const database = new loadedDriver(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: false });
  try {
    return work(database);
  } finally {
    database.close();
  }
}
