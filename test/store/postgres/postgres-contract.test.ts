import pg from "pg";
import { afterAll, afterEach, beforeAll } from "vitest";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { describeStore } from "../../contract/store/store-contract.js";
import { copyDatabase, describeOnPostgres, PostgresServer, withClient } from "../../helpers/postgres-server.js";
import { emptyStoreDatabase } from "../../helpers/store-database.js";

let server: PostgresServer;
let admin: pg.Client;
let count = 0;
/** The databases of the running test, and those that earlier tests have used. */
const used: string[] = [];
const free: string[] = [];

/** The change token notices every transaction of the server, so this file has a server of its own, without autovacuum. */
beforeAll(async () => {
  server = await PostgresServer.start({ hasAutovacuum: false });
  admin = new pg.Client({ connectionString: server.getUrl("postgres") });
  await admin.connect();
  await admin.query("CREATE DATABASE template_store");
  await (await openPostgresStore(server.getUrl("template_store"), { createForTests: true })).close();
});

afterEach(() => {
  free.push(...used.splice(0));
});

afterAll(async () => {
  await admin?.end();
  await server?.remove();
});

describeOnPostgres("the store contract", () => {
  describeStore("postgres", {
    createLocation: async () => {
      const known = free.pop();
      if (known !== undefined) await emptyStoreDatabase(known);
      else await copyDatabase(admin, `store_${++count}`, "template_store");
      const location = known ?? server.getUrl(`store_${count}`);
      used.push(location);
      return location;
    },
    open: (location, options) => openPostgresStore(location, { ...options, maxConnections: 4 }),
    execute: (location, statements) =>
      withClient(location, async (client) => {
        for (const statement of statements) await client.query(statement);
      }),
    module: { path: "src/store/postgres/open-postgres-store.ts", openFunction: "openPostgresStore" },
  });
});
