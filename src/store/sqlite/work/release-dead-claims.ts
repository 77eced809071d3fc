import { hasTokenOwnerEnded } from "../../../util/process-identity.js";
import { stringify } from "../../rows/json-column.js";
import type { Connection } from "../connection/connection.js";
import { DUE_TABLES } from "./due-rows.js";

const TABLES = [...DUE_TABLES.map((table) => ({ table, due: "due_at" })), { table: "user_changes", due: "at" }];

const SELECT_TOKENS = TABLES.map(
  ({ table, due }) => `SELECT claim_token FROM ${table} WHERE ${due} <= ?1 AND claim_until > ?2`,
).join(" UNION ");

const RELEASES = TABLES.map(
  ({ table, due }) =>
    `UPDATE ${table} SET claim_token = NULL, claim_until = NULL WHERE ${due} <= ? AND claim_token IN (SELECT value FROM json_each(?))`,
);

/**
 * Ends the leases of due work whose process has ended, so that no one waits for them. Returns whether there were any. Reads all
 * due rows, so it must be called only when nothing without a lease is due.
 */
export function releaseDeadClaims(db: Connection, now: number): boolean {
  const tokens = db.runSingle(() => db.allLists<[token: string]>(SELECT_TOKENS, now, db.realNow()));
  const dead = tokens.map(([token]) => token).filter(hasTokenOwnerEnded);
  if (dead.length === 0) return false;
  const list = stringify(dead);
  db.write(() => {
    for (const release of RELEASES) db.run(release, now, list);
  });
  return true;
}
