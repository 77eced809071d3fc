import type { Claim, DueKind, WorkScope } from "../../../ports/due-store.js";
import { DUE_TABLES, KINDS_BY_TABLE } from "../../rows/due-tables.js";
import { selectSuspectedRows } from "../../rows/suspected-work.js";
import { selectClock } from "../connection/clock-setting.js";
import type { Connection } from "../connection/connection.js";
import type { Transaction } from "../connection/transaction.js";
import { buildUnleasedCondition, hasDueWork } from "./due-rows.js";
import { hasClaimableChanges, IS_CLAIMABLE } from "./user-changes.js";

/** Returns the kinds of work in the scope that are due. */
export async function listDueKinds(db: Connection, now: number, scope?: WorkScope): Promise<ReadonlySet<DueKind>> {
  const kinds = new Set<DueKind>();
  const claim = scope === undefined ? { now } : { now, scope };
  for (const table of DUE_TABLES) if (await hasDueWork(db, table, claim)) kinds.add(KINDS_BY_TABLE[table]);
  if (await hasClaimableChanges(db, scope)) kinds.add("user_changes");
  return kinds;
}

/** Selects the earliest time of work other than runs, or null. Suspected runs are done by themselves, each at its own time. */
const SELECT_FIRST_OTHER_WORK = `SELECT LEAST(${DUE_TABLES.filter((table) => table !== "recipient_runs")
  .map((table) => `(SELECT min(due_at) FROM ${table} WHERE due_at IS NOT NULL)`)
  .join(
    ", ",
  )}, (SELECT min(at) FROM user_changes)) AS at, EXISTS (SELECT 1 FROM waits) AS waits, EXISTS (${selectSuspectedRows("recipient_runs")}) AS suspects`;

/** Returns the time up to which a claim may contain runs, so that nothing else is due before any of them. */
export async function findLastMoment(tx: Transaction, { now, scope, until = now }: Claim): Promise<number> {
  if (until <= now || scope !== undefined) return now;
  const found = await tx.get<{ at: number | null; waits: boolean; suspects: boolean }>(SELECT_FIRST_OTHER_WORK);
  if (found?.waits || found?.suspects) return now;
  return Math.max(now, Math.min(until, (found?.at ?? Number.POSITIVE_INFINITY) - 1));
}

/** Selects the earliest times at which work without a lease is due, and that of the first user change that can be claimed. */
const buildNextUnleased = (time: string): string =>
  `SELECT LEAST(${DUE_TABLES.map((table) => `(SELECT t.due_at FROM ${table} t WHERE ${buildUnleasedCondition(time)} ORDER BY t.due_at LIMIT 1)`).join(", ")}, (SELECT min(at) FROM user_changes t WHERE ${IS_CLAIMABLE(time)})) AS at`;

/** Selects the earliest store time at which a lease ends. Leases end at a real time, which $1 converts. */
const buildNextLeaseEnd = (time: string): string =>
  `SELECT LEAST(${DUE_TABLES.map((table) => `(SELECT min(GREATEST(due_at, claim_until + $1)) FROM ${table} WHERE due_at IS NOT NULL AND claim_until > ${time})`).join(", ")}, (SELECT min(GREATEST(at, claim_until + $1)) FROM user_changes WHERE claim_until > ${time})) AS at`;

export async function readNextDueAt(db: Connection, options?: { excludeLeased: boolean }): Promise<number | null> {
  if (options?.excludeLeased) return (await db.get<{ at: number | null }>(buildNextUnleased(db.time)))?.at ?? null;
  return db.read(async (tx) => {
    const { offset_ms, frozen_at, real_now } = await selectClock(tx);
    const shift = frozen_at === null ? offset_ms : frozen_at - real_now;
    const unleased = await tx.get<{ at: number | null }>(buildNextUnleased(tx.time));
    const leased = await tx.get<{ at: number | null }>(buildNextLeaseEnd(tx.time), shift);
    const first = Math.min(unleased?.at ?? Number.POSITIVE_INFINITY, leased?.at ?? Number.POSITIVE_INFINITY);
    return first === Number.POSITIVE_INFINITY ? null : first;
  });
}
