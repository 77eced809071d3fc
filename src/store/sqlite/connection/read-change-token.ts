import type { Connection } from "./connection.js";

/** Rows that this connection changed, and SQLite's own count of commits by others. Costs no read of any table. */
export function readChangeToken(db: Connection): string {
  const otherCommits = db.get<{ data_version: number }>("PRAGMA data_version")?.data_version;
  const ownChanges = db.get<{ rows: number }>("SELECT total_changes() AS rows")?.rows;
  return `${otherCommits} ${ownChanges}`;
}
