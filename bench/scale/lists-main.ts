// Measures one part of lists.mjs, which runs this file once for each size. Prints milliseconds and the blocks that the database read,
// by figure, as JSON.
import type { Connection } from "../../src/store/postgres/connection/connection.js";
import { openPostgresStore } from "../../src/store/postgres/open-postgres-store.js";
import { measure, measureInserts, measureLists } from "../growth-lists.js";

/** Returns the blocks that this database has read so far, from memory or from the disk. */
async function readBlocks(db: Connection): Promise<number> {
  // Each connection of the pool reports what it has read. There is only one.
  await db.all("SELECT pg_stat_force_next_flush()");
  const found = await db.get<{ blocks: number }>(
    "SELECT blks_hit + blks_read AS blocks FROM pg_stat_database WHERE datname = current_database()",
  );
  return (found as { blocks: number }).blocks;
}

const [location, size] = process.argv.slice(2) as [string, string];
const store = await openPostgresStore(location, { createForTests: true, maxConnections: 1 });
const { db } = store as unknown as { db: Connection };
try {
  const insertMs = await measureInserts(store, Number(size));
  await db.all("ANALYZE");
  await readBlocks(db); // the first time also reads the catalog
  const lists = await measureLists(store, async (work) => {
    const ms = await measure(work);
    const before = await readBlocks(db);
    // The blocks of the statistics themselves are subtracted.
    const idle = (await readBlocks(db)) - before;
    await work();
    return { ms, blocks: (await readBlocks(db)) - before - 2 * idle };
  });
  console.log(JSON.stringify({ "insert a run with a message": { ms: insertMs, blocks: null }, ...lists }));
} finally {
  await store.close();
}
