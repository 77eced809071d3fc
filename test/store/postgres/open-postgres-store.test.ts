import { expect, it } from "vitest";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import type { Store } from "../../../src/ports/store.js";
import { MIGRATIONS, OLDEST_VERSION } from "../../../src/store/postgres/connection/migrations.js";
import { migratePostgresStore, openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { expectToContinueWork, startWork } from "../../contract/store/sample-work-in-progress.js";
import { catchRejection } from "../../helpers/catch-error.js";
import { createDatabase, describeOnPostgres, ROLE_WITH_PASSWORD, withClient } from "../../helpers/postgres-server.js";
import { readTables, TO_FIRST_VERSION } from "../../helpers/postgres-tables.js";

describeOnPostgres("opening a PostgreSQL store", () => {
  it("creates the tables once, also when several open it together", async () => {
    const location = await createDatabase();
    const stores = await Promise.all([1, 2, 3].map(() => openPostgresStore(location)));
    await Promise.all(stores.map((store) => store.close()));
    const found = await withClient(location, (client) => client.query("SELECT version, for_tests FROM knock_store"));
    expect(found.rows).toEqual([{ version: MIGRATIONS.length, for_tests: false }]);
  });

  it("leaves an older store unchanged until it is migrated, also if it is only read", async () => {
    const location = await createDatabase();
    await startWork(await openPostgresStore(location));
    await withClient(location, (client) => client.query(TO_FIRST_VERSION));
    const before = await readTables(location);
    for (const readOnly of [false, true])
      expect(await catchRejection(openPostgresStore(location, { readOnly }))).toMatchObject({
        code: "store_unusable",
        message: expect.stringContaining(`(version 1; this one needs version ${MIGRATIONS.length})`),
        hint: expect.stringContaining("Run `knock store migrate`"),
      });
    expect(await readTables(location)).toEqual(before);

    await migratePostgresStore(location);
    const store = await openPostgresStore(location);
    await expectToContinueWork(store);
    await store.close();
    const found = await withClient(location, (client) =>
      client.query(
        "SELECT version, oldest_version, (SELECT count(*)::integer FROM crash_mark) AS marks FROM knock_store",
      ),
    );
    expect(found.rows).toEqual([{ version: MIGRATIONS.length, oldest_version: OLDEST_VERSION, marks: 1 }]);
  });

  it("uses a newer store that allows this version, and writes nothing to one that does not", async () => {
    const location = await createDatabase();
    const running = await openPostgresStore(location);
    const setVersion = (oldest: number): Promise<unknown> =>
      withClient(location, (client) =>
        client.query("UPDATE knock_store SET version = $1, oldest_version = $2", [MIGRATIONS.length + 1, oldest]),
      );
    const write = (store: Store): Promise<unknown> =>
      store.upsertRecipients([{ key: toRecipientKey("ana"), properties: { name: "Ana" } }], 0);
    await setVersion(MIGRATIONS.length);
    await migratePostgresStore(location);
    const store = await openPostgresStore(location);
    await write(store);
    await store.close();

    const isTooNew = { code: "store_unusable", message: expect.stringContaining("need a newer knock") };
    await setVersion(MIGRATIONS.length + 1);
    expect(await catchRejection(openPostgresStore(location))).toMatchObject(isTooNew);
    expect(await catchRejection(migratePostgresStore(location))).toMatchObject(isTooNew);
    // A process that runs since before the update writes nothing.
    expect(await catchRejection(write(running))).toMatchObject(isTooNew);
    await running.close();
    const found = await withClient(location, (client) => client.query("SELECT version FROM knock_store"));
    expect(found.rows).toEqual([{ version: MIGRATIONS.length + 1 }]);
  });

  it("has only migrations after its oldest version that older versions can work with", () => {
    // An older version neither reads nor writes what these add, so other statements have to raise the oldest version.
    const isAddition =
      /^\s*(CREATE (UNLOGGED )?(TABLE|SEQUENCE|INDEX) |DROP INDEX |ALTER TABLE \w+ ADD COLUMN (?!.*NOT NULL(?!.*DEFAULT))|$)/;
    for (const statement of MIGRATIONS.slice(OLDEST_VERSION).flatMap((migration) => migration.split(";")))
      expect(statement).toMatch(isAddition);
    expect(OLDEST_VERSION).toBeLessThanOrEqual(MIGRATIONS.length);
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
