import type { Transaction } from "./transaction.js";

/** The rows of a block. A block belongs to one transaction, so that the runs of a trigger are one range. */
export const BLOCK_ROWS = 1_024;

/** Returns new row numbers for recipient runs or messages, ascending. They are known before COPY writes the rows. */
export async function allocateRows(tx: Transaction, count: number): Promise<number[]> {
  if (count === 0) return [];
  const blocks = await tx.all<{ block: number }>(
    "SELECT nextval('row_blocks') AS block FROM generate_series(1, $1)",
    Math.ceil(count / BLOCK_ROWS),
  );
  return listRows(
    blocks.map(({ block }) => block),
    count,
  );
}

/** Returns the first `count` row numbers of blocks. */
function listRows(blocks: readonly number[], count: number): number[] {
  const rows: number[] = [];
  for (const block of blocks)
    for (let index = 0; index < BLOCK_ROWS && rows.length < count; index++) rows.push(block * BLOCK_ROWS + index);
  return rows;
}
