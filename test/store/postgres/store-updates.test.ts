import { migrations } from "graphile-worker/dist/generated/sql.js";
import { afterEach, beforeEach, expect } from "vitest";
import {
  createDatabase,
  describeOnPostgres,
  dropDatabase,
  ROLE_WITH_PASSWORD,
  withClient,
} from "../../helpers/postgres-server.js";
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
    await run(...BEFORE_LAST_UPDATE);
    for (const schema of ["public", "graphile_worker"])
      await run(
        `GRANT USAGE ON SCHEMA ${schema} TO ${name}`,
        `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${name}`,
        `GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schema} TO ${name}`,
      );
    for (const store of [ofWorker, location]) await tryToStart(["worker"], store);
    await migrate();
    const sql = "SELECT count(*)::integer AS count FROM graphile_worker.migrations";
    const { rows } = await withClient(location, (client) => client.query(sql));
    expect(rows).toEqual([{ count: UPDATES.length }]);
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
});
