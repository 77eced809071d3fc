import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const PASSWORD = "s3cret:p@ss";
const ENCODED = encodeURIComponent(PASSWORD);
/** A database on a port without a server. */
const DATABASE = "127.0.0.1:9/knock";

describe.concurrent("the location of the store", () => {
  it.for([
    [`postgres://ada:${ENCODED}@${DATABASE}`, `postgres://ada:…redacted@${DATABASE}`],
    [`postgresql://ada:${PASSWORD}@${DATABASE}`, `postgresql://ada:…redacted@${DATABASE}`],
    [`postgres://${DATABASE}?user=ada&password=${ENCODED}`, `postgres://${DATABASE}?user=ada&password=…redacted`],
    [`postgres://ada@${DATABASE}`, `postgres://ada@${DATABASE}`],
    [`postgres://ada:${ENCODED}@db:1,${DATABASE}`, `postgres://ada:…redacted@db:1,${DATABASE}`],
    ["$DATABASE_URL", "$DATABASE_URL"],
  ])("is shown without its password: %s", async ([location, shown], { collab }) => {
    collab.write("knock.json", JSON.stringify({ knockDir: "./knock", settings: { store: location } }));
    const env = { KNOCK_STORE: location as string };
    const commands = [
      ["config", "list"],
      ["config", "list", "--store", location as string],
      ["config", "get", "store"],
    ];
    for (const args of commands)
      for (const flags of [[], ["--json"], ["--verbose"]]) {
        const { stdout, stderr, exitCode } = await collab.knock([...args, ...flags], { env });
        expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
        expect(stdout).toContain(shown);
        expect(stdout).not.toContain(PASSWORD);
        expect(stdout).not.toContain(ENCODED);
      }
  });

  it.for([
    [{ KNOCK_STORE: "$DATABASE_URL" }, "the environment variable DATABASE_URL is not set, and the store refers to it"],
    [
      { KNOCK_STORE: `postgres://ada:$DB_PASSWORD@${DATABASE}` },
      "the environment variable DB_PASSWORD is not set, and the store refers to it",
    ],
    [
      { KNOCK_STORE: `postgres://ada:${PASSWORD}@[${DATABASE}` },
      `postgres://ada:…redacted@[${DATABASE} is not a URL of a PostgreSQL database`,
    ],
  ])("is an error if it cannot be resolved: %o", async ([env, message], { collab }) => {
    const { exitCode, stderr, stdout } = await collab.knock(["messages", "list"], {
      env: env as { KNOCK_STORE: string },
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain(PASSWORD);
  });
});
