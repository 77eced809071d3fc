import type { TimeBounds } from "../../../ports/filters.js";
import type { Connection } from "./connection.js";
import { type BlockSource, getBlock, getBlockBounds, type PageDirection } from "./row-blocks.js";

/** The tables of which the times of blocks are recorded. */
type TimedTable = "messages" | "recipient_runs";

/**
 * Records the first and the last time of the rows of a block once the next block begins: rows are only added at the end, and their
 * times never change. An index of the times would contain each row. The newest block has no times yet, so lists always read it.
 * Must run inside the write that inserts the row.
 */
export function recordBlockTimes(db: Connection, table: TimedTable, row: number): void {
  const [first] = getBlockBounds(getBlock(row));
  if (row !== first || row === 0) return;
  db.run(
    `INSERT OR REPLACE INTO block_times SELECT '${table}', ?, MIN(inserted_at), MAX(inserted_at) FROM ${table} WHERE row >= ? AND row < ? HAVING COUNT(*) > 0`,
    getBlock(row) - 1,
    getBlockBounds(getBlock(row) - 1)[0],
    row,
  );
}

const buildSelect = (bound: string, order: string): string =>
  `SELECT block FROM block_times WHERE name = ? AND last_at >= ? AND first_at <= ? AND ${bound} ORDER BY block ${order} LIMIT 1`;

const SELECT_NEXT: Record<PageDirection, string> = {
  older: buildSelect("block <= ? AND block < ?", "DESC"),
  newer: buildSelect("block >= ? AND block < ?", "ASC"),
};

/** Returns the blocks that may have rows between two times; null without any bound. */
export function createTimeSource(
  db: Connection,
  table: TimedTable,
  { gt, gte, lt, lte }: TimeBounds = {},
): BlockSource | null {
  if ([gt, gte, lt, lte].every((bound) => bound === undefined)) return null;
  const from = Math.max(gt === undefined ? Number.MIN_SAFE_INTEGER : gt + 1, gte ?? Number.MIN_SAFE_INTEGER);
  const to = Math.min(lt === undefined ? Number.MAX_SAFE_INTEGER : lt - 1, lte ?? Number.MAX_SAFE_INTEGER);
  const newest = db.getList<[number | null]>(`SELECT MAX(row) FROM ${table}`)?.[0] ?? null;
  return {
    findNext(block, direction) {
      if (newest === null) return null;
      const last = getBlock(newest);
      if (direction === "older" && block >= last) return last;
      const found = db.getList<[number]>(SELECT_NEXT[direction], table, from, to, block, last)?.[0] ?? null;
      return found === null && direction === "newer" && block <= last ? last : found;
    },
  };
}
