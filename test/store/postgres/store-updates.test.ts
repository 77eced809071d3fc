import { join } from "node:path";
import { migrations } from "graphile-worker/dist/generated/sql.js";
import { afterEach, beforeEach, expect } from "vitest";
import {
  createDatabase,
  describeOnPostgres,
  dropDatabase,
  ROLE_WITH_PASSWORD,
  withClient,
} from "../../helpers/postgres-server.js";
import { readTables, TO_FIRST_VERSION } from "../../helpers/postgres-tables.js";
import { inProcessTest as it } from "../../helpers/run-in-process.js";

const MISSING_UPDATE = "are missing, or are older than this version of knock";
const UPDATES = Object.entries(migrations);

/** Makes the tables of jobs those of a version without the last update. */
const BEFORE_LAST_UPDATE = [
  "DROP SCHEMA graphile_worker CASCADE",
  "CREATE SCHEMA graphile_worker",
  "CREATE TABLE graphile_worker.migrations (id int PRIMARY KEY, ts timestamptz DEFAULT now() NOT NULL, breaking boolean DEFAULT false NOT NULL)",
  ...UPDATES.slice(0, -1).flatMap(([name, text]) => [
    text.replaceAll(/:GRAPHILE_WORKER_SCHEMA\b/g, "graphile_worker"),
    `INSERT INTO graphile_worker.migrations (id) VALUES (${Number.parseInt(name, 10)})`,
  ]),
];

describeOnPostgres("the tables of a database", () => {
  let location: string;
  /** The same database with a role that may read and write rows. */
  let ofWorker: string;

  const run = (...statements: string[]) =>
    withClient(location, async (client) => {
      for (const statement of statements) await client.query(statement);
    });
  const countTables = async (): Promise<number> => {
    const sql = "SELECT count(*)::integer AS count FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    return (await withClient(location, (client) => client.query<{ count: number }>(sql))).rows[0]?.count ?? -1;
  };

  beforeEach(async () => {
    location = await createDatabase();
    const { name, password } = ROLE_WITH_PASSWORD;
    const url = new URL(location);
    url.username = name;
    url.password = encodeURIComponent(password);
    ofWorker = url.href;
    await run("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
  });

  afterEach(() => dropDatabase(location));

  it("are updated by knock store migrate, and a worker without the update does not start", async ({ collab }) => {
    const { name } = ROLE_WITH_PASSWORD;
    const tryToStart = async (command: string[], store: string): Promise<void> => {
      const { exitCode, stderr } = await collab.knock([...command, "--store", store]);
      expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: expect.stringContaining(MISSING_UPDATE) });
      expect(stderr).toContain("knock store migrate");
    };
    const migrate = async () =>
      expect((await collab.knock(["store", "migrate", "--store", location])).exitCode).toBe(0);

    await tryToStart(["worker"], ofWorker);
    await migrate();
    await run(...BEFORE_LAST_UPDATE, "ALTER TABLE delayed_jobs RESET (autovacuum_vacuum_scale_factor)");
    for (const schema of ["public", "graphile_worker"])
      await run(
        `GRANT USAGE ON SCHEMA ${schema} TO ${name}`,
        `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${name}`,
        `GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schema} TO ${name}`,
      );
    for (const store of [ofWorker, location]) await tryToStart(["worker"], store);
    await run("INSERT INTO graphile_worker.migrations (id, breaking) VALUES (9999, true)");
    const { exitCode, stderr } = await collab.knock(["worker", "--store", location]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: expect.stringContaining("need a newer knock") });
    await run("DELETE FROM graphile_worker.migrations WHERE id = 9999");
    await migrate();
    const sql = "SELECT count(*)::integer AS count FROM graphile_worker.migrations";
    const { rows } = await withClient(location, (client) => client.query(sql));
    expect(rows).toEqual([{ count: UPDATES.length }]);
    // Ended jobs are removed soon, however many jobs wait.
    for (const name of ["graphile_worker._private_jobs", "delayed_jobs"]) {
      const settings = `SELECT reloptions AS options FROM pg_class WHERE oid = '${name}'::regclass`;
      const [table] = (await withClient(location, (client) => client.query<{ options: string[] }>(settings))).rows;
      expect(table?.options).toContain("autovacuum_vacuum_scale_factor=0");
    }
  });

  it("stay as they are if they are older, whatever the command, until knock store migrate updates them", async ({
    collab,
  }) => {
    const inStore = (...args: string[]) => collab.knock([...args, "--store", location]);
    await inStore("store", "migrate");
    await inStore("notify", "new-comment", "-r", "ada", "--set", "page=Home");
    await run(TO_FIRST_VERSION);
    const before = await readTables(location);
    const copy = join(collab.dir, "copy.db");
    for (const command of [
      ["runs", "list"],
      ["messages", "list"],
      ["users", "list"],
      ["users", "set", "ada", "--set", "name=Ada"],
      ["feed", "list", "ada"],
      ["notify", "new-comment", "-r", "ada", "--set", "page=Home"],
      ["notify", "new-comment", "-r", "ada", "--set", "page=Home", "--dry-run"],
      ["preview", "new-comment", "-r", "ada", "--set", "page=Home"],
      ["cancel", "new-comment", "k"],
      ["schedules", "list"],
      ["prune", "--older-than", "7d"],
      ["replay"],
      ["clock", "show"],
      ["worker"],
      ["worker", "--once"],
      ["dev", "--port", "0"],
      ["store", "copy", "--from", location, "--to", copy],
    ]) {
      const isCopy = command.includes("copy");
      const { exitCode, stderr } = await (isCopy ? collab.knock(command) : inStore(...command));
      const result = { command, exitCode, stderr };
      expect(result).toEqual({ command, exitCode: 3, stderr: expect.stringContaining("are older than this knock") });
      expect(stderr).toContain("Run `knock store migrate`");
    }
    const checked = await collab.knock(["doctor"], { env: { KNOCK_STORE: location } });
    expect(checked.stdout).toContain("Run `knock store migrate`");
    expect(await readTables(location)).toEqual(before);
    await inStore("store", "migrate");
    expect((await inStore("runs", "list", "--json")).json.items).toHaveLength(1);
  });

  it("are not created by checks, which show the version of the server", async ({ collab }) => {
    const before = await countTables();
    const { stdout } = await collab.knock(["doctor"], { env: { KNOCK_STORE: location } });

    expect(stdout).toMatch(/PostgreSQL \d+/);
    expect(stdout).not.toContain("SQLite");
    expect(stdout).toContain("the first trigger will create its tables");
    const preview = await collab.knock(["workflows", "show", "new-comment", "--store", location]);
    expect([preview.exitCode, preview.stderr]).toEqual([0, ""]);
    expect(await countTables()).toBe(before);
    expect(
      (await collab.knock(["notify", "new-comment", "-r", "ada", "--set", "page=Home", "--store", location])).exitCode,
    ).toBe(0);
    const later = await collab.knock(["doctor"], { env: { KNOCK_STORE: location } });
    expect(later.stdout).toMatch(/PostgreSQL \d+/);
    expect(later.stdout).not.toContain("will create");
  });

  it("lack a partition of this month until knock store migrate creates it, which knock doctor reports", async ({
    collab,
  }) => {
    const migrate = () => collab.knock(["store", "migrate", "--store", location]);
    const check = async () => (await collab.knock(["doctor"], { env: { KNOCK_STORE: location } })).stdout;
    const warning = "rows of this month are added to the partition of an older one";
    await migrate();
    expect(await check()).not.toContain(warning);
    await run(`UPDATE partitions SET began_at = began_at - ${32 * 24 * 3_600_000} WHERE number = 1`);
    const reported = await check();
    expect(reported).toContain(warning);
    expect(reported).toContain("Run `knock store migrate`");
    await migrate();
    expect(await check()).not.toContain(warning);
  });

  it("are dropped by knock prune, which prints the number of partitions", async ({ collab }) => {
    const knock = (...args: string[]) => collab.knock([...args, "--store", location]);
    await knock("store", "migrate");
    await knock("notify", "new-comment", "-r", "ada", "--set", "page=Home");
    await run(
      `UPDATE recipient_runs SET status = 'completed', due_at = NULL, updated_at = 1`,
      "UPDATE messages SET due_at = NULL",
      "UPDATE workflow_runs SET inserted_at = 1",
      "UPDATE partitions SET began_at = 0 WHERE number = 1",
    );
    await knock("store", "migrate");
    await run("UPDATE partitions SET began_at = 1 WHERE number = 2");
    const counted = await knock("prune", "--older-than", "7d", "--dry-run", "--json");
    expect(counted.json).toMatchObject({ dry_run: true, partitions: 1, recipient_runs: 1, workflow_runs: 1 });
    const { stdout, exitCode } = await knock("prune", "--older-than", "7d");
    expect(stdout).toMatch(/\n {2}partitions {8}1\n {2}recipient runs {4}1\n/);
    expect(exitCode).toBe(0);
    expect((await knock("runs", "list", "--json")).json.items).toEqual([]);
  });
});
