import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { Connection } from "../../../src/store/postgres/connection/connection.js";
import { DueRunLimit } from "../../../src/store/postgres/due-work/due-run-limit.js";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { describeOnPostgres, dropDatabase, withClient } from "../../helpers/postgres-server.js";
import { openProjectApi } from "../../helpers/project-emulator.js";
import { inProcessTest } from "../../helpers/run-in-process.js";
import { createStoreDatabase } from "../../helpers/store-database.js";

const MAX_DUE_RUNS = 3;
const ENV = { KNOCK_MAX_DUE_RUNS: `${MAX_DUE_RUNS}` };

/** Adds runs that are due and that nothing runs. */
const INSERT_RUNS = `
  INSERT INTO recipient_runs (row, id, workflow_run, recipient, shard, status, due_at, error_count, inserted_at, updated_at, steps, events)
  SELECT row, 'run-' || row, 0, 'user', 0, 'paused', 1, 0, 0, 0, '[]', '[]' FROM generate_series(1, $1::integer) row`;

const listUsers = (count: number) => Array.from({ length: count }, (_, index) => ({ id: `u${index}`, name: "U" }));

describeOnPostgres("triggers while workers are behind", () => {
  let location: string;

  beforeAll(async () => {
    location = await createStoreDatabase();
    await (await openPostgresStore(location)).close();
  });

  afterEach(() => withClient(location, (client) => client.query("DELETE FROM recipient_runs WHERE workflow_run = 0")));

  afterAll(() => dropDatabase(location));

  const addRuns = (count: number) => withClient(location, (client) => client.query(INSERT_RUNS, [count]));

  async function countRows(): Promise<unknown> {
    const sql = "SELECT (SELECT count(*) FROM workflow_runs) AS runs, (SELECT count(*) FROM recipients) AS recipients";
    return (await withClient(location, (client) => client.query(sql))).rows[0];
  }

  it("are answered 429 with Retry-After if they have more than 50 recipients", async () => {
    const api = await openProjectApi({}, { store: location, env: ENV });
    const trigger = (recipients: unknown) =>
      fetch(`${api.url}/v1/workflows/hello/trigger`, {
        method: "POST",
        headers: { authorization: "Bearer sk_test" },
        body: JSON.stringify({ recipients }),
      });
    const subscribe = (id: string) =>
      api.request("POST /v1/objects/teams/birds/subscriptions", { recipients: [{ id, name: "B" }] });
    try {
      await api.request("PUT /v1/objects/teams/birds", {});
      for (let index = 0; index < 50; index++) await subscribe(`bird${index}`);
      await addRuns(MAX_DUE_RUNS + 1);
      const before = await countRows();
      for (const recipients of [listUsers(51), [{ collection: "teams", id: "birds" }]]) {
        const response = await trigger(recipients);
        expect([response.status, response.headers.get("retry-after")]).toEqual([429, "5"]);
        expect(await response.json()).toEqual({
          code: "too_much_due_work",
          message: "more than 3 runs are due, so triggers with more than 50 recipients are rejected",
          status: 429,
          type: "api_error",
        });
      }
      expect(await countRows()).toEqual(before);
      expect((await trigger(listUsers(50))).status).toBe(200);
    } finally {
      await api.close();
    }
  });

  inProcessTest("are rejected by knock notify, until the runs are done", async ({ collab }) => {
    const file = collab.write("many.json", { recipients: listUsers(51), data: { page: "Home" } });
    const notify = () =>
      collab.knock(["notify", "new-comment", "--file", file, "--store", location, "--json"], { env: ENV });
    await addRuns(MAX_DUE_RUNS + 1);
    const rejected = await notify();
    expect(rejected.exitCode).toBe(8);
    expect(rejected.error).toMatchObject({ code: "too_much_due_work", hint: expect.stringContaining("knock worker") });
    await withClient(location, (client) => client.query("DELETE FROM recipient_runs WHERE row = 1"));
    expect((await notify()).exitCode).toBe(0);
    const invalid = await collab.knock(["notify", "new-comment", "-r", "ada", "--store", location], {
      env: { KNOCK_MAX_DUE_RUNS: "many" },
    });
    expect([invalid.exitCode, invalid.stderr]).toEqual([2, expect.stringContaining("KNOCK_MAX_DUE_RUNS")]);
  });

  it("ask the database at most once a second", async () => {
    const { db } = (await openPostgresStore(location)) as unknown as { db: Connection };
    let now = 0;
    const limit = new DueRunLimit(db, MAX_DUE_RUNS, () => now);
    expect(await limit.isExceeded()).toBe(false);
    await addRuns(MAX_DUE_RUNS + 1);
    now = 999;
    expect(await limit.isExceeded()).toBe(false);
    now = 1_000;
    expect(await limit.isExceeded()).toBe(true);
    await db.close();
  });
});
