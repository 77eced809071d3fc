import { closeSync, existsSync, fsyncSync, openSync, statSync } from "node:fs";
import { KnockError } from "../../../errors/knock-error.js";
import type { CausedWork } from "../../../ports/due-store.js";
import { replaceNuls } from "../../rows/json-column.js";
import { CausedWorkRecorder } from "./caused-work.js";
import { type Database, openWithSameDriver, type SqlValue, type Statement } from "./driver.js";
import { findDamage } from "./find-damage.js";
import {
  createDamagedError,
  createReadOnlyError,
  createReplacedError,
  createSyncError,
  translateError,
} from "./store-errors.js";

/** One open database, which caches its prepared statements and runs the store's operations in transactions. */
export class Connection {
  private readonly statements = new Map<string, Statement>();
  private readonly listStatements = new Map<string, Statement>();
  private readonly rollbackListeners: (() => void)[] = [];
  private hasWritten = false;
  private isOpen = true;
  private defersSync = false;
  private hasUnsyncedCommits = false;
  /** The number of changes of the tables' definitions, at the last transaction. */
  private schemaVersion: number | null = null;
  /** Device and inode of the open file; null for a store in memory. */
  private fileIdentity: string | null;
  /** Device and inode of the write-ahead log; null until something is written. */
  private logIdentity: string | null = null;
  readonly causedWork = new CausedWorkRecorder();
  /** The deaths of processes that did only the suspected work of a claim, by its token. */
  readonly deathsAlone = new Map<string, number>();
  /** Returns the real time in milliseconds, for leases. */
  realNow: () => number = Date.now;
  /** Whether changes of user properties are recorded, so that dynamic audiences can follow them. */
  watchesUsers = false;

  /** `getTableStatements` returns the statements that create the tables of a store, by table. */
  constructor(
    private readonly database: Database,
    private readonly location: string,
    private readonly getTableStatements: () => ReadonlyMap<string, string> = () => new Map(),
    readonly isReadOnly = false,
  ) {
    this.fileIdentity = location === ":memory:" ? null : getFileIdentity(location);
  }

  /** Returns `store_unusable` if the environment or a damaged store explains the error; otherwise the error itself, a bug. */
  explain(error: unknown): unknown {
    const translated = translateError(error, this.location);
    if (translated instanceof KnockError) return translated;
    const found = findDamage(this.database, this.getTableStatements());
    return found === null ? error : createDamagedError(this.location, found, error);
  }

  /** Returns the statement for a text, which returns rows of this type. It is prepared at its first use. */
  prepare<Row>(sql: string): Statement<Row> {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      this.statements.set(sql, statement);
    }
    return statement as Statement<Row>;
  }

  /**
   * Returns a statement whose rows are arrays of columns. They take half the time of objects, whose keys the driver creates
   * again for each row.
   */
  prepareList<Columns>(sql: string): Statement<Columns> {
    let statement = this.listStatements.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      statement.setReturnArrays(true);
      this.listStatements.set(sql, statement);
    }
    return statement as Statement<Columns>;
  }

  /** Returns the columns of the first row, or undefined. */
  getList<Columns extends unknown[]>(sql: string, ...values: SqlValue[]): Columns | undefined {
    return this.prepareList<Columns>(sql).get(...replaceNuls(values));
  }

  allLists<Columns extends unknown[]>(sql: string, ...values: SqlValue[]): Columns[] {
    return this.prepareList<Columns>(sql).all(...replaceNuls(values));
  }

  get<Row>(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.prepare<Row>(sql).get(...replaceNuls(values));
  }

  /** Returns the row of a statement that always has one, such as a count. */
  getOne<Row>(sql: string, ...values: SqlValue[]): Row {
    const row = this.get<Row>(sql, ...values);
    if (row === undefined) throw new Error(`no row: ${sql}`);
    return row;
  }

  all<Row>(sql: string, ...values: SqlValue[]): Row[] {
    return this.prepare<Row>(sql).all(...replaceNuls(values));
  }

  /** Returns rows as they are read, which ends if the caller stops. */
  iterate<Row>(sql: string, ...values: SqlValue[]): Iterable<Row> {
    return this.prepare<Row>(sql).iterate(...replaceNuls(values));
  }

  /** Returns how many rows changed. */
  run(sql: string, ...values: SqlValue[]): number {
    return Number(this.prepare(sql).run(...replaceNuls(values)).changes);
  }

  /** Returns the new row's key. */
  insert(sql: string, ...values: SqlValue[]): number {
    return Number(this.prepare(sql).run(...replaceNuls(values)).lastInsertRowid);
  }

  /** Registers a listener for rollbacks. Caches of rows must forget rows whose transaction was rolled back. */
  onRollback(notifyRollback: () => void): void {
    this.rollbackListeners.push(notifyRollback);
  }

  /** Runs `work` in one transaction. Takes the write lock first, because a read that turns into a write cannot wait for it. */
  write<T>(work: () => T): T {
    if (this.isReadOnly) throw createReadOnlyError(this.location, null);
    this.checkFileIdentity();
    const result = this.transaction("BEGIN IMMEDIATE", work);
    if (!this.hasWritten && this.fileIdentity !== null) this.logIdentity = getFileIdentity(`${this.location}-wal`);
    this.hasWritten = true;
    this.hasUnsyncedCommits = this.defersSync;
    return result;
  }

  /** Runs `work` as `write` does. Returns its result with the work that it made due. */
  writeAndCollect<T>(work: () => T): { result: T; caused: CausedWork } {
    return this.write(() => this.causedWork.collect(work));
  }

  /**
   * Runs a write that may be lost in a crash of the machine, such as a lease, and therefore does not wait for the disk. It
   * reaches the disk before any later write does.
   */
  writeUnsynced<T>(work: () => T): T {
    if (this.defersSync || this.isReadOnly) return this.write(work);
    this.setSync("NORMAL");
    try {
      return this.write(work);
    } finally {
      this.setSync("FULL");
    }
  }

  /** Sets whether commits wait for the disk (FULL), or only SQLite's own copies into the main file do (NORMAL). */
  private setSync(level: "FULL" | "NORMAL"): void {
    this.exec(`PRAGMA synchronous = ${level}`);
  }

  /** Runs statements once, such as those that attach another database. */
  exec(sql: string): void {
    this.runSingle(() => this.database.exec(sql));
  }

  /** Opens another database. The caller closes it. */
  openDatabase(path: string): Database {
    return openWithSameDriver(this.database, path);
  }

  /**
   * Forgets cached rows if the tables' definitions have changed: another process may have restored a snapshot, after which the same
   * row has another content.
   */
  private forgetReplacedRows(): void {
    if (this.fileIdentity === null) return;
    const { schema_version: found } = this.getOne<{ schema_version: number }>("PRAGMA schema_version");
    if (this.schemaVersion !== null && this.schemaVersion !== found) this.forget();
    this.schemaVersion = found;
  }

  /**
   * Throws `store_unusable` if the file was deleted or replaced. The operating system would accept writes to it until it is
   * closed, and then discard them.
   */
  private checkFileIdentity(): void {
    if (this.fileIdentity === null) return;
    const found = getFileIdentity(this.location);
    if (found !== this.fileIdentity) throw createReplacedError(this.location, found === null);
    if (this.logIdentity !== null && getFileIdentity(`${this.location}-wal`) !== this.logIdentity)
      throw createReplacedError(this.location, true);
  }

  /** Defers syncs: a commit then survives a crash of the process, but a crash of the machine only after `syncToDisk`. */
  deferDiskSync(): void {
    this.setSync("NORMAL");
    this.defersSync = true;
  }

  /**
   * Syncs the write-ahead log directly: a sync through SQLite would need another write, which fails on a full disk. Commits
   * stay in the log until SQLite moves them into the main file, and SQLite syncs before it does.
   */
  syncToDisk(): void {
    if (!this.hasUnsyncedCommits) return;
    const log = `${this.location}-wal`;
    if (this.location !== ":memory:" && existsSync(log)) {
      try {
        const file = openSync(log, "r+");
        try {
          fsyncSync(file);
        } finally {
          closeSync(file);
        }
      } catch (error) {
        throw createSyncError(this.location, error);
      }
    }
    this.hasUnsyncedCommits = false;
  }

  /** Notifies the rollback listeners, so that they forget rows that were not written. */
  forget(): void {
    for (const forget of this.rollbackListeners) forget();
  }

  /** Runs several reads in one transaction, so that they see the same state. */
  read<T>(work: () => T): T {
    return this.transaction("BEGIN", work);
  }

  /** Runs a single statement, which needs no transaction to see one state. */
  runSingle<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.explain(error);
    }
  }

  private transaction<T>(begin: string, work: () => T): T {
    try {
      this.run(begin);
      try {
        this.forgetReplacedRows();
        const result = work();
        this.run("COMMIT");
        return result;
      } catch (error) {
        this.rollBack();
        throw error;
      }
    } catch (error) {
      throw this.explain(error);
    }
  }

  private rollBack(): void {
    this.forget();
    try {
      this.run("ROLLBACK");
    } catch {
      // SQLite ends the transaction itself on a full disk and similar errors.
    }
  }

  /**
   * Closes the database, and moves the log into the file, so that the file alone is the store, unless another process uses
   * it.
   */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    try {
      this.syncToDisk();
      if (this.hasWritten) this.database.exec("PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // No data is lost: the log stays, and the next process that opens the store reads it.
    }
    this.statements.clear();
    this.listStatements.clear();
    this.database.close();
  }
}

/** Returns a file's device and inode, which identify it independently of its path; null if there is no file. */
function getFileIdentity(path: string): string | null {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? null : `${found.dev} ${found.ino}`;
  } catch {
    return null; // a parent folder was replaced by a file, or is no longer readable
  }
}
