import { copyFileSync, existsSync } from "node:fs";
import { expect } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/open-sqlite-store.js";
import { createDatabase, describeOnPostgres, dropDatabase } from "../helpers/postgres-server.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

describeOnPostgres("knock store", () => {
  it("copies a store to PostgreSQL and back, and prints the digest of each table", async ({ collab }) => {
    await collab.knock(["notify", "new-comment", "-r", "ada", "-r", "grace", "--set", "page=Home"]);
    const database = await createDatabase();
    const from = [".knock-local/store.db", "--to", database];
    const there = await collab.knock(["store", "copy", "--from", ...from, "--json"]);
    expect(there.exitCode, there.stderr).toBe(0);
    expect(there.json.tables).toContainEqual({
      table: "recipient_runs",
      rows: 2,
      digest: expect.stringMatching(/^\w{32}$/),
    });
    const back = await collab.knock(["store", "copy", "--from", database, "--to", "back.db", "--json"]);
    expect(back.json.tables).toEqual(there.json.tables);
    const lists = [];
    for (const store of [".knock-local/store.db", "back.db"])
      for (const list of ["messages", "runs", "users"]) {
        const args = [...(list === "runs" ? ["runs", "list"] : [list, "list"]), "--store", store, "--json"];
        lists.push((await collab.knock(args)).json);
      }
    expect(lists.slice(3)).toEqual(lists.slice(0, 3));
    await dropDatabase(database);
  });

  it("refuses a store that is used or not empty, and changes nothing", async ({ collab }) => {
    await collab.knock(["notify", "new-comment", "-r", "ada", "--set", "page=Home"]);
    const open = await openSqliteStore(collab.path(".knock-local/store.db"));
    const used = await collab.knock(["store", "copy", "--from", ".knock-local/store.db", "--to", "copy.db"]);
    await open.close();
    expect(used.exitCode).toBe(6);
    expect(used.stderr).toContain("another process uses the store");
    copyFileSync(collab.path(".knock-local/store.db"), collab.path("stopped.db"));
    const full = await collab.knock(["store", "copy", "--from", "stopped.db", "--to", ".knock-local/store.db"]);
    expect(full.exitCode).toBe(6);
    expect(full.stderr).toContain("is not empty");
  });

  it("names a store that does not exist, and creates no file", async ({ collab }) => {
    const missing = await collab.knock(["store", "copy", "--from", "missing.db", "--to", "copy.db"]);
    expect(missing.exitCode).toBe(3);
    expect(missing.stderr).toContain("missing.db");
    expect(existsSync(collab.path("missing.db"))).toBe(false);
    expect((await collab.knock(["store", "copy", "--from", ":memory:", "--to", "copy.db"])).exitCode).toBe(2);
  });

  it("creates the tables of a database, once", async ({ collab }) => {
    const database = await createDatabase();
    const first = await collab.knock(["store", "migrate", "--store", database]);
    expect(first.stdout).toContain("are up to date");
    expect((await collab.knock(["store", "migrate", "--store", database, "--json"])).json).toEqual({
      store: expect.stringContaining("postgres"),
    });
    await dropDatabase(database);
  });
});
