// Measures one part of lists.mjs, which runs this file once for each size. Prints milliseconds by figure as JSON.
import { openPostgresStore } from "../../src/store/postgres/open-postgres-store.js";
import { measureLists } from "../growth-lists.js";

const [location, size] = process.argv.slice(2) as [string, string];
const store = await openPostgresStore(location, { createForTests: true });
try {
  console.log(JSON.stringify(await measureLists(store, Number(size))));
} finally {
  await store.close();
}
