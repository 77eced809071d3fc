import { expect, it } from "vitest";
import type { Connection } from "../../../src/store/postgres/connection/connection.js";
import {
  migratePostgresStore,
  openPostgresStore,
  startDueWork,
} from "../../../src/store/postgres/open-postgres-store.js";
import { step } from "../../helpers/build-steps.js";
import { catchRejection } from "../../helpers/catch-error.js";
import { SILENT_OBSERVER } from "../../helpers/due-work-samples.js";
import { EngineHarness } from "../../helpers/engine-harness.js";
import { eventually } from "../../helpers/eventually.js";
import { type SettingsTreatment, startPoolerStub } from "../../helpers/pooler-stub.js";
import {
  createDatabase,
  describeOnPostgres,
  dropDatabase,
  ROLE_WITH_PASSWORD,
  withClient,
} from "../../helpers/postgres-server.js";
import { inProcessTest } from "../../helpers/run-in-process.js";

const query = async (location: string, sql: string) => (await withClient(location, (client) => client.query(sql))).rows;

/** Returns the number of tables in each schema. */
const SELECT_SCHEMAS = `
  SELECT array_agg(DISTINCT schemaname ORDER BY schemaname) AS names FROM pg_tables
  WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`;

/** Starts an installation with a worker that sends emails. */
async function install(location: string) {
  const harness = await EngineHarness.open({ database: location });
  const errors: unknown[] = [];
  const dueWork = await startDueWork(harness.store, {
    concurrency: 2,
    runTask: (task, signal) => harness.engine.runDueTask(task, signal),
    observer: {
      ...SILENT_OBSERVER,
      onError: (error) => errors.push(error),
      onRestarted: (error) => errors.push(error),
    },
    reconciling: { intervalMs: 3_600_000, maxOverdueMs: 3_600_000 },
  });
  harness.define("late", { steps: [step.delay("seconds", 1), step.email()] });
  const close = async () => {
    await dueWork.stop();
    await harness.close();
  };
  return { harness, dueWork, errors, close };
}

describeOnPostgres("the schema in the URL of a store", () => {
  it("lets two installations and another program share a database, each with its own runs, jobs and workers", async () => {
    const database = await createDatabase();
    await query(database, "CREATE TABLE songs (id integer)");
    const [one, two] = await Promise.all(["one", "two"].map((name) => install(`${database}?schema=${name}`)));
    if (!one || !two) throw new Error("not installed");
    expect(await query(database, SELECT_SCHEMAS)).toEqual([{ names: "{one,one_jobs,public,two,two_jobs}" }]);
    for (const { harness } of [one, two]) await harness.identify({ id: "ana", email: "ana@lark.test" });
    await one.harness.trigger("late", { recipients: ["ana"] });
    await eventually(() => one.harness.deliveredMessages.length === 1);
    await two.harness.trigger("late", { recipients: ["ana"] });
    await two.harness.trigger("late", { recipients: ["ana"] });
    await eventually(() => two.harness.deliveredMessages.length === 2);
    for (const [{ harness, dueWork }, count] of [
      [one, 1],
      [two, 2],
    ] as const) {
      expect((await harness.engine.listMessages({}, { limit: 10 })).items).toHaveLength(count);
      expect(harness.deliveredMessages).toHaveLength(count);
      expect(await dueWork.findProblem()).toBeNull();
      await dueWork.readStatistics();
    }
    expect(
      await query(
        database,
        "SELECT (SELECT count(*) FROM one.workers) AS one, (SELECT count(*) FROM two.workers) AS two",
      ),
    ).toEqual([{ one: "1", two: "1" }]);
    await Promise.all([one.close(), two.close()]);
    expect([...one.errors, ...two.errors]).toEqual([]);
    await dropDatabase(database);
  });

  inProcessTest("is used by all commands", async ({ collab }) => {
    const database = await createDatabase();
    const [one, two] = ["one", "two"].map((name) => ["--store", `${database}?schema=${name}`]);
    if (!one || !two) throw new Error("no locations");
    expect(await collab.knock(["doctor", ...one])).toMatchObject({
      stdout: expect.stringContaining("the first trigger will create"),
    });
    expect((await collab.knock(["store", "migrate", ...one])).exitCode).toBe(0);
    expect((await collab.knock(["notify", "new-comment", "-r", "ada", "--set", "page=Home", ...two])).exitCode).toBe(0);
    const countRuns = async (store: string[]) => (await collab.knock(["runs", "list", "--json", ...store])).json.items;
    expect(await countRuns(one)).toEqual([]);
    expect(await countRuns(two)).toHaveLength(1);
    await collab.knock(["worker", "--once", ...one]);
    const copied = await collab.knock([
      "store",
      "copy",
      "--from",
      `${database}?schema=two`,
      "--to",
      `${database}?schema=three`,
    ]);
    expect(copied).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await countRuns(["--store", `${database}?schema=three`])).toHaveLength(1);
    expect((await collab.knock(["doctor", ...two])).stdout).not.toContain("the first trigger will create");
    expect(await query(database, SELECT_SCHEMAS)).toEqual([{ names: "{one,one_jobs,three,three_jobs,two,two_jobs}" }]);
    await dropDatabase(database);
  });

  it.each(["Knock", "pg_knock", "a b", "1st", "x".repeat(52)])(
    "has a name that needs no quotes, unlike %j",
    async (name) => {
      const error = await catchRejection(openPostgresStore(`postgres://127.0.0.1:1/x?schema=${name}`));
      expect(error).toMatchObject({
        code: "invalid_params",
        message: expect.stringContaining("is not a name for a schema"),
      });
    },
  );

  it("needs a right on the schema", async () => {
    const database = await createDatabase();
    await migratePostgresStore(`${database}?schema=one`);
    const url = new URL(`${database}?schema=one`);
    [url.username, url.password] = [ROLE_WITH_PASSWORD.name, ROLE_WITH_PASSWORD.password];
    expect(await catchRejection(openPostgresStore(url.href))).toMatchObject({
      code: "store_unusable",
      message: expect.stringContaining(`the role ${ROLE_WITH_PASSWORD.name} of the store`),
    });
    await dropDatabase(database);
  });

  it.each<SettingsTreatment>(["refused", "ignored"])(
    "is set for the role behind a pooler (settings are %s)",
    async (treatment) => {
      const database = await createDatabase();
      const pooler = await startPoolerStub(database, treatment);
      const location = `${pooler.url}?schema=one`;
      const error = await catchRejection(openPostgresStore(location));
      const hint = "ALTER ROLE postgres SET search_path = one";
      expect(error).toMatchObject({ code: "store_unusable", hint: expect.stringContaining(hint) });
      expect(await query(database, SELECT_SCHEMAS)).toEqual([{ names: null }]);
      await query(database, `ALTER DATABASE ${new URL(database).pathname.slice(1)} SET search_path = one`);
      const store = await openPostgresStore(location);
      const { db } = store as unknown as { db: Connection };
      expect(db.jobSchema).toBe("one_jobs");
      await store.close();
      expect(await query(database, SELECT_SCHEMAS)).toEqual([{ names: "{one,one_jobs}" }]);
      pooler.close();
      await dropDatabase(database);
    },
  );
});
