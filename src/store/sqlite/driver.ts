import { versions } from "node:process";

export type SqlValue = null | number | string;

export interface Statement {
  run(...values: SqlValue[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  get(...values: SqlValue[]): unknown;
  all(...values: SqlValue[]): unknown[];
}

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

export type DatabaseConstructor = new (path: string, options: DatabaseOptions) => Database;

/** The first Node whose own module is quiet: 22's prints a warning at every start, 20 has none. */
const FIRST_BUILT_IN = 24;

/** Long enough for a queue of writers; a lock is held for milliseconds. */
const BUSY_TIMEOUT_MS = 15_000;

/**
 * Opens a database file through Node's own SQLite, or the package with the same API where Node has none that will do.
 * The time-out is set here and not by a pragma, so that it holds before the first statement: short-lived processes died
 * of "database is locked" when the WAL pragma came first.
 */
export async function openDatabase(path: string, options: { readOnly: boolean }): Promise<Database> {
  const { DatabaseSync } =
    Number.parseInt(versions.node, 10) >= FIRST_BUILT_IN
      ? await import("node:sqlite")
      : await import("@photostructure/sqlite");
  // References are kept by the verbs; checking them again costs a look-up per row.
  return new DatabaseSync(path, {
    timeout: BUSY_TIMEOUT_MS,
    readOnly: options.readOnly,
    enableForeignKeyConstraints: false,
  });
}
