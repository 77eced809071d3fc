import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { KnockError } from "../../../errors/knock-error.js";
import type { ClockSetting } from "../../../ports/clock-store.js";
import type { StoredRow, StoredTable, StoreTables, TableTarget } from "../../../ports/store-tables.js";
import { formatColumns, formatSelectNext, getKey, READ_ROWS, STORED_TABLES } from "../../rows/stored-tables.js";
import { type Database, openDatabase, type Statement, selectOne } from "../connection/driver.js";
import { inspectStoreFile } from "../connection/inspect-store-file.js";
import { hasTable } from "../connection/migrations.js";
import { isBusy, translateError } from "../connection/store-errors.js";
import { WATCH_SCRIPT } from "../log/sqlite-outbound-log.js";
import { CREATE_SOURCE_EVENTS, INDEX_SOURCE_EVENTS } from "../log/sqlite-source-log.js";
import { checkCurrentVersion, openSqliteStore, updateTables } from "../open-sqlite-store.js";

const FIRST_CAPACITY = 1 << 12;

/**
 * Numbers recipient runs from 1 without gaps, in the same order, and changes the rows that refer to them. The index of their ids
 * is divided into blocks of rows, all of which a lookup searches, and PostgreSQL leaves large gaps. A reference to a run that
 * does not exist becomes 0.
 */
class RunNumbers {
  /** The old rows in order. The new row is the position plus 1. */
  private rows = new Float64Array(FIRST_CAPACITY);
  private count = 0;

  renumber({ name, columns, recipientRunRows }: StoredTable, rows: readonly StoredRow[]): readonly StoredRow[] {
    if (recipientRunRows.length === 0) return rows;
    if (name === "recipient_runs") for (const [row] of rows) this.add(Number(row));
    const positions = recipientRunRows.map((column) => columns.indexOf(column));
    return rows.map((row) => {
      const changed = [...row];
      for (const position of positions)
        if (typeof changed[position] === "number") changed[position] = this.find(changed[position]);
      return changed;
    });
  }

  private add(row: number): void {
    if (this.count === this.rows.length) {
      const larger = new Float64Array(this.count * 2);
      larger.set(this.rows);
      this.rows = larger;
    }
    this.rows[this.count++] = row;
  }

  private find(row: number): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.rows[middle] ?? row) < row) low = middle + 1;
      else high = middle;
    }
    return low < this.count && this.rows[low] === row ? low + 1 : 0;
  }
}

/** The tables that exist only in stores that use them, with the statements that create them. */
const OPTIONAL_TABLES: Readonly<Record<string, string>> = {
  source_events: `${CREATE_SOURCE_EVENTS}; ${INDEX_SOURCE_EVENTS}`,
  outbound_events: WATCH_SCRIPT,
  outbound_taken: WATCH_SCRIPT,
  outbound_watch: WATCH_SCRIPT,
};

/** Lists find recipient runs and messages by the names of their workflow and tenant. */
const SET_NAMES = `
  INSERT INTO names (name) SELECT workflow FROM workflow_runs UNION SELECT tenant FROM workflow_runs WHERE tenant IS NOT NULL;
  UPDATE recipient_runs SET (workflow_name, tenant_name) = (
    SELECT (SELECT row FROM names WHERE name = w.workflow), (SELECT row FROM names WHERE name = w.tenant)
    FROM workflow_runs w WHERE w.row = recipient_runs.workflow_run
  );
  UPDATE messages SET (workflow_name, tenant_name) = (
    SELECT r.workflow_name, r.tenant_name FROM recipient_runs r WHERE r.row = messages.recipient_run
  );`;

function createInUseError(location: string, cause?: unknown): KnockError {
  return new KnockError("conflict", `another process uses the store ${location}`, {
    hint: "Stop it, such as `knock dev` or `knock worker`, and run the command again.",
    cause,
  });
}

/** Returns a number that changes when another connection changes the file. */
function readDataVersion(database: Database): number {
  return selectOne<{ data_version: number }>(database, "PRAGMA data_version").data_version;
}

class SqliteTableTarget implements TableTarget {
  private readonly inserts = new Map<string, Statement>();
  private readonly runNumbers = new RunNumbers();

  constructor(private readonly database: Database) {}

  async countRows({ name }: StoredTable): Promise<number> {
    if (!hasTable(this.database, name)) return 0;
    return selectOne<{ count: number }>(this.database, `SELECT COUNT(*) AS count FROM ${name}`).count;
  }

  async *readRows(table: StoredTable): AsyncGenerator<readonly StoredRow[]> {
    if (!hasTable(this.database, table.name)) return;
    const prepare = (isFirst: boolean) => {
      const statement = this.database.prepare<StoredRow>(formatSelectNext(table, isFirst, () => "?"));
      statement.setReturnArrays(true);
      return statement;
    };
    const next = prepare(false);
    let rows = prepare(true).all();
    for (let last = rows.at(-1); last !== undefined; last = rows.at(-1)) {
      yield rows;
      rows = rows.length < READ_ROWS ? [] : next.all(...getKey(table, last));
    }
  }

  async writeRows(table: StoredTable, rows: readonly StoredRow[]): Promise<readonly StoredRow[]> {
    const insert = this.inserts.get(table.name) ?? this.prepareInsert(table);
    const renumbered = this.runNumbers.renumber(table, rows);
    for (const row of renumbered) insert.run(...row);
    return renumbered;
  }

  private prepareInsert({ name, columns }: StoredTable): Statement {
    const create = OPTIONAL_TABLES[name];
    if (create !== undefined && !hasTable(this.database, name)) this.database.exec(create);
    const values = columns.map(() => "?").join(", ");
    const insert = this.database.prepare(`INSERT INTO ${name} (${formatColumns(columns)}) VALUES (${values})`);
    this.inserts.set(name, insert);
    return insert;
  }

  async readClock(): Promise<ClockSetting> {
    const found = this.database.prepare<ClockSetting>("SELECT offset_ms, frozen_at FROM clock WHERE row = 1").get();
    return { offset_ms: 0, frozen_at: null, ...found };
  }

  async writeClock({ offset_ms, frozen_at }: ClockSetting): Promise<void> {
    this.database
      .prepare("INSERT OR REPLACE INTO clock (row, offset_ms, frozen_at) VALUES (1, ?, ?)")
      .run(offset_ms, frozen_at);
  }

  async deriveRest(): Promise<void> {
    this.database.exec(SET_NAMES);
  }
}

class SqliteTables implements StoreTables {
  constructor(readonly location: string) {}

  async read<T>(work: (source: SqliteTableTarget) => Promise<T>): Promise<T> {
    const { location } = this;
    if (!existsSync(location))
      throw new KnockError("store_unusable", `there is no store ${location}`, {
        hint: "Check the path. `knock config list` shows the store of a project.",
      });
    const isReadOnly = inspectStoreFile(location) === "readable";
    if (!isReadOnly) await this.checkUnused();
    return this.useDatabase(isReadOnly, async (database) => {
      if (!isReadOnly) updateTables(database, location);
      checkCurrentVersion(database, location);
      database.exec("PRAGMA query_only = ON");
      const version = readDataVersion(database);
      database.exec("BEGIN");
      const result = await work(new SqliteTableTarget(database));
      database.exec("COMMIT");
      if (readDataVersion(database) !== version) throw createInUseError(location);
      return result;
    });
  }

  /** Throws `conflict` if another connection is open: the exclusive lock is only given to the only one. */
  private checkUnused(): Promise<void> {
    return this.useDatabase(false, async (database) => {
      try {
        // Prepared statements would keep the lock until they are collected.
        database.exec("PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; SELECT 1 FROM sqlite_schema");
      } catch (error) {
        throw isBusy(error) ? createInUseError(this.location, error) : error;
      }
    });
  }

  async write<T>(work: (target: SqliteTableTarget) => Promise<T>): Promise<T> {
    // Creates the file and its tables if they are missing.
    await (await openSqliteStore(this.location)).close();
    return this.useDatabase(false, async (database) => {
      database.exec("PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; BEGIN IMMEDIATE");
      const target = new SqliteTableTarget(database);
      for (const table of STORED_TABLES)
        if ((await target.countRows(table)) > 0)
          throw new KnockError("conflict", `the store ${this.location} is not empty`, {
            hint: "Copy to a new file. Nothing was changed.",
          });
      const result = await work(target);
      database.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
      return result;
    });
  }

  async close(): Promise<void> {}

  /** Opens the file while `work` runs. Changes that were not committed are undone when it is closed. */
  private async useDatabase<T>(readOnly: boolean, work: (database: Database) => Promise<T>): Promise<T> {
    try {
      const address = readOnly ? `${pathToFileURL(this.location).href}?immutable=1` : this.location;
      const database = await openDatabase(address, { readOnly });
      try {
        return await work(database);
      } finally {
        database.close();
      }
    } catch (error) {
      throw translateError(error, this.location);
    }
  }
}

/** Opens the tables of a SQLite store. `:memory:` cannot be copied, because each connection has a store of its own. */
export function openSqliteTables(location: string): StoreTables {
  return new SqliteTables(resolve(location));
}
