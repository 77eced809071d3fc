import { KnockError } from "../../../errors/knock-error.js";
import { selectClock } from "./clock-setting.js";
import type { Connection } from "./connection.js";
import {
  buildLastPartition,
  getFirstRow,
  getPartitionNumber,
  MAX_PARTITION,
  PARTITIONED_TABLES,
  ROW_SEQUENCES,
} from "./partitions.js";
import { getErrorCode, INSUFFICIENT_PRIVILEGE } from "./store-errors.js";
import type { Reader, Transaction } from "./transaction.js";

// Rows of a month are in a partition of their own, so that `knock prune` can drop it as a whole. The last partition of a table is
// open-ended and empty. When a month begins, the sequences of rows are set to its beginning, and then it is divided again: no
// insert waits for it, rows grow with time, and without any of these steps rows are added to the current partition.

/** "part" as a number. One process at a time takes a step. No other lock of the store has this number. */
const PARTITIONS_LOCK = 0x70617274;
/** Statements that wait behind the lock of a table wait for this long, so a step gives up early and is repeated. */
export const LOCK_TIMEOUT_MS = 200;
/** How often a step is tried in one call. */
const MAX_ATTEMPTS = 5;
/** A sequence that is as close to the next partition reaches it by itself. Others continue to count while it is set. */
const SEQUENCE_MARGIN = 2 ** 20;
/** The steps from the worst state: begin, prepare, begin the next month, prepare. */
const MAX_STEPS = 4;

/** SQLSTATEs of a lock that was not available in time, and of a statement that took too long. */
const BUSY_STATES = new Set(["55P03", "57014"]);

/** A partition of all partitioned tables. */
interface Partition {
  number: number;
  /** The store's time at which rows began to be added to it, in milliseconds; null before. */
  began_at: number | null;
}

interface PartitionState {
  /** In order; a gap is a partition that was dropped. */
  partitions: readonly Partition[];
  /** The next row of each sequence. */
  nextRows: readonly number[];
  now: number;
}

export function readPartitions(tx: Reader): Promise<Partition[]> {
  return tx.all<Partition>("SELECT number, began_at FROM partitions ORDER BY number");
}

const SELECT_NEXT_ROWS = ROW_SEQUENCES.map(
  ({ name, rowsPerValue }) => `SELECT (last_value + is_called::integer) * ${rowsPerValue} AS row FROM ${name}`,
).join(" UNION ALL ");

/** Returns the next row of each sequence. */
export async function readNextRows(tx: Reader): Promise<number[]> {
  return (await tx.all<{ row: number }>(SELECT_NEXT_ROWS)).map(({ row }) => row);
}

async function readState(db: Connection): Promise<PartitionState> {
  const { frozen_at, offset_ms, real_now } = await selectClock(db);
  return {
    partitions: await readPartitions(db),
    nextRows: await readNextRows(db),
    now: frozen_at ?? real_now + offset_ms,
  };
}

/** Returns the months since the year 0, in UTC. */
function countMonths(time: number): number {
  const date = new Date(time);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** Reads whether a month of real time began without a partition of its own. It is null in a store without partitions. */
export const SELECT_IS_MISSING = `
  SELECT date_trunc('month', now() AT TIME ZONE 'UTC')
    > date_trunc('month', to_timestamp(max(began_at) / 1000) AT TIME ZONE 'UTC') AS is_missing FROM partitions`;

/** Returns what has to be done next, or null. */
function findStep({ partitions, nextRows, now }: PartitionState): ((db: Connection) => Promise<void>) | null {
  const reached = getPartitionNumber(Math.max(...nextRows));
  const current = partitions.findLast(({ number, began_at }) => began_at !== null || number <= reached);
  if (current === undefined) return null;
  const { number, began_at } = current;
  const next = partitions.find((other) => other.number > Math.max(number, reached));
  if (began_at === null) return (db) => beginPartition(db, number, now);
  if (next === undefined) {
    const prepared = Math.max(number, reached) + 1;
    return prepared > MAX_PARTITION ? null : (db) => preparePartition(db, prepared);
  }
  return countMonths(now) > countMonths(began_at) ? (db) => beginPartition(db, next.number, now) : null;
}

/** Waits for other processes that create or drop partitions, until the transaction ends. */
export async function lockPartitions(tx: Transaction): Promise<void> {
  await tx.all("SELECT pg_advisory_xact_lock($1)", PARTITIONS_LOCK);
}

/** Runs a part of a step in one transaction. */
function writeAlone(db: Connection, work: (tx: Transaction) => Promise<void>): Promise<void> {
  return db.write(async (tx) => {
    await tx.all(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await lockPartitions(tx);
    await work(tx);
  });
}

/**
 * Sets the sequences to the beginning of a partition, and then records that it began. A transaction that has numbered its rows
 * before adds them to the partition before it. After a crash in between, the sequences tell that it began.
 */
function beginPartition(db: Connection, number: number, now: number): Promise<void> {
  return writeAlone(db, async (tx) => {
    for (const { name, rowsPerValue } of ROW_SEQUENCES) {
      const value = getFirstRow(number) / rowsPerValue;
      // A sequence never moves back: only the holder of the lock sets it.
      await tx.all(
        `SELECT setval('${name}', ${value}, false) FROM ${name} WHERE last_value < ${value - SEQUENCE_MARGIN}`,
      );
    }
    await tx.run("UPDATE partitions SET began_at = $2 WHERE number = $1 AND began_at IS NULL", number, now);
  });
}

/**
 * Divides the last partition of each table, so that another one begins at the first row of `number`. The part with rows keeps
 * its table: a constraint that is validated beforehand, without a lock that others wait for, proves that its rows are in its
 * new bounds. So the lock of the table lasts for milliseconds, however many rows there are.
 */
async function preparePartition(db: Connection, number: number): Promise<void> {
  for (const table of PARTITIONED_TABLES) {
    const parts = [addConstraint, validateConstraint, divideLast];
    for (const part of parts) await writeAlone(db, (tx) => part(tx, table, number));
  }
  await writeAlone(db, async (tx) => {
    await tx.run("INSERT INTO partitions (number) VALUES ($1) ON CONFLICT DO NOTHING", number);
  });
}

type PartitionedTable = (typeof PARTITIONED_TABLES)[number];

/** The open-ended partition of a table. */
interface LastPartition {
  name: string;
  /** The first row as in SQL. */
  lower: string;
  constraint: "valid" | "not valid" | null;
}

const SELECT_LAST = `
  SELECT c.relname AS name, substring(pg_get_expr(c.relpartbound, c.oid) FROM 'FROM \\(''?(\\w+)') AS lower,
    (SELECT CASE WHEN k.convalidated THEN 'valid' ELSE 'not valid' END FROM pg_constraint k WHERE k.conrelid = c.oid AND k.conname = $2) AS constraint
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = $1::regclass AND pg_get_expr(c.relpartbound, c.oid) LIKE '%TO (MAXVALUE)'`;

const getConstraintName = (number: number): string => `before_partition_${number}`;

/** Returns the partition of a table that has to be divided; null if this was done. */
async function findLast(tx: Transaction, { name }: PartitionedTable, number: number): Promise<LastPartition | null> {
  const last = await tx.get<LastPartition>(SELECT_LAST, name, getConstraintName(number));
  if (last === undefined) throw new Error(`the table ${name} has no open-ended partition`);
  return last.lower !== "MINVALUE" && Number(last.lower) >= getFirstRow(number) ? null : last;
}

async function addConstraint(tx: Transaction, table: PartitionedTable, number: number): Promise<void> {
  const last = await findLast(tx, table, number);
  if (last === null || last.constraint !== null) return;
  const { name, lower } = last;
  const bounds = `${lower === "MINVALUE" ? "" : `row >= ${lower} AND `}row < ${getFirstRow(number)}`;
  await tx.all(`ALTER TABLE ${name} ADD CONSTRAINT ${getConstraintName(number)} CHECK (${bounds}) NOT VALID`);
}

async function validateConstraint(tx: Transaction, table: PartitionedTable, number: number): Promise<void> {
  const last = await findLast(tx, table, number);
  if (last?.constraint !== "not valid") return;
  await tx.all("SET LOCAL statement_timeout = 0");
  await tx.all(`ALTER TABLE ${last.name} VALIDATE CONSTRAINT ${getConstraintName(number)}`);
}

async function divideLast(tx: Transaction, table: PartitionedTable, number: number): Promise<void> {
  const last = await findLast(tx, table, number);
  if (last === null) return;
  const { name, lower } = last;
  await tx.all(`ALTER TABLE ${table.name} DETACH PARTITION ${name}`);
  await tx.all(
    `ALTER TABLE ${table.name} ATTACH PARTITION ${name} FOR VALUES FROM (${lower}) TO (${getFirstRow(number)})`,
  );
  await tx.all(`ALTER TABLE ${name} DROP CONSTRAINT IF EXISTS ${getConstraintName(number)}`);
  await tx.all(buildLastPartition(table, number));
}

function getState(error: unknown): string {
  return getErrorCode(error instanceof KnockError ? error.cause : error) ?? "";
}

/** Returns whether an error says that a lock was not available in time. */
export const isBusy = (error: unknown): boolean => BUSY_STATES.has(getState(error));

/** Returns whether an error says that another transaction has changed what this one relies on. */
export const isConcurrentChange = (error: unknown): boolean => getState(error) === "40001";

/** Returns whether an error says that the role may not change tables. */
export const isMissingRight = (error: unknown): boolean => getState(error) === INSUFFICIENT_PRIVILEGE;

/**
 * Begins a partition if a month has begun, and prepares the next one. Each part can be repeated after a crash. Returns false if
 * something is left to do because a table was busy. Throws `store_unusable` with a role that may not change tables.
 */
export async function growPartitions(db: Connection): Promise<boolean> {
  let failures = 0;
  for (let steps = 0; steps < MAX_STEPS; ) {
    const step = findStep(await readState(db));
    if (step === null) return true;
    try {
      await step(db);
      steps++;
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (++failures === MAX_ATTEMPTS) return false;
    }
  }
  return true;
}
