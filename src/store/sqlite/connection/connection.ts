import { closeSync, existsSync, fsyncSync, openSync, statSync } from "node:fs";
import { KnockError } from "../../../errors/knock-error.js";
import type { Database, SqlValue, Statement } from "./driver.js";
import { findDamage } from "./find-damage.js";
import {
  createDamagedError,
  createReadOnlyError,
  createReplacedError,
  createSyncError,
  translateError,
} from "./store-errors.js";

/** One open database: its prepared statements, and transactions around whole verbs. */
export class Connection {
  private readonly statements = new Map<string, Statement>();
  private readonly listStatements = new Map<string, Statement>();
  private readonly rollbackListeners: (() => void)[] = [];
  private hasWritten = false;
  private isOpen = true;
  private defersSync = false;
  private hasUnsyncedCommits = false;
  /** The file that is open, and its log once something was written; null for a store in memory. */
  private fileIdentity: string | null;
  private logIdentity: string | null = null;
  /** Whether changes of users' properties are kept for dynamic audiences to follow. */
  watchesUsers = false;

  /** `tables`: the statements that create the tables of a store, by table. */
  constructor(
    private readonly database: Database,
    private readonly location: string,
    private readonly getTableStatements: () => ReadonlyMap<string, string> = () => new Map(),
    readonly isReadOnly = false,
  ) {
    this.fileIdentity = location === ":memory:" ? null : getFileIdentity(location);
  }

  /** An error as `store_unusable`, if the surroundings or a damaged store explain it; otherwise, a bug, as it is. */
  explain(error: unknown): unknown {
    const translated = translateError(error, this.location);
    if (translated instanceof KnockError) return translated;
    const found = findDamage(this.database, this.getTableStatements());
    return found === null ? error : createDamagedError(this.location, found, error);
  }

  /** A statement by its text, prepared at its first use. */
  prepare(sql: string): Statement {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }

  /** One whose rows are lists of their columns: half the time of objects, whose keys the driver makes anew for each. */
  prepareList(sql: string): Statement {
    let statement = this.listStatements.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      statement.setReturnArrays(true);
      this.listStatements.set(sql, statement);
    }
    return statement;
  }

  /** The columns of the first row. */
  getList<Columns extends unknown[]>(sql: string, ...values: SqlValue[]): Columns | undefined {
    return this.prepareList(sql).get(...values) as Columns | undefined;
  }

  allLists<Columns extends unknown[]>(sql: string, ...values: SqlValue[]): Columns[] {
    return this.prepareList(sql).all(...values) as Columns[];
  }

  get<Row>(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.prepare(sql).get(...values) as Row | undefined;
  }

  all<Row>(sql: string, ...values: SqlValue[]): Row[] {
    return this.prepare(sql).all(...values) as Row[];
  }

  /** Returns how many rows changed. */
  run(sql: string, ...values: SqlValue[]): number {
    return Number(this.prepare(sql).run(...values).changes);
  }

  /** Returns the new row's key. */
  insert(sql: string, ...values: SqlValue[]): number {
    return Number(this.prepare(sql).run(...values).lastInsertRowid);
  }

  /** Whatever remembers rows must forget them when the transaction that may have made them did not happen. */
  onRollback(notifyRollback: () => void): void {
    this.rollbackListeners.push(notifyRollback);
  }

  /** All of the work or none of it. Takes the write lock first: a read that turns into a write cannot wait for it. */
  write<T>(work: () => T): T {
    if (this.isReadOnly) throw createReadOnlyError(this.location, null);
    this.checkFileIdentity();
    const result = this.transaction("BEGIN IMMEDIATE", work);
    if (!this.hasWritten && this.fileIdentity !== null) this.logIdentity = getFileIdentity(`${this.location}-wal`);
    this.hasWritten = true;
    this.hasUnsyncedCommits = this.defersSync;
    return result;
  }

  /** Throws if the file was deleted or replaced: the system would let us write to it until it is closed, and then lose it. */
  private checkFileIdentity(): void {
    if (this.fileIdentity === null) return;
    const found = getFileIdentity(this.location);
    if (found !== this.fileIdentity) throw createReplacedError(this.location, found === null);
    if (this.logIdentity !== null && getFileIdentity(`${this.location}-wal`) !== this.logIdentity)
      throw createReplacedError(this.location, true);
  }

  /** From now on a commit survives a crash of the process, but a crash of the machine only after `syncToDisk`. */
  deferDiskSync(): void {
    this.runSingle(() => this.database.exec("PRAGMA synchronous = NORMAL"));
    this.defersSync = true;
  }

  /**
   * Syncs the log file itself: a sync through SQLite would need another write, which a full disk refuses. Commits are in the
   * log until SQLite moves them into the main file, and before that it syncs by itself.
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

  /** What was remembered of rows that are not there after all is forgotten. */
  forget(): void {
    for (const forget of this.rollbackListeners) forget();
  }

  /** Several reads that see one state. */
  read<T>(work: () => T): T {
    return this.transaction("BEGIN", work);
  }

  /** One statement, which needs no transaction to see one state. */
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
      // A full disk and the like end the transaction by themselves.
    }
  }

  /** Moves the log into the file, so that the file alone is the store, unless another process is at work there. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    try {
      this.syncToDisk();
      if (this.hasWritten) this.database.exec("PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // Nothing is lost: the log stays and the next to open reads it.
    }
    this.statements.clear();
    this.listStatements.clear();
    this.database.close();
  }
}

/** Names a file apart from its path; null if there is none. */
function getFileIdentity(path: string): string | null {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? null : `${found.dev} ${found.ino}`;
  } catch {
    return null; // a folder above it is a file now, or may not be read any more
  }
}
