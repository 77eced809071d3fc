import pg from "pg";
import { afterAll, beforeAll } from "vitest";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { describeStore } from "../../contract/store/store-contract.js";
import { copyDatabase, describeOnPostgres, PostgresServer, withClient } from "../../helpers/postgres-server.js";

let server: PostgresServer;
let admin: pg.Client;
let count = 0;

/** The change token notices every transaction of the server, so this file has a server of its own, without autovacuum. */
beforeAll(async () => {
  server = await PostgresServer.start({ hasAutovacuum: false });
  admin = new pg.Client({ connectionString: server.getUrl("postgres") });
  await admin.connect();
  await admin.query("CREATE DATABASE template_store");
  await (await openPostgresStore(server.getUrl("template_store"), { createForTests: true })).close();
});

afterAll(async () => {
  await admin?.end();
  await server?.remove();
});

describeOnPostgres("the store contract", () => {
  describeStore("postgres", {
    createLocation: async () => {
      const name = `store_${++count}`;
      await copyDatabase(admin, name, "template_store");
      return server.getUrl(name);
    },
    open: (location, options) => openPostgresStore(location, { ...options, maxConnections: 4 }),
    execute: (location, statements) =>
      withClient(location, async (client) => {
        for (const statement of statements) await client.query(statement);
      }),
    module: { path: "src/store/postgres/open-postgres-store.ts", openFunction: "openPostgresStore" },
  });
});
