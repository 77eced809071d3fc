import type { IdKind } from "../../../ports/filters.js";
import type { Reader } from "../connection/transaction.js";

/** Condition for a range of the index of ids: every character that can follow a prefix is less than a tilde. */
const PREFIX_RANGE = "q.id >= $1 AND q.id < $1 || '~'";

const SELECT_BY_KIND: Record<IdKind, string> = {
  workflow_run: `SELECT q.id FROM workflow_runs q WHERE ${PREFIX_RANGE} AND q.guide = 0`,
  message: `SELECT q.id FROM messages q WHERE ${PREFIX_RANGE}`,
  schedule: `SELECT q.id FROM schedules q WHERE ${PREFIX_RANGE}`,
  recipient_run: `SELECT q.id FROM recipient_runs q JOIN workflow_runs w ON w.row = q.workflow_run WHERE ${PREFIX_RANGE} AND w.guide = 0`,
};

/** Returns up to `limit` ids that start with a prefix, in order. */
export async function listIdsByPrefix(tx: Reader, kind: IdKind, prefix: string, limit: number): Promise<string[]> {
  const rows = await tx.all<{ id: string }>(`${SELECT_BY_KIND[kind]} ORDER BY q.id LIMIT $2`, prefix, limit);
  return rows.map(({ id }) => id);
}
