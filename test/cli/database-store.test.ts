import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { eventually } from "../helpers/eventually.js";
import { listDocumentViolations } from "../helpers/output-schemas.js";
import {
  createDatabase,
  describeOnPostgres,
  dropDatabase,
  ROLE_WITH_PASSWORD,
  withClient,
} from "../helpers/postgres-server.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const NOTIFY = ["notify", "new-comment", "-r", "ada", "--set", "page=Home"];
const COMMANDS = [
  NOTIFY,
  ["dev", "--port", "0"],
  ["worker"],
  ["worker", "--once"],
  ["runs", "list"],
  ["users", "list"],
];
const { name, password } = ROLE_WITH_PASSWORD;
const ENCODED = encodeURIComponent(password);
const WRONG = "not-the-password";

describeOnPostgres("a store in a PostgreSQL database", () => {
  let url: string;
  /** Without user and password. */
  let address: string;

  beforeAll(async () => {
    url = await createDatabase();
    await withClient(url, (client) =>
      client.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} OWNER TO ${name}`),
    );
    const { host, pathname } = new URL(url);
    address = `${host}${pathname}`;
  });

  afterAll(() => dropDatabase(url));

  it("exits 3 if the password is wrong, and 7 if the host is not reachable, and shows no password", async ({
    collab,
  }) => {
    for (const command of COMMANDS)
      for (const [location, exitCode, message] of [
        [`postgres://${name}:${WRONG}@${address}`, 3, "does not accept the user or the password"],
        [`postgres://${name}:${WRONG}@127.0.0.1:9/knock`, 7, "is not reachable"],
      ] as const) {
        const result = await collab.knock([...command, "--store", location, "--verbose"]);
        const { stderr, stdout } = result;
        expect({ command, exitCode: result.exitCode, stdout }).toEqual({ command, exitCode, stdout: "" });
        expect(stderr).toContain(message);
        expect(stderr).toContain("hint: ");
        expect(stderr).not.toContain(WRONG);
      }
  });

  it("takes the password from the URL, from PGPASSWORD and from a variable", async ({ collab }) => {
    for (const [location, env] of [
      [`postgres://${name}:${ENCODED}@${address}`, {}],
      [`postgres://${name}@${address}`, { PGPASSWORD: password }],
      [`postgres://${name}:$DB_PASSWORD@${address}`, { DB_PASSWORD: password, PGPASSWORD: WRONG }],
      ["$DATABASE_URL", { DATABASE_URL: `postgres://${name}:${ENCODED}@${address}` }],
    ] as const) {
      const { exitCode, stderr, outcome } = await collab.knock([...NOTIFY, "--json"], {
        env: { ...env, KNOCK_STORE: location },
      });
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      expect(outcome.summary?.sent).toBe(1);
    }
  });

  it("has no virtual clock", async ({ collab }) => {
    const store = `postgres://${name}:${ENCODED}@${address}`;
    for (const args of [["advance", "1h"], ["freeze"], ["set", "2030-01-01"]]) {
      const { exitCode, stderr } = await collab.knock(["clock", ...args, "--store", store]);
      expect(exitCode).toBe(3);
      expect(stderr).toContain("a PostgreSQL store has no virtual clock");
    }
  });

  it("hides the password from the list of processes, and stops with exit code 143", async ({ collab }) => {
    const worker = collab.start(["worker", "--store", `postgres://${name}:${ENCODED}@${address}`]);
    let log = "";
    worker.stdout.on("data", (chunk: Buffer) => {
      log += chunk.toString();
    });
    await eventually(() => log.includes('"event":"started"'));
    if (process.platform === "linux") {
      const commandLine = readFileSync(`/proc/${worker.pid}/cmdline`, "utf8");
      expect(commandLine).toMatch(/^knock\0/);
      expect(commandLine).not.toContain(ENCODED);
    }
    worker.kill("SIGTERM");
    expect((await worker).exitCode).toBe(143);
    expect(log).toContain(`postgres://${name}:…redacted@${address}`);
    expect(log).not.toContain(ENCODED);
    const entries = log
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as JsonObject);
    expect(entries.flatMap((entry) => listDocumentViolations("worker-log", entry))).toEqual([]);
    const events = entries.map(({ event }) => event);
    expect(events).toEqual(["started", "stopping", "stopped"]);
  });
});
