import type { PruneRequest, PruneResult } from "../../../ports/prune-store.js";
import type { Connection } from "../connection/connection.js";
import {
  growPartitions,
  isBusy,
  isConcurrentChange,
  isMissingRight,
  LOCK_TIMEOUT_MS,
  lockPartitions,
  readNextRows,
  readPartitions,
} from "../connection/grow-partitions.js";
import { getPartitionName, PARTITIONED_TABLES } from "../connection/partitions.js";
import { createConcurrentChangeError } from "../connection/store-errors.js";
import type { Statements, Transaction } from "../connection/transaction.js";
import {
  countDeletedRows,
  createPeriod,
  type DroppedCounts,
  deleteRowsElsewhere,
  findKeptRows,
  hasDueRows,
  type KeptRows,
  type Period,
} from "./partition-rows.js";
import {
  copyKeptRows,
  dropAbandonedCopies,
  dropCopies,
  replacePartitions,
  waitForOpenTransactions,
} from "./replace-partition.js";

/** How often a partition is tried whose tables are used without a pause. */
const MAX_ATTEMPTS = 20;
/** The pause between two attempts. */
const PAUSE_MS = 250;
/** How often the rows that stay are copied again because they have changed. */
const MAX_COPIES = 3;

const NO_TIMEOUT = "SET LOCAL statement_timeout = 0";
const SHORT_LOCKS = `SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`;

const NOTHING: PruneResult = { counts: {}, next: null };

const NO_RIGHT =
  "the role does not own the tables, so old months were not dropped as a whole and their rows are deleted one by one; run the command with the role that owns the tables";
const IN_USE =
  "a month could not be dropped as a whole, because its tables were always in use; its rows are deleted one by one";

const IS_OWNER =
  "SELECT pg_has_role(relowner, 'USAGE') AS is_owner FROM pg_class WHERE oid = 'recipient_runs'::regclass";

/** The rows that are kept and deleted with a period, and the tables in which they were found. */
interface Examination {
  kept: KeptRows;
  counts: DroppedCounts;
  tables: string;
}

/** Reads the catalog as a table, because `to_regclass` can find a name in a cache from before another process dropped it. */
async function identifyTables(tx: Statements, { number }: Period): Promise<string> {
  const names = PARTITIONED_TABLES.map((table) => getPartitionName(table, number));
  const sql =
    "SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relname = ANY($1) ORDER BY oid";
  return (await tx.all<{ oid: number }>(sql, names)).map(({ oid }) => oid).join();
}

/** Throws if another process has dropped or replaced the tables since they were examined. */
async function checkTables(tx: Transaction, period: Period, { tables }: Examination): Promise<void> {
  if ((await identifyTables(tx, period)) !== tables) throw createConcurrentChangeError();
}

/**
 * Drops the partitions of the next month after `request.after` that has ended before `request.before`. Rows that must stay are
 * kept in a partition that replaces it. `next` is its number. Its rows are left alone if many of them must stay, or if few can
 * be deleted.
 */
export async function dropPartition(db: Connection, request: PruneRequest): Promise<PruneResult> {
  const { after, before, isDryRun } = request;
  const isOwner = (await db.get<{ is_owner: boolean }>(IS_OWNER))?.is_owner === true;
  if (!isOwner) return isDryRun ? NOTHING : { ...NOTHING, warning: NO_RIGHT };
  if (after === 0 && !isDryRun) await prepare(db);
  const partitions = await readPartitions(db);
  const index = partitions.findIndex(({ number }) => number > Number(after));
  const [partition, next] = index < 0 ? [] : partitions.slice(index, index + 2);
  if (partition === undefined || next === undefined || next.began_at === null || next.began_at > before) return NOTHING;
  const period = createPeriod(partition.number, next.number);
  // A transaction that has numbered its rows could still add them.
  if ((await readNextRows(db)).some((row) => row < period.end)) return NOTHING;
  const result: PruneResult = { counts: {}, next: period.number };
  if (isDryRun) {
    const found = await examine(db, period, request);
    return found === null ? result : { ...result, counts: { partitions: 1 } };
  }
  for (let count = 0; count < MAX_COPIES; count++) {
    const found = await examine(db, period, request);
    if (found === null) return result;
    // Another process may have dropped it.
    if (!(await readPartitions(db)).some(({ number }) => number === period.number)) return result;
    const outcome = await tryToDrop(db, period, found);
    if (outcome === "dropped") return { ...result, counts: { ...found.counts, partitions: 1 } };
    if (outcome === "busy") break;
  }
  return { ...result, warning: IN_USE };
}

/** Prepares the next partition, which the workers may have no right to, and removes what a process has left that ended. */
async function prepare(db: Connection): Promise<void> {
  try {
    await growPartitions(db);
    await db.write(async (tx) => {
      await lockPartitions(tx);
      await dropAbandonedCopies(tx);
    });
  } catch (error) {
    if (!isMissingRight(error)) throw error;
  }
}

/** Returns null if the rows of a period have to be deleted one by one. */
function examine(db: Connection, period: Period, { before, limit }: PruneRequest): Promise<Examination | null> {
  return db.read(async (tx: Statements) => {
    await tx.all(NO_TIMEOUT);
    const kept = await findKeptRows(tx, period, before);
    if (kept === null) return null;
    const counts = await countDeletedRows(tx, period, kept);
    const deleted = Object.values(counts).reduce((sum, rows) => sum + rows, 0);
    const tables = await identifyTables(tx, period);
    return hasKeptRows(kept) && deleted <= limit ? null : { kept, counts, tables };
  });
}

const hasKeptRows = (kept: KeptRows): boolean => Object.values(kept).some((rows) => rows.length > 0);

async function tryToDrop(db: Connection, period: Period, found: Examination): Promise<"dropped" | "busy" | "changed"> {
  const { kept } = found;
  try {
    if (hasKeptRows(kept)) {
      await db.write(async (tx) => {
        await lockPartitions(tx);
        await checkTables(tx, period, found);
        await copyKeptRows(tx, period, kept);
      });
      if (!(await waitForOpenTransactions(db))) return await giveUp(db, period);
    }
    for (let count = 1; ; count++) {
      try {
        await db.write((tx) => drop(tx, period, found));
        return "dropped";
      } catch (error) {
        if (!isBusy(error)) throw error;
        if (count === MAX_ATTEMPTS) return await giveUp(db, period);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  } catch (error) {
    if (isConcurrentChange(error)) return "changed";
    if (isBusy(error)) return giveUp(db, period);
    throw error;
  }
}

async function giveUp(db: Connection, period: Period): Promise<"busy"> {
  await db.write((tx) => dropCopies(tx, period));
  return "busy";
}

/**
 * Deletes or replaces the partitions of a period in one transaction. The tables are locked last: a statement of another
 * transaction waits for the lock's timeout and the drop, which take milliseconds.
 */
async function drop(tx: Transaction, period: Period, found: Examination): Promise<void> {
  const { kept } = found;
  await tx.all(`${NO_TIMEOUT}; ${SHORT_LOCKS}`);
  await lockPartitions(tx);
  await checkTables(tx, period, found);
  await deleteRowsElsewhere(tx, period, kept);
  // Without ONLY, a vacuum of another partition would be waited for. All statements lock the table first.
  for (const { name } of PARTITIONED_TABLES) await tx.all(`LOCK TABLE ONLY ${name} IN ACCESS EXCLUSIVE MODE`);
  if (await hasDueRows(tx, period, kept)) throw createConcurrentChangeError();
  if (!(await replacePartitions(tx, period, kept)))
    await tx.run("DELETE FROM partitions WHERE number = $1", period.number);
}
