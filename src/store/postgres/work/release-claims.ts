import { DUE_TABLES } from "../../rows/due-tables.js";
import type { Transaction } from "../connection/transaction.js";

/** Returns the statements that end leases. `condition` limits them by $1. */
const buildReleases = (condition: string): string[] =>
  DUE_TABLES.map(
    (table) => `UPDATE ${table} SET claim_until = NULL, claim_token = NULL
      WHERE due_at IS NOT NULL AND claim_until IS NOT NULL AND ${condition}`,
  );

const RELEASES = [
  ...buildReleases("claim_token = ANY($1::text[])"),
  "UPDATE user_changes SET claim_until = NULL, claim_token = NULL WHERE claim_token = ANY($1::text[])",
];

/** Ends the leases of claims. */
export async function releaseClaims(tx: Transaction, tokens: readonly string[]): Promise<void> {
  for (const release of RELEASES) await tx.run(release, tokens);
}

/** Statements that end the leases of workers, whose ids are $1. The token of a claim begins with the id of its worker. */
export const RELEASES_OF_WORKERS = buildReleases("split_part(claim_token, ':', 1) = ANY($1)");

const POSTPONE = `
  UPDATE recipient_runs r SET due_at = $2, claim_token = NULL, claim_until = NULL, revision = revision + 1
  WHERE id = ANY($1::text[]) AND due_at IS NOT NULL AND (claim_token IS NULL OR claim_token = $3)
  RETURNING shard`;

/** Makes runs that a claim holds due at a later time, which ends the claim. */
export async function postponeRuns(
  tx: Transaction,
  ids: readonly string[],
  until: number,
  token: string,
): Promise<void> {
  for (const { shard } of await tx.all<{ shard: number }>(POSTPONE, ids, until, token))
    tx.wake({ kind: "runs", dueAt: until, shard, size: 1 });
}
