import type { UserChange } from "../../../domain/audience/audience.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { UserChangeEffects, UserChangesResult } from "../../../ports/audience-store.js";
import type { Claim, WorkScope } from "../../../ports/due-store.js";
import { toUserChange, USER_CHANGE_COLUMNS, type UserChangeRow } from "../../rows/recipient-row.js";
import type { Connection } from "../connection/connection.js";
import type { Reader, Transaction } from "../connection/transaction.js";
import { shareCancellationKeys } from "../run/cancel-runs.js";
import { getShard } from "../run/shard.js";
import type { SharedRows } from "../run/shared-rows.js";
import { useAssumedSlots } from "../run/throttle-slots.js";
import { recordEvents } from "../run/waits.js";
import { insertSharedRows, selectAlreadyTriggered, writeWorkflowRun } from "./insert-workflow-run.js";

/** Condition for changes of users of whom no change is claimed, so that the changes of a user are processed in order. */
export const IS_CLAIMABLE = (time: string): string =>
  `NOT EXISTS (SELECT 1 FROM user_changes other WHERE other."user" = t."user" AND other.claim_until > ${time})`;

function buildScopeCondition(scope: WorkScope | undefined): { condition: string; values: (readonly string[])[] } {
  const lists = [scope?.workflowRunIds, scope?.recipientRunIds, scope?.messageIds, scope?.scheduleIds];
  const { users = lists.some((list) => list !== undefined) ? [] : undefined } = scope ?? {};
  if (users === undefined) return { condition: "", values: [] };
  return { condition: ' AND t."user" = ANY($1::text[])', values: [users] };
}

/** Changes that can be claimed, in order of their transactions' begin. */
const buildSelect = (time: string, condition: string): string =>
  `SELECT t.row, t."user" FROM user_changes t WHERE ${IS_CLAIMABLE(time)}${condition} ORDER BY t.row`;

export async function hasClaimableChanges(
  tx: Pick<Reader, "get"> & { readonly time: string },
  scope: WorkScope | undefined,
): Promise<boolean> {
  if (scope?.suspected) return false;
  const { condition, values } = buildScopeCondition(scope);
  return (await tx.get(`${buildSelect(tx.time, condition)} LIMIT 1`, ...values)) !== undefined;
}

/**
 * Claims changes by user. The first change of each user is locked, so that two claims at the same time take different users.
 */
const LEASE = `
  UPDATE user_changes SET claim_token = $2, claim_until = %time% + $3 WHERE row = ANY($1)
  RETURNING ${USER_CHANGE_COLUMNS}`;

export async function claimUserChanges(db: Connection, claim: Claim, limit: number): Promise<UserChange[]> {
  const { shards } = claim.scope ?? {};
  const { condition, values } = buildScopeCondition(claim.scope);
  if (!(await hasClaimableChanges(db, claim.scope))) return [];
  const rows = await db.write(async (tx) => {
    const locked = await tx.all<{ row: number; user: RecipientKey }>(
      `${buildSelect(tx.time, condition)} LIMIT ${Math.trunc(limit)} FOR UPDATE OF t SKIP LOCKED`,
      ...values,
    );
    const inShards = locked.filter(({ user }) => {
      const shard = getShard(user);
      return shards === undefined || (shard >= shards.from && shard <= shards.to);
    });
    const claimable = await selectFirstOfUsers(tx, inShards);
    return tx.all<UserChangeRow>(LEASE.replace("%time%", tx.time), claimable, claim.token, claim.leaseMs);
  });
  return rows.sort((one, other) => one.row - other.row).map(toUserChange);
}

/**
 * Returns the rows of users whose oldest change is among them: another transaction has locked the older changes of the other
 * users and claims them first.
 */
async function selectFirstOfUsers(
  tx: Transaction,
  locked: readonly { row: number; user: RecipientKey }[],
): Promise<number[]> {
  const first = new Map<RecipientKey, number>();
  for (const { row, user } of locked) if (!first.has(user)) first.set(user, row);
  const oldest = await tx.all<{ user: RecipientKey; row: number; is_claimed: boolean }>(
    `SELECT "user", min(row) AS row, bool_or(claim_until > ${tx.time}) AS is_claimed FROM user_changes WHERE "user" = ANY($1::text[]) GROUP BY "user"`,
    [...first.keys()],
  );
  const free = new Set(
    oldest.filter(({ user, row, is_claimed }) => !is_claimed && first.get(user) === row).map(({ user }) => user),
  );
  return locked.filter(({ user }) => free.has(user)).map(({ row }) => row);
}

export async function saveUserChanges(
  db: Connection,
  shared: SharedRows,
  { ids, runs, events }: UserChangeEffects,
  token: string,
  now: number,
): Promise<UserChangesResult> {
  const possibleRuns = await insertSharedRows(db, shared, runs);
  return db.write(async (tx): Promise<UserChangesResult> => {
    await shareCancellationKeys(tx, possibleRuns);
    const held = await tx.all(
      "SELECT row FROM user_changes WHERE row = ANY($1) AND claim_token = $2 ORDER BY row FOR UPDATE",
      ids,
      token,
    );
    if (held.length !== ids.length) return { outcome: "lost" };
    const alreadyTriggered = await selectAlreadyTriggered(
      tx,
      runs.flatMap(({ frequencyRecords }) => frequencyRecords),
    );
    const throttles = runs.flatMap((run) => run.throttles);
    if (alreadyTriggered.length > 0 || !(await useAssumedSlots(tx, throttles, now)))
      return { outcome: "already_triggered", recipients: alreadyTriggered };
    await tx.run("DELETE FROM user_changes WHERE row = ANY($1)", ids);
    for (const run of runs) await writeWorkflowRun(tx, shared, run, 0);
    await recordEvents(tx, events, now);
    return { outcome: "saved", caused: tx.getCausedWork() };
  });
}
