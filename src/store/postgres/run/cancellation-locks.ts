import type { WorkflowRun } from "../../../domain/run/workflow-run.js";
import { stringify } from "../../rows/json-column.js";
import type { Transaction } from "../connection/transaction.js";

/** Keeps these locks apart from others, where a collision of hashes costs only time. */
const SALT = 0x63616e63;

const getName = (workflow: string, key: string): string => stringify([workflow, key]);

const LOCK_SHARED = `SELECT pg_advisory_xact_lock_shared(hashtextextended(l.name, ${SALT})) FROM unnest($1::text[]) AS l (name)`;

/**
 * Locks the cancellation keys of triggers until the transaction ends, and waits for cancellations with them. A transaction that
 * inserts runs does so before it locks rows that a cancellation locks, so that the two do not wait for each other.
 */
export async function shareCancellationKeys(
  tx: Transaction,
  runs: readonly Pick<WorkflowRun, "workflow" | "cancellation_key">[],
): Promise<void> {
  const names = runs.flatMap(({ workflow, cancellation_key }) =>
    cancellation_key === null ? [] : [getName(workflow, cancellation_key)],
  );
  if (names.length > 0) await tx.all(LOCK_SHARED, [...new Set(names)].sort());
}

/**
 * Locks a cancellation key until the transaction ends, and waits for transactions that insert runs with it. A cancellation whose
 * statement had begun before such a run was committed would miss the run, although others have already seen it.
 */
export async function lockCancellationKey(tx: Transaction, workflow: string, key: string): Promise<void> {
  await tx.all(`SELECT pg_advisory_xact_lock(hashtextextended($1, ${SALT}))`, getName(workflow, key));
}
