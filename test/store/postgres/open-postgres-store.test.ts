import { expect, it } from "vitest";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import { MIGRATIONS } from "../../../src/store/postgres/connection/migrations.js";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { catchRejection } from "../../helpers/catch-error.js";
import { createDatabase, describeOnPostgres, ROLE_WITH_PASSWORD, withClient } from "../../helpers/postgres-server.js";

describeOnPostgres("opening a PostgreSQL store", () => {
  it("creates the tables once, also when several open it together", async () => {
    const location = await createDatabase();
    const stores = await Promise.all([1, 2, 3].map(() => openPostgresStore(location)));
    await Promise.all(stores.map((store) => store.close()));
    const found = await withClient(location, (client) => client.query("SELECT version, for_tests FROM knock_store"));
    expect(found.rows).toEqual([{ version: MIGRATIONS.length, for_tests: false }]);
  });

  it("updates a store of the first version", async () => {
    const location = await createDatabase();
    await (await openPostgresStore(location)).close();
    await withClient(location, (client) =>
      client.query(
        "DROP TABLE partitions, crash_mark, delayed_jobs; DROP INDEX block_values_by_block; UPDATE knock_store SET version = 1",
      ),
    );
    const store = await openPostgresStore(location);
    await store.upsertRecipients([{ key: toRecipientKey("ana"), properties: {} }], 0);
    await store.close();
    const found = await withClient(location, (client) =>
      client.query("SELECT count(*)::integer AS marks FROM crash_mark"),
    );
    expect(found.rows).toEqual([{ marks: 1 }]);
  });

  it("remembers whether the database was created for tests", async () => {
    const location = await createDatabase();
    await (await openPostgresStore(location, { createForTests: true })).close();
    await (await openPostgresStore(location)).close();
    const found = await withClient(location, (client) => client.query("SELECT for_tests FROM knock_store"));
    expect(found.rows).toEqual([{ for_tests: true }]);
  });

  it("needs no right to change tables that are of this version", async () => {
    const location = await createDatabase();
    await (await openPostgresStore(location)).close();
    const { name, password } = ROLE_WITH_PASSWORD;
    await withClient(location, (client) => client.query(`GRANT SELECT ON knock_store TO ${name}`));
    const url = new URL(location);
    [url.username, url.password] = [name, password];
    const store = await openPostgresStore(url.href);
    await store.close();
  });

  it("refuses the database of another program and changes nothing", async () => {
    const location = await createDatabase();
    await withClient(location, (client) => client.query("CREATE TABLE songs (id integer)"));
    const error = await catchRejection(openPostgresStore(location));
    expect(error).toMatchObject({ code: "store_unusable", message: expect.stringContaining("another program") });
    const found = await withClient(location, (client) => client.query("SELECT to_regclass('knock_store') AS name"));
    expect(found.rows).toEqual([{ name: null }]);
  });

  it("refuses a store of a newer knock", async () => {
    const location = await createDatabase();
    await (await openPostgresStore(location)).close();
    await withClient(location, (client) => client.query("UPDATE knock_store SET version = 9999"));
    const error = await catchRejection(openPostgresStore(location));
    expect(error).toMatchObject({ code: "store_unusable", message: expect.stringContaining("newer knock") });
  });

  it("refuses to create tables in a store that is opened for reading only", async () => {
    const location = await createDatabase();
    expect(await catchRejection(openPostgresStore(location, { readOnly: true }))).toMatchObject({
      code: "store_unusable",
    });
  });

  it("reports a wrong password without it", async () => {
    const url = new URL(await createDatabase());
    [url.username, url.password] = [ROLE_WITH_PASSWORD.name, "guess-WRONG"];
    const error = await catchRejection(openPostgresStore(url.href));
    expect(error).toMatchObject({ code: "store_unusable", hint: expect.stringContaining("PGPASSWORD") });
    expect(`${error.message} ${error.stack} ${error.cause}`).not.toContain("WRONG");
  });

  it("reports a server that is not reachable, and a database that does not exist", async () => {
    expect(await catchRejection(openPostgresStore("postgres://u:secret@127.0.0.1:1/knock"))).toMatchObject({
      code: "unreachable",
      message: expect.stringContaining("postgres://u@127.0.0.1:1/knock"),
    });
    const url = new URL(await createDatabase());
    url.pathname = "/no_such_database";
    expect(await catchRejection(openPostgresStore(url.href))).toMatchObject({
      code: "store_unusable",
      hint: expect.stringContaining("createdb"),
    });
  });

  it("does not repeat a text that is no URL, because it may contain a password", async () => {
    const error = await catchRejection(openPostgresStore("postgres://u:sec ret@:x/"));
    expect(error).toMatchObject({ code: "invalid_params", message: expect.not.stringContaining("ret") });
  });
});
