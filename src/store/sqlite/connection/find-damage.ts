import { getErrorMessage } from "../../../errors/knock-error.js";
import { stringify } from "../../rows/json-column.js";
import { STORED_TABLES } from "../../rows/stored-tables.js";
import { type Database, selectOne } from "./driver.js";

/** The checks of columns, by table. */
const COLUMNS_BY_TABLE = new Map(STORED_TABLES.map(({ name, columnsByName }) => [name, columnsByName]));

/** Columns that identify a row in error messages. Tables without any of them use the row's number. */
const ID_COLUMNS = ["id", "key", "version_id", "message", "file"];

/** The latest time that a date can express, in milliseconds. */
const MAX_TIME_MS = 8.64e15;

interface Column {
  name: string;
  type: string;
  notnull: number;
}

function describeInvalidColumn(table: string, { name, type, notnull }: Column, value: unknown): string | null {
  if (value === null) return notnull ? `${name} is missing` : null;
  if (type === "INTEGER") {
    if (typeof value !== "number" || !Number.isSafeInteger(value)) return `${name} is not a number`;
    const isTime = name === "at" || name.endsWith("_at");
    return isTime && Math.abs(value) > MAX_TIME_MS ? `${name} is not a time` : null;
  }
  if (typeof value !== "string") return `${name} is not text`;
  const { check, values } = COLUMNS_BY_TABLE.get(table)?.get(name) ?? {};
  if (values?.includes(value) === false) return `${name} is ${stringify(value)}`;
  if (check === undefined) return name === "recipient" && !value.includes("/") ? `${name} is not a key` : null;
  try {
    return check(JSON.parse(value)) ? null : `${name} is incomplete`;
  } catch {
    return `${name} is invalid JSON`;
  }
}

function formatRowName(table: string, row: Record<string, unknown>): string {
  const column = ID_COLUMNS.find((name) => typeof row[name] === "string");
  return column === undefined ? `${table}, row ${row.row}` : `${table}, ${column} ${stringify(row[column])}`;
}

/** Returns the columns of a table that `CREATE_TABLES` creates. */
function readColumns(database: Database, table: string): Column[] {
  return database.prepare<Column>(`PRAGMA table_info(${table})`).all();
}

const MAX_ROWS_PER_READ = 200;

function findInvalidRow(database: Database, table: string): string | null {
  const columns = readColumns(database, table);
  const hasRow = columns.some(({ name }) => name === "row");
  const limit = hasRow ? `WHERE row > ? ORDER BY row LIMIT ${MAX_ROWS_PER_READ}` : "";
  const select = database.prepare<Record<string, unknown>>(`SELECT * FROM ${table} ${limit}`);
  for (let last = Number.MIN_SAFE_INTEGER; ; ) {
    const rows = select.all(...(hasRow ? [last] : []));
    for (const row of rows) {
      for (const column of columns) {
        const problem = describeInvalidColumn(table, column, row[column.name]);
        if (problem !== null) return `${formatRowName(table, row)}: ${problem}`;
      }
    }
    if (!hasRow || rows.length < MAX_ROWS_PER_READ) return null;
    last = Number(rows.at(-1)?.row);
  }
}

/** References that joins follow: table, column and referenced table. */
const REFERENCES = [
  ["workflow_runs", "version", "workflow_versions"],
  ["recipient_runs", "workflow_run", "workflow_runs"],
  ["messages", "recipient_run", "recipient_runs"],
  ["messages", "channel", "channels"],
  ["messages", "template_sources", "template_sources"],
] as const;

function findMissingReference(database: Database): string | null {
  for (const [table, column, target] of REFERENCES) {
    const missingRow = database
      .prepare<{ row: number }>(
        `SELECT row FROM ${table} WHERE ${column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ${target} t WHERE t.row = ${table}.${column}) LIMIT 1`,
      )
      .get();
    if (missingRow !== undefined) return `${table}, row ${missingRow.row}: its ${target} row is missing`;
  }
  return null;
}

/** Returns the statements that created the tables of a database, by table. */
export function readTableStatements(database: Database): Map<string, string> {
  const rows = database
    .prepare<{ name: string; sql: string }>("SELECT name, sql FROM sqlite_schema WHERE type = 'table'")
    .all();
  return new Map(rows.map(({ name, sql }) => [name, sql]));
}

/**
 * Finds damage that SQLite itself does not notice, such as a changed byte in a text. Returns where and what it is, or null.
 * Slow: called only after an error, to distinguish a damaged store from a bug. `tables` are the statements that created the
 * tables, by table.
 */
export function findDamage(database: Database, tables: ReadonlyMap<string, string>): string | null {
  let tablePrefix = "";
  try {
    const created = readTableStatements(database);
    for (const [name, sql] of tables)
      if (created.get(name) !== sql) return `the definition of table ${name} has changed`;
    const { integrity_check } = selectOne<{ integrity_check: string }>(database, "PRAGMA integrity_check(1)");
    if (integrity_check !== "ok") return integrity_check;
    for (const table of tables.keys()) {
      if (table.startsWith("sqlite_")) continue; // SQLite's own tables declare no types, and `integrity_check` covers them
      tablePrefix = `${table}: `;
      const problem = findInvalidRow(database, table);
      if (problem !== null) return problem;
    }
    return findMissingReference(database);
  } catch (error) {
    return tablePrefix + getErrorMessage(error);
  }
}
