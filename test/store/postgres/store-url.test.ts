import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import type { Connection } from "../../../src/store/postgres/connection/connection.js";
import { parseLocation } from "../../../src/store/postgres/connection/parse-location.js";
import {
  migratePostgresStore,
  openPostgresStore,
  startDueWork,
} from "../../../src/store/postgres/open-postgres-store.js";
import { step } from "../../helpers/build-steps.js";
import { catchRejection, catchThrown } from "../../helpers/catch-error.js";
import { SILENT_OBSERVER } from "../../helpers/due-work-samples.js";
import { EngineHarness } from "../../helpers/engine-harness.js";
import { eventually } from "../../helpers/eventually.js";
import { describeOnPostgres, PostgresServer, withClient } from "../../helpers/postgres-server.js";
import { ServerCertificates } from "../../helpers/server-certificates.js";
import { replicate } from "../../helpers/standby-servers.js";
import { createStoreDatabase } from "../../helpers/store-database.js";

it.each([
  ["sslmode=allow", 'sslmode has the unknown value "allow"', "verify-full"],
  ["target_session_attrs=standby", 'target_session_attrs has the unknown value "standby"', "read-write"],
  ["ssl_mode=require", 'unknown parameter "ssl_mode"', "Did you mean sslmode?"],
  ["uselibpqcompat=true&sslmode=verify-ca", "sslmode=verify-ca needs an authority", "sslrootcert=<file>"],
])("a URL with %s is an error", (parameters, message, hint) => {
  const error = catchThrown(() => parseLocation(`postgres://ada:secret@db/knock?${parameters}`));
  expect(error).toMatchObject({
    code: "invalid_params",
    message: expect.stringContaining(message),
    hint: expect.stringContaining(hint),
  });
});

it.each([
  [
    "postgres://ada:a,b@db:1/knock?password=x&channel_binding=require",
    ["postgres://ada:a,b@db:1/knock?password=x&channel_binding=require"],
    "postgres://ada@db:1/knock?channel_binding=require",
  ],
  [
    "postgres://ada:pw@a:1,b,[::1]:3/knock",
    ["postgres://ada:pw@a:1/knock", "postgres://ada:pw@b/knock", "postgres://ada:pw@[::1]:3/knock"],
    "postgres://ada@a:1,b,[::1]:3/knock",
  ],
  [
    "postgres://a,b/knock?target_session_attrs=read-write",
    ["postgres://a/knock", "postgres://b/knock"],
    "postgres://a,b/knock?target_session_attrs=read-write",
  ],
])("the servers of %s are tried in order", (location, urls, shown) => {
  expect(parseLocation(location)).toMatchObject({ urls, shown });
});

const addParameters = (location: string, parameters: string): string => {
  const url = new URL(location);
  for (const [name, value] of new URLSearchParams(parameters)) url.searchParams.set(name, value);
  return url.href;
};

describeOnPostgres("session options in the URL of a store", () => {
  it.each([
    ["-c work_mem=123kB", { work_mem: "123kB", statement_timeout: "30s", lock_timeout: "5s" }],
    [
      "-c statement_timeout=7s",
      { statement_timeout: "7s", lock_timeout: "5s", idle_in_transaction_session_timeout: "10s" },
    ],
  ])("are added to the limits of the store: %s", async (options, settings) => {
    const store = await openPostgresStore(addParameters(await createStoreDatabase(), `options=${options}`));
    const { db } = store as unknown as { db: Connection };
    for (const [name, value] of Object.entries(settings))
      expect(await db.get(`SHOW ${name}`)).toEqual({ [name]: value });
    await store.close();
  });
});

describeOnPostgres("TLS modes in the URL of a store", () => {
  let server: PostgresServer;
  let certificates: ServerCertificates;

  beforeAll(async () => {
    server = await PostgresServer.start();
    await migratePostgresStore(server.getUrl("postgres"));
    certificates = new ServerCertificates(server);
  });
  afterAll(() => server.remove());

  /** Returns how a session is encrypted, or the beginning of its error. */
  async function connect(parameters: string): Promise<string> {
    const found = await openPostgresStore(addParameters(server.getUrl("postgres"), parameters)).catch(
      (error: Error) => error,
    );
    if (found instanceof Error) return /without TLS|not trusted|another host/.exec(found.message)?.[0] ?? found.message;
    const { db } = found as unknown as { db: Connection };
    const row = await db.get<{ ssl: boolean }>("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    await found.close();
    return row?.ssl ? "TLS" : "no TLS";
  }

  it("are as in the documentation, and warn about nothing", async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on("warning", note);
    const modes = [
      "",
      "sslmode=disable",
      "sslmode=require",
      "sslmode=verify-ca",
      "sslmode=verify-full",
      "sslmode=no-verify",
      "uselibpqcompat=true&sslmode=require",
    ];
    const readAll = async (suffix = "") => {
      const found: Record<string, string> = {};
      for (const mode of modes) found[mode] = await connect(`${mode}${suffix}`);
      return found;
    };
    const strict = (result: string) => ({
      "sslmode=require": result,
      "sslmode=verify-ca": result,
      "sslmode=verify-full": result,
    });
    const without = { "": "no TLS", "sslmode=disable": "no TLS" };
    const weak = { "sslmode=no-verify": "TLS", "uselibpqcompat=true&sslmode=require": "TLS" };
    expect(await readAll()).toEqual({
      ...without,
      ...strict("without TLS"),
      "sslmode=no-verify": "without TLS",
      "uselibpqcompat=true&sslmode=require": "without TLS",
    });
    await certificates.use("server");
    expect(await readAll()).toEqual({ ...without, ...strict("not trusted"), ...weak });
    const authority = `&sslrootcert=${certificates.authority}`;
    expect(await connect(authority)).toBe("TLS");
    for (const mode of Object.keys(strict(""))) expect(await connect(mode + authority)).toBe("TLS");
    await certificates.use("other");
    for (const mode of Object.keys(strict(""))) expect(await connect(mode + authority)).toBe("another host");
    expect(await connect(`uselibpqcompat=true&sslmode=verify-ca${authority}`)).toBe("TLS");
    expect(await connect(`uselibpqcompat=true&sslmode=verify-full${authority}`)).toBe("another host");
    process.off("warning", note);
    expect(warnings).toEqual([]);
  });
});

const WRITTEN = "pg_current_wal_lsn()";
const REPLAYED = "pg_last_wal_replay_lsn()";

/** Returns a position in the log of changes as a number. */
async function readWal(server: PostgresServer, position: string): Promise<number> {
  const { rows } = await withClient(server.getUrl("postgres"), (client) =>
    client.query(`SELECT pg_wal_lsn_diff(${position}, '0/0')::float8 AS bytes`),
  );
  return rows[0].bytes;
}

describeOnPostgres("several servers in the URL of a store", () => {
  let primary: PostgresServer;
  let standby: PostgresServer;

  beforeAll(async () => {
    [primary, standby] = await Promise.all([PostgresServer.start(), PostgresServer.start()]);
    await migratePostgresStore(primary.getUrl("postgres"));
    await replicate(primary, standby);
  });
  afterAll(() => Promise.all([primary.remove(), standby.remove()]));

  let close = async () => {};
  afterEach(() => close());

  const listServers = (...ports: number[]): string =>
    `postgres://postgres@${ports.map((port) => `127.0.0.1:${port}`).join(",")}/postgres`;

  const readPort = async (location: string): Promise<unknown> => {
    const store = await openPostgresStore(location);
    const { db } = store as unknown as { db: Connection };
    const row = await db.get<{ port: string }>("SELECT current_setting('port') AS port");
    await store.close();
    return Number(row?.port);
  };

  it("are tried in order, and with read-write only the primary is used", async () => {
    expect(await readPort(listServers(1, standby.port, primary.port))).toBe(standby.port);
    const location = listServers(1, standby.port, primary.port);
    for (const attributes of ["read-write", "primary"])
      expect(await readPort(`${location}?target_session_attrs=${attributes}`)).toBe(primary.port);
    const onlyStandby = `${listServers(standby.port)}?target_session_attrs=read-write`;
    expect(await catchRejection(openPostgresStore(onlyStandby))).toMatchObject({
      code: "unreachable",
      message: `the store ${onlyStandby} is not reachable: no server of the URL is the primary`,
    });
    expect(await catchRejection(openPostgresStore(listServers(1, 2)))).toMatchObject({ code: "unreachable" });
    const wrongRole = listServers(primary.port, 1).replace("//postgres@", "//unknown@");
    expect(await catchRejection(openPostgresStore(wrongRole))).toMatchObject({ code: "store_unusable" });
  });

  it("let a worker and its clients continue with the server that is promoted", async () => {
    const location = `${listServers(primary.port, standby.port)}?target_session_attrs=read-write`;
    const harness = await EngineHarness.open({ database: location });
    const dueWork = await startDueWork(harness.store, {
      concurrency: 2,
      runTask: (task, signal) => harness.engine.runDueTask(task, signal),
      observer: SILENT_OBSERVER,
    });
    close = async () => {
      await dueWork.stop();
      await harness.close();
    };
    harness.define("late", { steps: [step.delay("seconds", 1), step.email()] });
    await harness.identify({ id: "ana", email: "ana@lark.test" });
    await harness.trigger("late", { recipients: ["ana"] });
    await eventually(() => harness.deliveredMessages.length === 1);
    await eventually(async () => (await readWal(standby, REPLAYED)) >= (await readWal(primary, WRITTEN)));
    await primary.stop("immediate");
    const writing = harness.identify({ id: "ana", email: "ana@lark.test" });
    await withClient(standby.getUrl("postgres"), (client) => client.query("SELECT pg_promote()"));
    await writing;
    await harness.trigger("late", { recipients: ["ana"] });
    await eventually(() => harness.deliveredMessages.length === 2);
    expect(await harness.store.readRecipients([toRecipientKey("ana")])).toHaveLength(1);
    await eventually(async () => (await dueWork.findProblem()) === null);
  });
});
