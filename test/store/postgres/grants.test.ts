import { afterAll, beforeAll, expect } from "vitest";
import { fillStore, HEAVY_USER } from "../../../bench/growth-rows.js";
import {
  migratePostgresStore,
  openPostgresStore,
  startDueWork,
} from "../../../src/store/postgres/open-postgres-store.js";
import { step } from "../../helpers/build-steps.js";
import { SILENT_OBSERVER } from "../../helpers/due-work-samples.js";
import { EngineHarness } from "../../helpers/engine-harness.js";
import { eventually } from "../../helpers/eventually.js";
import { createDatabase, describeOnPostgres, dropDatabase, withClient } from "../../helpers/postgres-server.js";
import { inProcessTest as it } from "../../helpers/run-in-process.js";

describeOnPostgres("roles with only the rights of a process", () => {
  let database: string;
  const suffix = `${process.pid}`;
  const roles = {
    api: `api_${suffix}`,
    worker: `worker_${suffix}`,
    reader: `reader_${suffix}`,
    stranger: `stranger_${suffix}`,
  };

  const locate = (role: keyof typeof roles): string => {
    const url = new URL(database);
    url.username = roles[role];
    return `${url.href}?schema=shop`;
  };
  const run = (...statements: string[]) =>
    withClient(database, async (client) => {
      for (const statement of statements) await client.query(statement);
    });

  beforeAll(async () => {
    database = await createDatabase();
    await run(...Object.values(roles).map((role) => `CREATE ROLE ${role} LOGIN`));
  });
  afterAll(async () => {
    await run(...Object.values(roles).map((role) => `DROP OWNED BY ${role}; DROP ROLE ${role}`));
    await dropDatabase(database);
  });

  it("run the API, a worker and commands that read, and nothing else", async ({ collab }) => {
    const owner = `${database}?schema=shop`;
    const grants = ["api", "worker", "reader"].flatMap((use) => ["--grant-to", `${use}=${roles[use as "api"]}`]);
    const migrated = await collab.knock(["store", "migrate", "--store", owner, ...grants, "--json"]);
    expect({ exitCode: migrated.exitCode, stderr: migrated.stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(JSON.stringify(migrated.json.grants)).toContain(`TO \\"${roles.api}\\"`);

    // As the API: users, triggers that wait, and triggers that run at once.
    const api = await EngineHarness.open({ database: locate("api") });
    const worker = await EngineHarness.open({ database: locate("worker") });
    const errors: unknown[] = [];
    const dueWork = await startDueWork(worker.store, {
      concurrency: 4,
      runTask: (task, signal) => worker.engine.runDueTask(task, signal),
      observer: {
        ...SILENT_OBSERVER,
        onJobEnded: ({ error }) => error && errors.push(error),
        onError: (error) => errors.push(error),
        onRestarted: (error) => errors.push(error),
      },
    });
    for (const harness of [api, worker]) harness.define("late", { steps: [step.delay("seconds", 1), step.email()] });
    await api.identify({ id: "ana", email: "ana@lark.test" }, { id: "bo", email: "bo@lark.test" });
    for (let count = 0; count < 3; count++)
      await api.trigger("late", { recipients: ["ana", "bo"], idempotency_key: `k${count}` });
    await eventually(() => worker.deliveredMessages.length === 6);
    const { items } = await eventually(async () => {
      const page = await api.engine.listMessages({}, { limit: 10 });
      return page.items.every(({ status }) => status === "sent") ? page : null;
    });
    expect(items).toHaveLength(6);
    expect(await dueWork.findProblem()).toBeNull();
    // The sessions of the API have another role.
    expect((await dueWork.readStatistics()).oldestTransaction).toBeNull();

    // As a reader, although the recipients of the project are not in the store yet.
    const read = await collab.knock(["runs", "list", "--store", locate("reader"), "--json"]);
    expect({ exitCode: read.exitCode, stderr: read.stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(read.json.items).not.toEqual([]);
    const notify = ["notify", "new-comment", "-r", "ada", "--set", "page=Home", "--store", locate("reader")];
    const refused = await collab.knock(notify);
    expect(refused.exitCode).toBe(3);
    expect(refused.stderr).toMatch(
      new RegExp(`the role ${roles.reader} of the store .* permission denied for table \\w+`),
    );
    await expect(withClient(locate("reader"), (client) => client.query("SELECT * FROM shop.secrets"))).rejects.toThrow(
      "permission denied",
    );
    for (const role of ["api", "worker"] as const)
      await expect(withClient(locate(role), (client) => client.query("DROP TABLE shop.messages"))).rejects.toThrow(
        "must be owner",
      );

    const doctor = async (location: string) => (await collab.knock(["doctor", "--store", location])).stdout;
    expect(await doctor(locate("worker"))).toMatch(
      /tables of version \d+, jobs of version \d+, rights of api, worker, reader, 1 live worker/,
    );
    expect(await doctor(locate("reader"))).toMatch(
      /jobs of version unknown, rights of reader \(it cannot write\), 1 live worker/,
    );
    await run(`REVOKE SELECT ON shop.messages, shop.workers FROM ${roles.reader}`);
    expect(await doctor(locate("reader"))).toContain("the role lacks SELECT on shop.messages, SELECT on shop.workers");
    await dueWork.stop();
    await api.close();
    await worker.close();
    expect(errors).toEqual([]);
    await run(`REVOKE INSERT, DELETE ON shop.messages FROM ${roles.worker}`);
    await run(`REVOKE USAGE ON ALL SEQUENCES IN SCHEMA shop_jobs FROM ${roles.worker}`);
    const lacking = await collab.knock(["doctor", "--store", locate("worker")]);
    expect(lacking.exitCode).toBe(1);
    expect(lacking.stdout).toMatch(
      /the role lacks INSERT on shop\.messages, DELETE on shop\.messages, USAGE on shop_jobs\.\w+/,
    );
    expect(lacking.stdout).toContain("knock store migrate --grant-to worker=<role>");
  });

  it("read a large feed, whose counts only others can keep", async () => {
    await migratePostgresStore(`${database}?schema=shop`, [`reader=${roles.reader}`]);
    const owner = await openPostgresStore(`${database}?schema=shop`);
    await fillStore(owner, 10_100);
    await owner.close();
    const reader = await openPostgresStore(locate("reader"));
    const { counts } = await reader.listFeed({ recipient: HEAVY_USER }, { limit: 1 });
    expect(counts.total_count).toBeGreaterThan(1_000);
    await reader.close();
  });

  it("are refused without grants, with the role and the table", async ({ collab }) => {
    await migratePostgresStore(`${database}?schema=shop`);
    await run(`GRANT USAGE ON SCHEMA shop TO ${roles.stranger}`);
    const { exitCode, stderr } = await collab.knock(["worker", "--store", locate("stranger")]);
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(
      new RegExp(`the role ${roles.stranger} of the store .* lacks a right: permission denied for table knock_store`),
    );
  });

  it("are printed as SQL for roles with fixed names, without a change", async ({ collab }) => {
    await migratePostgresStore(`${database}?schema=shop`);
    const { exitCode, stdout } = await collab.knock([
      "store",
      "migrate",
      "--print-grants",
      "--store",
      `${database}?schema=shop`,
    ]);
    expect(exitCode).toBe(0);
    for (const role of ["knock_api", "knock_worker", "knock_reader"]) expect(stdout).toContain(`TO ${role};`);
    expect(stdout).not.toMatch(/secrets.* TO knock_reader;/);
    const named = stdout.replaceAll(/knock_(api|worker|reader);/g, (_, use: "api") => `${roles[use]};`);
    await run(named);
  });

  it.for([
    [["--grant-to", "workers=x"], 2, 'unknown use "workers"; did you mean "worker"?'],
    [["--grant-to", 'worker=x"; DROP TABLE y'], 2, "is not the name of a role"],
    [["--grant-to", "worker=nobody_here"], 3, 'role "nobody_here" does not exist'],
  ] as const)("are not granted for %j", async ([args, code, message], { collab }) => {
    const { exitCode, stderr } = await collab.knock([
      "store",
      "migrate",
      "--store",
      `${database}?schema=shop`,
      ...args,
    ]);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(code);
  });

  it("are only for databases", async ({ collab }) => {
    expect(await collab.knock(["store", "migrate", "--print-grants"])).toMatchObject({ exitCode: 3 });
  });
});
