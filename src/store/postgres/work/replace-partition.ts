import type { Connection } from "../connection/connection.js";
import { getFirstRow, getPartitionName, PARTITIONED_TABLES } from "../connection/partitions.js";
import { createConcurrentChangeError } from "../connection/store-errors.js";
import type { Transaction } from "../connection/transaction.js";
import type { KeptRows, Period } from "./partition-rows.js";

// Rows that stay are copied to a table that replaces the partition. The copy is committed before, and older snapshots have ended
// by then: a reader with an older one would find neither the partition nor the rows of the copy.

/** How long the end of older transactions is awaited. */
const MAX_WAIT_MS = 5_000;
const LOOK_MS = 20;

type PartitionedTable = (typeof PARTITIONED_TABLES)[number];

const getCopyName = (table: PartitionedTable, { number }: Period): string => `${getPartitionName(table, number)}_kept`;

const getRows = ({ name }: PartitionedTable, kept: KeptRows): readonly number[] => kept[name];

/** Copies the rows that stay to tables of their own. */
export async function copyKeptRows(tx: Transaction, period: Period, kept: KeptRows): Promise<void> {
  for (const table of PARTITIONED_TABLES) {
    const copy = getCopyName(table, period);
    const rows = getRows(table, kept);
    await tx.all(`DROP TABLE IF EXISTS ${copy}`);
    if (rows.length === 0) continue;
    await tx.all(
      `CREATE TABLE ${copy} (LIKE ${table.name} INCLUDING DEFAULTS INCLUDING STORAGE INCLUDING INDEXES)${table.storage}`,
    );
    if (table.unique !== undefined)
      await tx.all(`CREATE UNIQUE INDEX ${copy}_by_${table.unique} ON ${copy} (${table.unique})`);
    await tx.run(`INSERT INTO ${copy} SELECT * FROM ${table.name} WHERE row = ANY($1::bigint[]) ORDER BY row`, rows);
    await tx.all(`ANALYZE ${copy}`);
  }
}

/** Deletes copies that replaced nothing. */
export async function dropCopies(tx: Transaction, period: Period): Promise<void> {
  for (const table of PARTITIONED_TABLES) await tx.all(`DROP TABLE IF EXISTS ${getCopyName(table, period)}`);
}

/** Deletes the copies of a process that ended between two steps. */
export async function dropAbandonedCopies(tx: Transaction): Promise<void> {
  const found = await tx.all<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname ~ $1",
    `^(${PARTITIONED_TABLES.map(({ name }) => name).join("|")})_\\d+_kept$`,
  );
  for (const { name } of found) await tx.all(`DROP TABLE IF EXISTS ${name}`);
}

/** Each transaction locks its virtual ID, which all roles can see. Vacuum reads no rows for anyone. */
const SELECT_TRANSACTIONS = `
  SELECT l.virtualxid AS id FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'virtualxid' AND l.granted AND l.mode = 'ExclusiveLock' AND l.pid <> pg_backend_pid()
    AND a.datname = current_database() AND coalesce(a.backend_type, 'client backend') = 'client backend'`;

/** Waits until all transactions have ended that are open now. Returns false if one of them takes too long. */
export async function waitForOpenTransactions(db: Connection): Promise<boolean> {
  const readOpen = async (): Promise<string[]> =>
    (await db.all<{ id: string }>(SELECT_TRANSACTIONS)).map(({ id }) => id);
  const start = performance.now();
  for (let open = await readOpen(); open.length > 0; ) {
    if (performance.now() - start > MAX_WAIT_MS) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const now = new Set(await readOpen());
    open = open.filter((id) => now.has(id));
  }
  return true;
}

/**
 * Replaces the locked partitions of a period by the copies of their kept rows, or by nothing. Throws an error that repeats all
 * steps if a kept row has changed since it was copied. Returns whether a partition remains.
 */
export async function replacePartitions(tx: Transaction, period: Period, kept: KeptRows): Promise<boolean> {
  for (const table of PARTITIONED_TABLES)
    if (getRows(table, kept).length > 0) await checkCopy(tx, table, period, getRows(table, kept));
  let isKept = false;
  for (const table of PARTITIONED_TABLES) {
    const name = getPartitionName(table, period.number);
    await tx.all(`DROP TABLE IF EXISTS ${name}`);
    if (getRows(table, kept).length === 0) continue;
    isKept = true;
    const copy = getCopyName(table, period);
    const first = period.number === 1 ? "MINVALUE" : getFirstRow(period.number);
    await tx.all(`ALTER TABLE ${copy} RENAME TO ${name}`);
    if (table.unique !== undefined)
      await tx.all(`ALTER INDEX ${copy}_by_${table.unique} RENAME TO ${name}_by_${table.unique}`);
    await tx.all(`ALTER TABLE ${table.name} ATTACH PARTITION ${name} FOR VALUES FROM (${first}) TO (${period.end})`);
  }
  return isKept;
}

async function checkCopy(
  tx: Transaction,
  table: PartitionedTable,
  period: Period,
  rows: readonly number[],
): Promise<void> {
  const copy = getCopyName(table, period);
  const { exists } = await tx.getOne<{ exists: boolean }>("SELECT to_regclass($1) IS NOT NULL AS exists", copy);
  // Without a copy, another process has replaced the partition.
  const found = exists
    ? await tx.get(
        `SELECT 1 FROM ${copy} c FULL JOIN (SELECT * FROM ${table.name} WHERE row = ANY($1::bigint[])) t ON t.row = c.row
         WHERE ROW(c.*) IS DISTINCT FROM ROW(t.*) LIMIT 1`,
        rows,
      )
    : "missing";
  if (found !== undefined) throw createConcurrentChangeError();
}
