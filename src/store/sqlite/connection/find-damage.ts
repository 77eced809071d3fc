import { DELIVERY_STATUSES } from "../../../domain/message/message.js";
import { RUN_STATUSES } from "../../../domain/run/run-status.js";
import { getErrorMessage } from "../../../errors/knock-error.js";
import { isJsonObject } from "../../../util/json.js";
import { stringify } from "../../rows/json-column.js";
import type { Database } from "./driver.js";

type ValueCheck = (value: unknown) => boolean;

const isText: ValueCheck = (value) => typeof value === "string";
const isTextOrNull: ValueCheck = (value) => value === null || value === undefined || isText(value);
const isNumber: ValueCheck = (value) => value === undefined || Number.isSafeInteger(value);
const createListCheck =
  (check: ValueCheck): ValueCheck =>
  (value) =>
    Array.isArray(value) && value.every(check);

const isStep: ValueCheck = (step) => {
  const {
    ref,
    type,
    outcome,
    reason = null,
  } = Array.isArray(step)
    ? { ref: step[0], type: step[1], outcome: step[2], reason: step[3] }
    : isJsonObject(step)
      ? step
      : {};
  return isText(ref) && isText(type) && isText(outcome) && isReason(reason);
};
const isReason: ValueCheck = (reason) => reason === null || (isJsonObject(reason) && isText(reason.code));
const isEvent: ValueCheck = (event) => Array.isArray(event) && isText(event[0]) && isNumber(event[1]);
const isRunEvent: ValueCheck = (event) =>
  isEvent(event) && isStepName((event as unknown[])[2]) && isStepName((event as unknown[])[3]);
/** Zero stands for the step of the event before. */
const isStepName: ValueCheck = (name) => isTextOrNull(name) || name === 0;
const isVersion: ValueCheck = (version) =>
  isJsonObject(version) &&
  isText(version.key) &&
  isText(version.version_id) &&
  createListCheck(isText)(version.categories) &&
  Array.isArray(version.steps);
const isPreferences: ValueCheck = (sets) => isJsonObject(sets) && Object.values(sets).every(isJsonObject);
const isSubscription: ValueCheck = (value) => isJsonObject(value) && isText(value.object) && isText(value.recipient);

/** The columns that contain JSON, with checks of everything that the code that reads them relies on. */
const JSON_COLUMNS: Readonly<Record<string, Readonly<Record<string, ValueCheck>>>> = {
  recipients: { properties: isJsonObject, preferences: isPreferences, channel_data: isPreferences },
  subscriptions: { properties: isJsonObject },
  workflow_versions: { definition: isVersion },
  workflow_runs: {
    data: isJsonObject,
    settings: isJsonObject,
    trigger_source: (source) => isJsonObject(source) && isText(source.type),
    unidentified: createListCheck(isText),
    fan_out: isJsonObject,
  },
  recipient_runs: {
    position: createListCheck(Number.isSafeInteger),
    data: isJsonObject,
    via: isSubscription,
    reason: isReason,
    steps: createListCheck(isStep),
    events: createListCheck(isRunEvent),
  },
  messages: {
    recipient_snapshot: isJsonObject,
    metadata: isJsonObject,
    data: isJsonObject,
    events: createListCheck(isEvent),
    content: isJsonObject,
    batch: (batch) => isJsonObject(batch) && createListCheck(isText)(batch.actors),
    links: createListCheck(isText),
  },
  schedules: { data: isJsonObject, repeats: createListCheck(isJsonObject) },
  delivery_logs: { request: isJsonObject, response: isJsonObject },
  signals: { event: isJsonObject },
  message_secrets: { secrets: isJsonObject },
  template_sources: { texts: createListCheck(isText) },
};

const STATUSES_BY_TABLE: Readonly<Record<string, readonly string[]>> = {
  recipient_runs: RUN_STATUSES,
  messages: DELIVERY_STATUSES,
};

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
    if (!Number.isSafeInteger(value)) return `${name} is not a number`;
    const isTime = name === "at" || name.endsWith("_at");
    return isTime && Math.abs(value as number) > MAX_TIME_MS ? `${name} is not a time` : null;
  }
  if (typeof value !== "string") return `${name} is not text`;
  if (name === "status" && STATUSES_BY_TABLE[table]?.includes(value) === false) return `${name} is ${stringify(value)}`;
  const check = JSON_COLUMNS[table]?.[name];
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

/** Returns the columns of a table that `MIGRATIONS` creates. */
function readColumns(database: Database, table: string): Column[] {
  return database.prepare(`PRAGMA table_info(${table})`).all() as Column[];
}

const MAX_ROWS_PER_READ = 200;

function findInvalidRow(database: Database, table: string): string | null {
  const columns = readColumns(database, table);
  const hasRow = columns.some(({ name }) => name === "row");
  const limit = hasRow ? `WHERE row > ? ORDER BY row LIMIT ${MAX_ROWS_PER_READ}` : "";
  const select = database.prepare(`SELECT * FROM ${table} ${limit}`);
  for (let last = Number.MIN_SAFE_INTEGER; ; ) {
    const rows = select.all(...(hasRow ? [last] : [])) as Record<string, unknown>[];
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
      .prepare(
        `SELECT row FROM ${table} WHERE ${column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ${target} t WHERE t.row = ${table}.${column}) LIMIT 1`,
      )
      .get() as { row: number } | undefined;
    if (missingRow !== undefined) return `${table}, row ${missingRow.row}: its ${target} row is missing`;
  }
  return null;
}

/**
 * Finds damage that SQLite itself does not notice, such as a changed byte in a text. Returns where and what it is, or null.
 * Slow: called only after an error, to distinguish a damaged store from a bug. `tables` are the statements that created the
 * tables, by table.
 */
export function findDamage(database: Database, tables: ReadonlyMap<string, string>): string | null {
  let tablePrefix = "";
  try {
    const found = database.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").all() as {
      name: string;
      sql: string;
    }[];
    const created = new Map(found.map(({ name, sql }) => [name, sql]));
    for (const [name, sql] of tables)
      if (created.get(name) !== sql) return `the definition of table ${name} has changed`;
    const check = database.prepare("PRAGMA integrity_check(1)").get() as { integrity_check: string };
    if (check.integrity_check !== "ok") return check.integrity_check;
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
