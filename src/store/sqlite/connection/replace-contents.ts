import type { Connection } from "./connection.js";

/** Names a database in the statements below. */
type Schema = "main" | "snapshot";

interface SchemaObject {
  type: string;
  name: string;
  sql: string;
}

const quote = (name: string): string => `"${name}"`;

/** Returns the tables, indexes and triggers of a database that statements have created. */
function listObjects(db: Connection, schema: Schema): SchemaObject[] {
  return db.all<SchemaObject>(
    `SELECT type, name, sql FROM ${schema}.sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'`,
  );
}

function listColumns(db: Connection, table: string, schema: Schema): string {
  const columns = db.all<{ name: string }>("SELECT name FROM pragma_table_info(?, ?)", table, schema);
  return columns.map(({ name }) => quote(name)).join(", ");
}

/** Copies all rows of a table. SQLite copies whole pages, with their indexes, if both tables have the same columns in the same order. */
function copyRows(db: Connection, table: string): void {
  const name = quote(table);
  const columns = listColumns(db, table, "main");
  const isSame = columns === listColumns(db, table, "snapshot");
  db.exec(
    isSame
      ? `INSERT INTO main.${name} SELECT * FROM snapshot.${name}`
      : `INSERT INTO main.${name} (${columns}) SELECT ${columns} FROM snapshot.${name}`,
  );
}

/** Changes the number that other connections compare, so that they forget cached rows. `PRAGMA schema_version` may not be writable. */
const CHANGE_SCHEMA_VERSION = "CREATE VIEW main.snapshot_restored AS SELECT 1; DROP VIEW main.snapshot_restored";

function replaceRows(db: Connection): void {
  const [own, others] = [listObjects(db, "main"), listObjects(db, "snapshot")];
  const ownNames = new Set(own.map(({ name }) => name));
  const saved = new Set(others.filter(({ type }) => type === "table").map(({ name }) => name));
  // The rows of a snapshot are no events that webhooks report.
  const triggers = own.filter(({ type }) => type === "trigger");
  for (const { name } of triggers) db.exec(`DROP TRIGGER main.${quote(name)}`);
  // The tables of webhooks and sources exist only in stores that use them.
  const missing = others.filter(({ name }) => !ownNames.has(name));
  for (const { sql } of missing.filter(({ type }) => type !== "trigger")) db.exec(sql);
  for (const { type, name } of [...own, ...missing]) {
    if (type !== "table") continue;
    db.exec(`DELETE FROM main.${quote(name)}`);
    if (saved.has(name)) copyRows(db, name);
  }
  for (const { sql } of [...triggers, ...missing.filter(({ type }) => type === "trigger")]) db.exec(sql);
  db.exec(CHANGE_SCHEMA_VERSION);
}

/**
 * Replaces all rows of a store by those of another one, whose tables have the same version, in one transaction. `address` is a
 * path or a URI.
 */
export function replaceContents(db: Connection, address: string): void {
  db.exec(`ATTACH '${address.replaceAll("'", "''")}' AS snapshot`);
  try {
    db.write(() => replaceRows(db));
  } finally {
    db.forget();
    db.exec("DETACH snapshot");
  }
}
