import { hasTokenOwnerEnded } from "../../../util/process-identity.js";
import { DUE_TABLES } from "../../rows/due-tables.js";
import { stringify } from "../../rows/json-column.js";
import type { Connection } from "../connection/connection.js";
import { RUN_ROW_BY_ID } from "../run/run-rows.js";
import { endPauses, hasPauses, releaseDeadWork } from "./suspected-work.js";

const TABLES = [...DUE_TABLES.map((table) => ({ table, due: "due_at" })), { table: "user_changes", due: "at" }];

const SELECT_TOKENS = TABLES.map(
  ({ table, due }) =>
    `SELECT claim_token FROM ${table} WHERE ${due} <= ?1 AND claim_until > ?2 AND claim_token IS NOT NULL`,
).join(" UNION ");

const RELEASES = TABLES.map(
  ({ table, due }) =>
    `UPDATE ${table} SET claim_token = NULL, claim_until = NULL WHERE ${due} IS NOT NULL AND claim_token IN (SELECT value FROM json_each(?))`,
);

/** Ends the leases of claims. Reads all rows with a due time. */
export function releaseClaims(db: Connection, tokens: readonly string[]): void {
  const list = stringify(tokens);
  db.write(() => {
    for (const statement of RELEASES) db.run(statement, list);
  });
}

/**
 * Ends the leases of due work whose process has ended, so that no one waits for them. Returns whether there were any. Reads all
 * due rows, so it must be called only when nothing without a lease is due.
 */
export function releaseDeadClaims(
  db: Connection,
  now: number,
  { endsPauses }: { endsPauses: boolean } = { endsPauses: false },
): boolean {
  const tokens = db.runSingle(() => db.allLists<[token: string]>(SELECT_TOKENS, now, db.realNow()));
  const hasDead = tokens.some(([token]) => hasTokenOwnerEnded(token));
  if (hasDead) db.write(() => releaseDeadWork(db));
  const endsNow = endsPauses && db.runSingle(() => hasPauses(db, now));
  if (endsNow) db.write(() => endPauses(db, now));
  return hasDead || endsNow;
}

/** Makes runs that a claim holds due at a later time, which ends the claim. */
export function postponeRuns(db: Connection, ids: readonly string[], until: number, token: string): void {
  db.write(() => {
    const update = db.prepare(
      `UPDATE recipient_runs SET due_at = ?, claim_token = NULL, claim_until = NULL WHERE claim_token = ? AND row = ${RUN_ROW_BY_ID}`,
    );
    for (const id of ids) update.run(until, token, id);
  });
}
