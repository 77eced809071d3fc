import type { Connection } from "./connection.js";

/** A session shows 32 bits of its transaction's id, which are completed from the newest id. */
const SELECT_BOUNDS = `
  SELECT newest, LEAST(newest, newest - max(((newest - xid) % 4294967296 + 4294967296) % 4294967296)) AS oldest
  FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS newest) latest
    LEFT JOIN (SELECT backend_xid::text::bigint AS xid FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL) open
    ON true
  GROUP BY newest`;

/** Transactions below `oldest` have ended. Those from `newest` on have not started yet. */
interface TransactionBounds {
  oldest: number;
  newest: number;
}

/**
 * Reads the bound below which every transaction of this database has ended. The statements that follow see what those below
 * have written, so a reader that continues from here skips nothing. `pg_snapshot_xmin` would also wait for transactions of
 * other databases.
 */
export async function readTransactionBounds(db: Connection): Promise<TransactionBounds> {
  return (await db.get<TransactionBounds>(SELECT_BOUNDS)) as TransactionBounds;
}
