import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { migratePostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { describeOnPostgres, PostgresServer, ROLE_WITH_PASSWORD, withClient } from "../../helpers/postgres-server.js";
import { inProcessTest as it } from "../../helpers/run-in-process.js";
import type { Sample } from "../../helpers/run-knock.js";
import { ServerCertificates } from "../../helpers/server-certificates.js";
import { restartAsStandby } from "../../helpers/standby-servers.js";

const { name: ROLE } = ROLE_WITH_PASSWORD;

/** The rules of the server: TLS for one database, a password for one role, and nothing for the database `refused`. */
const RULES = `
  hostssl tls_only all 127.0.0.1/32 trust
  host all ${ROLE} 127.0.0.1/32 scram-sha-256
  host postgres,plain,missing all 127.0.0.1/32 trust
`;

/** Commands that open a store as a worker, as a reader, as its owner and as a client. */
const COMMANDS = [
  ["worker"],
  ["runs", "list"],
  ["store", "migrate"],
  ["doctor"],
  ["notify", "new-comment", "-r", "ada", "--set", "page=Home"],
];

describeOnPostgres("a connection that cannot be opened", () => {
  let server: PostgresServer;
  let certificates: ServerCertificates;

  const locate = (user: string, database: string, parameters = ""): string =>
    `postgres://${user}@127.0.0.1:${server.port}/${database}${parameters}`;

  beforeAll(async () => {
    server = await PostgresServer.start();
    certificates = new ServerCertificates(server);
    await withClient(server.getUrl("postgres"), async (client) => {
      for (const database of ["plain", "tls_only", "refused"]) await client.query(`CREATE DATABASE ${database}`);
      await client.query("CREATE ROLE reader LOGIN");
      await client.query("CREATE ROLE group_role");
    });
    await migratePostgresStore(server.getUrl("plain"));
    await withClient(server.getUrl("plain"), (client) => client.query("GRANT SELECT ON knock_store TO reader"));
    writeFileSync(join(server.folder, "data", "pg_hba.conf"), RULES);
    await certificates.use(null);
  });

  afterAll(() => server.remove());

  /** Expects an error of every command, and returns it. */
  async function expectProblem(collab: Sample, store: string, message: string, hint: string, commands = COMMANDS) {
    for (const command of commands) {
      const { exitCode, stdout, stderr } = await collab.knock([...command, "--store", store]);
      const isDoctor = command[0] === "doctor";
      expect({ command, exitCode }).toEqual({ command, exitCode: isDoctor ? 1 : 3 });
      const text = isDoctor ? stdout : stderr;
      expect(text).toContain(message);
      expect(text).toContain(hint);
      expect(text).not.toContain("wrong-password");
    }
  }

  it.for<[user: string, database: string, parameters: string, message: string, hint: string]>([
    ["postgres", "plain", "?sslmode=verify-full", "is on a server without TLS", "Turn on ssl on the server"],
    ["postgres", "tls_only", "", "does not accept this connection: no pg_hba.conf", "add sslmode=verify-full"],
    ["postgres", "refused", "", "does not accept this connection: no pg_hba.conf", "to pg_hba.conf"],
    [ROLE, "plain", "", "needs a password, and none is given", "Set PGPASSWORD, add a line to ~/.pgpass"],
    [`${ROLE}:wrong-password`, "plain", "", 'password authentication failed for user "careful"', "in PGPASSWORD"],
    ["unknown", "plain", "", 'role "unknown" does not exist', "CREATE ROLE <name> LOGIN"],
    ["group_role", "plain", "", 'role "group_role" is not permitted to log in', "Check the user in the URL"],
    ["postgres", "missing", "", "/missing does not exist", "createdb"],
    ["postgres", "plain", "?sslrootcert=/nowhere.pem", "needs a file that cannot be read: ENOENT", "Check sslrootcert"],
    ["reader", "plain", "", "the role reader of the store", "permission denied for"],
  ])("says so for %s in %s%s", async ([user, database, parameters, message, hint], { collab }) => {
    await expectProblem(collab, locate(user, database, parameters), message, hint);
  });

  it("says whether a certificate is not trusted or is for another host", async ({ collab }) => {
    await certificates.use("server");
    const ca = `?sslmode=verify-full&sslrootcert=${certificates.authority}`;
    const { exitCode, stderr } = await collab.knock(["runs", "list", "--store", locate("postgres", "tls_only", ca)]);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    const store = locate("postgres", "tls_only", "?sslmode=verify-full");
    await expectProblem(collab, store, "has a certificate that is not trusted", "sslrootcert=<file>");
    await certificates.use("other");
    const other = locate("postgres", "tls_only", ca);
    await expectProblem(collab, other, "has a certificate for another host", "uselibpqcompat=true&sslmode=verify-ca");
  });

  it("can read a standby, and says that it cannot be written", async ({ collab }) => {
    const store = locate("postgres", "plain");
    // The recipients of the project are saved by the first command.
    const list = ["users", "list", "--store", store];
    const listed = await collab.knock(list);
    await restartAsStandby(server);
    expect((await collab.knock(list)).stdout).toBe(listed.stdout);
    const writing = COMMANDS.filter(([command]) => command === "worker" || command === "notify");
    await expectProblem(
      collab,
      store,
      "because its server is read-only or a standby",
      "Use the primary server",
      writing,
    );
    const other = locate("postgres", "postgres");
    await expectProblem(collab, other, "because its server is read-only or a standby", "primary", [
      ["store", "migrate"],
    ]);
  });
});
