import type { Store } from "../../src/ports/store.js";
import { openSqliteStore } from "../../src/store/sqlite/open-sqlite-store.js";
import { createDatabase } from "./postgres-server.js";
import { emptyStoreDatabase } from "./store-database.js";

interface TestStoreOptions {
  now: () => number;
  watchUsers: boolean;
}

/** Whether the suites of the engine run on PostgreSQL instead of SQLite. */
const isOnPostgres = process.env.KNOCK_TEST_STORE === "postgres";

/** Databases that no store uses. Emptying one takes a tenth of the time of creating one. */
const freeDatabases: string[] = [];
/** The databases of locations that several stores share. */
const databasesByLocation = new Map<string, string>();

async function takeDatabase(): Promise<string> {
  const free = freeDatabases.pop();
  if (free === undefined) return createDatabase();
  await emptyStoreDatabase(free);
  return free;
}

async function openPostgres(location: string, options: TestStoreOptions): Promise<Store> {
  const { openPostgresStore } = await import("../../src/store/postgres/open-postgres-store.js");
  const isShared = location !== ":memory:";
  const database = (isShared && databasesByLocation.get(location)) || (await takeDatabase());
  if (isShared) databasesByLocation.set(location, database);
  const store = await openPostgresStore(database, { ...options, createForTests: true, maxConnections: 4 });
  const close = store.close.bind(store);
  let isOpen = true;
  store.close = async () => {
    await close();
    if (isOpen && !isShared) freeDatabases.push(database);
    isOpen = false;
  };
  return store;
}

/** Opens a store that the test run is for. A location other than `:memory:` can be opened several times. */
export function openTestStore(location: string, options: TestStoreOptions): Promise<Store> {
  return isOnPostgres ? openPostgres(location, options) : openSqliteStore(location, options);
}
