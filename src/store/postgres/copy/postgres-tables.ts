import { setTimeout as sleep } from "node:timers/promises";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import { KnockError } from "../../../errors/knock-error.js";
import type { ClockSetting } from "../../../ports/clock-store.js";
import type { StoredRow, StoredTable, StoredValue, StoreTables, TableTarget } from "../../../ports/store-tables.js";
import { hashSha256 } from "../../../util/hash.js";
import { type JsonText, parseJson, stringify } from "../../rows/json-column.js";
import { WORKFLOW_RUNS } from "../../rows/run-row.js";
import { formatColumns, formatSelectNext, getKey, READ_ROWS, STORED_TABLES } from "../../rows/stored-tables.js";
import { BLOCK_ROWS } from "../connection/allocate-rows.js";
import { recordAllValues } from "../connection/block-values.js";
import type { Connection } from "../connection/connection.js";
import { toIndexedKey } from "../connection/to-indexed-key.js";
import { DATABASE_TIME, type Transaction } from "../connection/transaction.js";
import { getShard } from "../run/shard.js";
import { readUnidentified } from "../run/unidentified-recipients.js";

/** A worker whose heartbeat is older than this has ended. */
const MAX_HEARTBEAT_AGE_MS = 10_000;

/** Copying a large table takes longer than any statement of the store. */
const NO_LIMITS = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";

/** Sessions of a store in a schema of its own have its name. */
const COUNT_USERS = `
  SELECT (SELECT count(*) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'knock%'
        AND substring(application_name FROM '^knock(:.*)$') IS NOT DISTINCT FROM substring(current_setting('application_name') FROM '^knock(:.*)$'))
    + (SELECT count(*) FROM workers WHERE seen_at > ${DATABASE_TIME} - $1) AS users`;

/** How long a session may take to end after its client, and how often the server is asked whether it has. */
const MAX_ENDING_MS = 2_000;
const POLL_MS = 50;

async function countUsers(reader: Pick<Transaction, "get">): Promise<number> {
  return (await reader.get<{ users: number }>(COUNT_USERS, MAX_HEARTBEAT_AGE_MS))?.users ?? 0;
}

/** The sequences of tables that have no identity column, and the number of rows that each value stands for. */
const SEQUENCES: readonly { sequence: string; tables: readonly string[]; rowsPerValue: number }[] = [
  { sequence: "row_blocks", tables: ["recipient_runs", "messages"], rowsPerValue: BLOCK_ROWS },
  { sequence: "batch_activity_rows", tables: ["batch_activities"], rowsPerValue: 1 },
  { sequence: "delivery_log_rows", tables: ["delivery_logs"], rowsPerValue: 1 },
];

/** A column that only this kind of store has, and whose value follows from the text in another one. */
interface DerivedColumn {
  name: string;
  source: string;
  derive(text: string): StoredValue;
}

const SHARD: DerivedColumn = { name: "shard", source: "recipient", derive: getShard };

/** The derived columns, by table. */
const DERIVED_COLUMNS: Readonly<Record<string, DerivedColumn>> = {
  recipient_runs: SHARD,
  messages: SHARD,
  template_sources: {
    name: "digest",
    source: "texts",
    derive: (texts) => Buffer.from(hashSha256(texts)).toString("hex"),
  },
};

/** The tables with keys that contain values of a trigger's data, which may be too long for an index. */
const INDEXED_KEYS = new Set(["batches", "throttles", "throttle_passes"]);

function convertKey({ columns }: StoredTable, row: StoredRow): StoredRow {
  return row.map((value, index) => (columns[index] === "key" ? toIndexedKey(String(value)) : value));
}

class PostgresTableTarget implements TableTarget {
  constructor(private readonly tx: Transaction) {}

  async countRows({ name }: StoredTable): Promise<number> {
    return (await this.tx.getOne<{ count: number }>(`SELECT count(*) AS count FROM ${name}`)).count;
  }

  async *readRows(table: StoredTable): AsyncGenerator<readonly StoredRow[]> {
    for (let last: StoredRow | undefined; ; ) {
      const sql = formatSelectNext(table, last === undefined, (position) => `$${position}`);
      const found: Record<string, StoredValue>[] = await this.tx.all(
        sql,
        ...(last === undefined ? [] : getKey(table, last)),
      );
      if (table.name === WORKFLOW_RUNS.name) await this.addUnidentified(found);
      const rows = found.map((row) => table.columns.map((column) => row[column] ?? null));
      if (rows.length > 0) yield rows;
      if (rows.length < READ_ROWS) return;
      last = rows.at(-1);
    }
  }

  /** Adds the recipients that this kind of store keeps in a table of their own to the rows of their triggers. */
  private async addUnidentified(rows: readonly Record<string, StoredValue>[]): Promise<void> {
    const later = await readUnidentified(
      this.tx,
      rows.map(({ row }) => Number(row)),
    );
    for (const row of rows) {
      const recipients = later.get(Number(row.row));
      if (recipients === undefined) continue;
      const known = parseJson(row.unidentified as JsonText<RecipientKey[]> | null) ?? [];
      row.unidentified = stringify([...known, ...recipients]);
    }
  }

  async writeRows(table: StoredTable, given: readonly StoredRow[]): Promise<readonly StoredRow[]> {
    const rows = INDEXED_KEYS.has(table.name) ? given.map((row) => convertKey(table, row)) : given;
    const derived = DERIVED_COLUMNS[table.name];
    const source = derived === undefined ? -1 : table.columns.indexOf(derived.source);
    await this.tx.copy(
      table.name,
      [...table.columns, ...(derived ? [derived.name] : [])].map((column) => formatColumns([column])),
      derived ? rows.map((row) => [...row, derived.derive(String(row[source]))]) : rows,
    );
    return rows;
  }

  async readClock(): Promise<ClockSetting> {
    const found = await this.tx.get<ClockSetting>("SELECT offset_ms, frozen_at FROM clock WHERE row = 1");
    return found ?? { offset_ms: 0, frozen_at: null };
  }

  async writeClock({ offset_ms, frozen_at }: ClockSetting): Promise<void> {
    if (offset_ms === 0 && frozen_at === null) return;
    throw new KnockError("not_supported", "the store has a virtual clock, which a PostgreSQL store cannot have", {
      hint: "Run `knock clock reset` on the store that you copy from. Nothing was copied.",
    });
  }

  /**
   * Sets the sequences above the copied rows, and updates the statistics, so that the first queries are planned well. Large
   * feeds are counted when they are first read.
   */
  async deriveRest(): Promise<void> {
    const { tx } = this;
    for (const { name, columns } of STORED_TABLES) {
      if (
        !columns.includes("row") ||
        SEQUENCES.some(({ tables }) => tables.includes(name)) ||
        name === "outbound_watch"
      )
        continue;
      await tx.all(
        `SELECT setval(pg_get_serial_sequence('${name}', 'row'), COALESCE(MAX(row), 0) + 1, false) FROM ${name}`,
      );
    }
    for (const { sequence, tables, rowsPerValue } of SEQUENCES) {
      const rows = tables.map((name) => `SELECT MAX(row) AS row FROM ${name}`).join(" UNION ALL ");
      await tx.all(
        `SELECT setval('${sequence}', COALESCE(MAX(row), 0) / ${rowsPerValue} + 1, false) FROM (${rows}) AS newest`,
      );
    }
    await recordAllValues(tx);
    await tx.run("UPDATE knock_store SET uses_waits = EXISTS (SELECT 1 FROM waits)");
    await tx.run(`ANALYZE ${STORED_TABLES.map(({ name }) => name).join(", ")}`);
  }
}

/** The tables of the store in a PostgreSQL database. */
export class PostgresTables implements StoreTables {
  constructor(private readonly connection: Connection) {}

  get location(): string {
    return this.connection.location;
  }

  async read<T>(work: (source: PostgresTableTarget) => Promise<T>): Promise<T> {
    await this.waitForEndingUsers();
    return this.connection.read(async (tx) => {
      await tx.all(NO_LIMITS);
      await this.checkUnused(tx);
      const result = await work(new PostgresTableTarget(tx));
      await this.checkUnused(tx);
      return result;
    });
  }

  /** Waits for a moment: the server lists a session until its process has ended, also if its client is already gone. */
  private async waitForEndingUsers(): Promise<void> {
    const until = performance.now() + MAX_ENDING_MS;
    while ((await countUsers(this.connection)) > 0 && performance.now() < until) await sleep(POLL_MS);
  }

  private async checkUnused(tx: Transaction): Promise<void> {
    if ((await countUsers(tx)) === 0) return;
    throw new KnockError("conflict", `another process uses the store ${this.location}`, {
      hint: "Stop all workers and servers that use it, and run the command again.",
    });
  }

  write<T>(work: (target: PostgresTableTarget) => Promise<T>): Promise<T> {
    return this.connection.write(async (tx) => {
      await tx.all(NO_LIMITS);
      const target = new PostgresTableTarget(tx);
      for (const table of STORED_TABLES)
        if ((await target.countRows(table)) > 0)
          throw new KnockError("conflict", `the store ${this.location} is not empty`, {
            hint: "Copy to a new database. Nothing was changed.",
          });
      return work(target);
    });
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}
