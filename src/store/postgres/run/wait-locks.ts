import { WAITS_LOCK } from "../connection/lock-waits.js";
import type { Transaction } from "../connection/transaction.js";

/** Marks the store for good as one in which runs wait, when the first run begins to. Waits for transactions that build no events. */
export async function startUsingWaits(tx: Transaction): Promise<void> {
  if (tx.usesWaits) return;
  await tx.all(`SELECT pg_advisory_xact_lock(${WAITS_LOCK})`);
  await tx.run("UPDATE knock_store SET uses_waits = true");
  tx.usesWaits = true;
}

const LOCK_NAMES = `
  SELECT CASE WHEN l.is_awaited THEN pg_advisory_xact_lock(hashtextextended(l.name, ${WAITS_LOCK}))
    ELSE pg_advisory_xact_lock_shared(hashtextextended(l.name, ${WAITS_LOCK})) END
  FROM unnest($1::text[], $2::boolean[]) AS l (name, is_awaited)`;

/**
 * Locks names of events until the transaction ends, in order: shared by transactions that record such events, exclusively by
 * those in which a run begins to wait for one.
 */
export async function lockEventNames(
  tx: Transaction,
  { recorded, awaited }: { recorded: readonly string[]; awaited: readonly string[] },
): Promise<void> {
  const modes = new Map<string, boolean>();
  for (const name of recorded) modes.set(name, false);
  for (const name of awaited) modes.set(name, true);
  const names = [...modes.keys()].sort();
  await tx.all(
    LOCK_NAMES,
    names,
    names.map((name) => String(modes.get(name))),
  );
}
