import { type Claim, MAX_CRASHES } from "../../../ports/due-store.js";
import { hasTokenOwnerEnded } from "../../../util/process-identity.js";
import type { DueTable } from "../../rows/due-tables.js";
import { stringify } from "../../rows/json-column.js";
import type { Connection } from "../connection/connection.js";

// A row of `crashed_claims` counts how often a process ended that held the claim of a due row. Hardly any store has one.

/** Counts the crashes of processes whose claims on some rows are known to be left behind. Must run inside a write. */
export function countCrashes(db: Connection, table: DueTable, rows: string, tokens: readonly string[]): void {
  db.run(
    `DELETE FROM crashed_claims WHERE kind = ? AND row NOT IN (SELECT row FROM ${table} WHERE due_at IS NOT NULL)`,
    table,
  );
  db.run(
    `INSERT INTO crashed_claims (kind, row, count) SELECT ?, row, 1 FROM ${table}
     WHERE row IN (${rows}) AND claim_token IN (SELECT value FROM json_each(?))
     ON CONFLICT (kind, row) DO UPDATE SET count = count + 1, token = NULL`,
    table,
    stringify(tokens),
  );
}

/** Counts the crashes of rows whose lease has ended because their process did. */
function countEndedLeases(db: Connection, table: DueTable, rows: readonly number[]): void {
  const list = `SELECT value FROM json_each('${stringify(rows)}')`;
  const tokens = db
    .allLists<[token: string]>(
      `SELECT DISTINCT claim_token FROM ${table} WHERE claim_token IS NOT NULL AND row IN (${list})`,
    )
    .map(([token]) => token);
  const dead = tokens.filter(hasTokenOwnerEnded);
  if (dead.length > 0) countCrashes(db, table, list, dead);
}

/**
 * Returns those of the due rows that a claim takes: the ones during which few processes ended, or otherwise a single one of the
 * others, so that it cannot affect any other work. Must run inside a write.
 */
export function selectClaimable(db: Connection, table: DueTable, claim: Claim, rows: readonly number[]): number[] {
  countEndedLeases(db, table, rows);
  const counts = new Map(
    db.allLists<[row: number, count: number]>(
      "SELECT row, count FROM crashed_claims WHERE kind = ? AND count >= ?",
      table,
      MAX_CRASHES,
    ),
  );
  if (counts.size === 0) return [...rows];
  const others = rows.filter((row) => !counts.has(row));
  const [alone] = rows;
  const crashes = alone === undefined ? undefined : counts.get(alone);
  if (others.length > 0 || alone === undefined || crashes === undefined) return others;
  db.run("UPDATE crashed_claims SET token = ? WHERE kind = ? AND row = ?", claim.token, table, alone);
  db.crashes.set(claim.token, crashes);
  return [alone];
}

/** Ends a claim that took a row alone. Unless its work is done, the row is also taken alone the next time. */
export function settleCrashes(db: Connection, token: string, { isDone }: { isDone: boolean }): void {
  db.crashes.delete(token);
  db.write(() => {
    if (isDone) db.run("DELETE FROM crashed_claims WHERE token = ?", token);
    else db.run("UPDATE crashed_claims SET token = NULL, count = ? WHERE token = ?", MAX_CRASHES, token);
  });
}
