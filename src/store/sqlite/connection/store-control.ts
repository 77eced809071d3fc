import { randomBytes } from "../../../util/random.js";
import { listClearStatements } from "../../rows/cleared-tables.js";
import type { Connection } from "./connection.js";

/**
 * Returns the number of rows that this connection changed, and SQLite's counter for commits by other connections. Reads no
 * table.
 */
export function readChangeToken(db: Connection): string {
  const otherCommits = db.get<{ data_version: number }>("PRAGMA data_version")?.data_version;
  const ownChanges = db.get<{ rows: number }>("SELECT total_changes() AS rows")?.rows;
  return `${otherCommits} ${ownChanges}`;
}

const SECRET_BYTES = 32;

/** Returns the secret of this name as hex. Creates it at the first read. */
export function readSecret(db: Connection, name: string): string {
  const select = "SELECT value FROM secrets WHERE name = ?";
  const known = db.runSingle(() => db.get<{ value: string }>(select, name));
  if (known !== undefined) return known.value;
  return db.write(() => {
    db.run(
      "INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
      name,
      Buffer.from(randomBytes(SECRET_BYTES)).toString("hex"),
    );
    return db.getOne<{ value: string }>(select, name).value;
  });
}

export function readText(db: Connection, name: string): string | null {
  return db.get<{ value: string }>("SELECT value FROM secrets WHERE name = ?", name)?.value ?? null;
}

export function replaceText(db: Connection, name: string, before: string | null, after: string): boolean {
  return db.write(() => {
    if (readText(db, name) !== before) return false;
    db.run("INSERT OR REPLACE INTO secrets (name, value) VALUES (?, ?)", name, after);
    return true;
  });
}

/** Deletes runs, messages and schedules, and also recipients unless `keepRecipients` is set. The clock is kept. */
export function clearStore(db: Connection, { keepRecipients }: { keepRecipients: boolean }): void {
  db.write(() => {
    for (const statement of listClearStatements(keepRecipients)) db.run(statement);
  });
}
