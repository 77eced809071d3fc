// Measures one part of lists.mjs, which runs this file once for each size. Prints milliseconds and the blocks that the database read,
// by figure, as JSON.
import type { Connection } from "../../src/store/postgres/connection/connection.js";
import { openPostgresStore } from "../../src/store/postgres/open-postgres-store.js";
import { measure, measureInserts, measureLists } from "../growth-lists.js";
import { countBlocks } from "./count-blocks.js";

const [location, size] = process.argv.slice(2) as [string, string];
const store = await openPostgresStore(location, { createForTests: true, maxConnections: 1 });
const { db } = store as unknown as { db: Connection };
try {
  const insertMs = await measureInserts(store, Number(size));
  await db.all("ANALYZE");
  await countBlocks(db, async () => {}); // the first time also reads the catalog
  const lists = await measureLists(store, async (work) => {
    const ms = await measure(work);
    return { ms, blocks: await countBlocks(db, work) };
  });
  console.log(JSON.stringify({ "insert a run with a message": { ms: insertMs, blocks: null }, ...lists }));
} finally {
  await store.close();
}
