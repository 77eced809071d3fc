import type { Connection } from "../../src/store/postgres/connection/connection.js";

/** Returns the blocks that this database has read so far, from memory or from the disk. */
async function readBlocks(db: Connection): Promise<number> {
  // Each connection of the pool reports what it has read. There is only one.
  await db.all("SELECT pg_stat_force_next_flush()");
  const found = await db.get<{ blocks: number }>(
    "SELECT blks_hit + blks_read AS blocks FROM pg_stat_database WHERE datname = current_database()",
  );
  return (found as { blocks: number }).blocks;
}

/** Returns the blocks that the database reads for some work. The store has a single connection. */
export async function countBlocks(db: Connection, work: () => Promise<unknown>): Promise<number> {
  const before = await readBlocks(db);
  // The blocks of the statistics themselves are subtracted.
  const idle = (await readBlocks(db)) - before;
  await work();
  return (await readBlocks(db)) - before - 2 * idle;
}
