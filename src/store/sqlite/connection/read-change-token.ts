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
