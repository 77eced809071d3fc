import { getPause, recordDeath } from "../../../domain/run/suspicion.js";
import { hasTokenOwnerEnded } from "../../../util/process-identity.js";
import { DUE_TABLES, type DueTable } from "../../rows/due-tables.js";
import { selectSuspectedRows } from "../../rows/suspected-work.js";
import type { Connection } from "../connection/connection.js";

// A row of `crashed_claims` counts the deaths of processes that held a due row (see domain/run/suspicion.ts). The token
// is that of the claim that does only this work.

const SELECT_HELD = DUE_TABLES.map(
  (table) => `
    SELECT '${table}' AS kind, t.row, t.claim_token, c.count AS deaths, c.deaths_alone, c.counted_at, c.token IS t.claim_token AS is_alone
    FROM ${table} t LEFT JOIN crashed_claims c ON c.kind = '${table}' AND c.row = t.row
    WHERE t.due_at IS NOT NULL AND t.claim_token IS NOT NULL`,
).join(" UNION ALL ");

interface HeldRow {
  kind: DueTable;
  row: number;
  claim_token: string;
  /** The record of the row; null before the first death. */
  deaths: number | null;
  deaths_alone: number | null;
  counted_at: number | null;
  is_alone: 0 | 1;
}

const SAVE = `
  INSERT INTO crashed_claims (kind, row, count, deaths_alone, counted_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (kind, row) DO UPDATE SET
    count = excluded.count, deaths_alone = excluded.deaths_alone, counted_at = excluded.counted_at, token = NULL`;

const getOwner = (token: string): string => token.slice(0, token.indexOf(":"));

/**
 * Counts the deaths of processes for the work that they held, and releases it. Suspected work pauses first: a lease without a token
 * keeps all claims from it. Must run inside a write.
 */
export function releaseDeadWork(db: Connection): void {
  for (const table of DUE_TABLES)
    db.run(
      `DELETE FROM crashed_claims WHERE kind = ? AND row NOT IN (SELECT row FROM ${table} WHERE due_at IS NOT NULL)`,
      table,
    );
  const changes = db.all<{ claim_token: string }>("SELECT claim_token FROM user_changes WHERE claim_token IS NOT NULL");
  const held = db.all<HeldRow>(SELECT_HELD);
  const tokens = new Set([...held, ...changes].map(({ claim_token }) => claim_token));
  const dead = new Set([...tokens].filter(hasTokenOwnerEnded));
  const claims = new Map<string, number>();
  for (const { claim_token } of [...held, ...changes])
    claims.set(getOwner(claim_token), (claims.get(getOwner(claim_token)) ?? 0) + 1);
  const at = db.realNow();
  for (const { kind, row, claim_token, deaths, deaths_alone, counted_at, is_alone } of held) {
    if (!dead.has(claim_token)) continue;
    const before =
      deaths === null ? undefined : { deaths, deaths_alone: deaths_alone ?? 0, counted_at: counted_at ?? 0 };
    const after = recordDeath(before, { at, wasAlone: is_alone === 1 && claims.get(getOwner(claim_token)) === 1 });
    db.run(SAVE, kind, row, after.deaths, after.deaths_alone, after.counted_at);
    const pause = getPause(after);
    db.run(
      `UPDATE ${kind} SET claim_token = NULL, claim_until = ? WHERE row = ?`,
      pause === 0 ? null : at + pause,
      row,
    );
  }
  for (const token of dead)
    db.run("UPDATE user_changes SET claim_token = NULL, claim_until = NULL WHERE claim_token = ?", token);
}

const buildPausedCondition = (table: DueTable): string =>
  `row IN (${selectSuspectedRows(table)}) AND due_at <= ?1 AND claim_token IS NULL AND claim_until IS NOT NULL`;

const SELECT_PAUSED = DUE_TABLES.map((table) => `SELECT 1 FROM ${table} WHERE ${buildPausedCondition(table)}`).join(
  " UNION ALL ",
);

/** Returns whether suspected work that is due pauses. */
export const hasPauses = (db: Connection, now: number): boolean =>
  db.getList(`${SELECT_PAUSED} LIMIT 1`, now) !== undefined;

/** Ends the pauses of suspected work that is due. Must run inside a write. */
export function endPauses(db: Connection, now: number): void {
  for (const table of DUE_TABLES)
    db.run(`UPDATE ${table} SET claim_until = NULL WHERE ${buildPausedCondition(table)}`, now);
}

/** Records that a claim does only one suspected row. Must run inside the write of the claim. */
export function beginSuspect(db: Connection, table: DueTable, row: number, token: string): void {
  db.run("UPDATE crashed_claims SET token = ? WHERE kind = ? AND row = ?", token, table, row);
  const { deaths_alone } = db.getOne<{ deaths_alone: number }>(
    "SELECT deaths_alone FROM crashed_claims WHERE kind = ? AND row = ?",
    table,
    row,
  );
  db.deathsAlone.set(token, deaths_alone);
}

/** Ends a claim of suspected work that a process survived. */
export function settleSuspected(db: Connection, token: string, { isDone }: { isDone: boolean }): void {
  db.deathsAlone.delete(token);
  db.write(() => {
    if (isDone) db.run("DELETE FROM crashed_claims WHERE token = ?", token);
    else db.run("UPDATE crashed_claims SET token = NULL, deaths_alone = 0 WHERE token = ?", token);
  });
}
