import { afterAll, beforeAll, expect, it } from "vitest";
import {
  createDatabase,
  describeOnPostgres,
  dropDatabase,
  PostgresServer,
  ROLE_WITH_PASSWORD,
  type StopMode,
  withClient,
} from "../../helpers/postgres-server.js";

describeOnPostgres("the PostgreSQL server of the tests", () => {
  it("copies databases", async () => {
    const template = await createDatabase();
    await withClient(template, (client) => client.query("CREATE TABLE one AS SELECT 1 AS value"));
    const copy = await createDatabase(template);
    const { rows } = await withClient(copy, (client) => client.query("SELECT value FROM one"));
    expect(rows).toEqual([{ value: 1 }]);
    await dropDatabase(copy);
    await dropDatabase(template);
  });
});

describeOnPostgres("a PostgreSQL server of one test", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await PostgresServer.start();
  });

  afterAll(() => server.remove());

  it.each<StopMode>(["fast", "immediate"])("continues with its data after a stop (%s)", async (mode) => {
    const url = server.getUrl("postgres");
    await withClient(url, (client) => client.query(`CREATE TABLE kept_${mode} AS SELECT 2 AS value`));
    await server.stop(mode);
    await expect(withClient(url, (client) => client.query("SELECT 1"))).rejects.toThrow("ECONNREFUSED");
    await server.resume();
    const { rows } = await withClient(url, (client) => client.query(`SELECT value FROM kept_${mode}`));
    expect(rows).toEqual([{ value: 2 }]);
  });

  it("checks the password of one role", async () => {
    const url = new URL(server.getUrl("postgres"));
    url.username = ROLE_WITH_PASSWORD.name;
    await expect(withClient(url.href, (client) => client.query("SELECT 1"))).rejects.toThrow("password");
    url.password = ROLE_WITH_PASSWORD.password;
    expect((await withClient(url.href, (client) => client.query("SELECT 1 AS one"))).rows).toEqual([{ one: 1 }]);
  });
});
