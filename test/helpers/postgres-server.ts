import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { describe, inject, type SuiteFactory, vi } from "vitest";
import { WAIT_OPTIONS } from "./eventually.js";
import { findFreePort } from "./find-free-port.js";

/** The file in the shared folder that has the URL of the test run's server. */
const STATE_FILE = "postgres.json";

/** The variable with the URL of a PostgreSQL server on which tests may create databases. */
const SERVER_VARIABLE = "KNOCK_TEST_POSTGRES";

/** A role whose password is checked. All others may connect without one. */
export const ROLE_WITH_PASSWORD = { name: "careful", password: "correct horse" };

/** Tests stop the server, but not the machine, so they need no disk. The limits keep the server small. */
const FAST_SETTINGS = ["fsync=off", "full_page_writes=off"];
const SETTINGS = [
  "max_connections=250",
  "shared_buffers=64MB",
  "jit=off",
  "unix_socket_directories=",
  "log_min_messages=fatal",
];

/** Returns the folder with the newest server programs of this machine, or null. */
function findPrograms(): string | null {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = versions.map((version) => join(root, version, "bin"));
  for (const folder of [...folders, ...(process.env.PATH ?? "").split(":")])
    if (existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres"))) return folder;
  return null;
}

const programs = findPrograms();

/** Whether tests on PostgreSQL can run. CI fails without it; elsewhere these tests are skipped with a notice. */
const hasPostgres = process.env[SERVER_VARIABLE] !== undefined || programs !== null;

let isNoticePrinted = false;

/** Describes tests that need a PostgreSQL server. Without one they are skipped with a notice, but never in CI. */
export function describeOnPostgres(name: string, tests: SuiteFactory): void {
  if (hasPostgres || process.env.CI === "true") {
    describe(name, tests);
    return;
  }
  if (!isNoticePrinted) {
    isNoticePrinted = true;
    process.stderr.write(`notice: PostgreSQL is not installed and ${SERVER_VARIABLE} is not set; skipped: ${name}\n`);
  }
  describe.skip(name, tests);
}

/** PostgreSQL refuses to run as root, so root starts it as another user. */
export function findServerUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const readId = (flag: string, user: string) => Number(execFileSync("id", [flag, user], { encoding: "utf8" }));
  for (const user of ["postgres", "nobody"]) {
    try {
      return { uid: readId("-u", user), gid: readId("-g", user) };
    } catch {}
  }
  throw new Error("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as");
}

/** How a server is stopped: `fast` ends its transactions, `immediate` is like a crash. */
export type StopMode = "fast" | "immediate";

/** A PostgreSQL server on 127.0.0.1. */
export class PostgresServer {
  private process: ReturnType<typeof spawn> | undefined;

  private constructor(
    readonly folder: string,
    readonly port: number,
    private readonly isDurable: boolean,
    private readonly hasAutovacuum: boolean,
    private readonly settings: readonly string[],
  ) {}

  /**
   * Creates a cluster in a new folder and starts it. `isDurable` waits for the disk, as benchmarks must. Without autovacuum, nothing
   * but the tests writes, locks tables or changes plans, which autovacuum does at any time from the first minute on. `settings` are
   * added, such as `max_connections=20`. The clean-up of the test run stops servers in `parent`, its folder.
   */
  static async start({
    isDurable = false,
    hasAutovacuum = true,
    settings = [] as readonly string[],
    parent = process.env.TMPDIR ?? "/tmp",
  } = {}): Promise<PostgresServer> {
    if (programs === null) throw new Error(`PostgreSQL is not installed; install it or set ${SERVER_VARIABLE}`);
    const folder = mkdtempSync(join(parent, "knock-postgres-"));
    const user = findServerUser();
    if (user) chownSync(folder, user.uid, user.gid);
    const data = join(folder, "data");
    execFileSync(
      join(programs, "initdb"),
      ["-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C", "--auth=trust", "--no-sync"],
      { stdio: "ignore", cwd: folder, ...user },
    );
    const rules = readFileSync(join(data, "pg_hba.conf"), "utf8");
    writeFileSync(
      join(data, "pg_hba.conf"),
      `host all ${ROLE_WITH_PASSWORD.name} 127.0.0.1/32 scram-sha-256\n${rules}`,
    );
    const server = new PostgresServer(folder, await findFreePort(), isDurable, hasAutovacuum, settings);
    await server.resume();
    await withClient(server.getUrl("postgres"), (client) =>
      client.query(`CREATE ROLE ${ROLE_WITH_PASSWORD.name} LOGIN CREATEDB PASSWORD '${ROLE_WITH_PASSWORD.password}'`),
    );
    return server;
  }

  /** The process ID of the server; undefined while it is stopped. */
  get pid(): number | undefined {
    return this.process?.pid;
  }

  getUrl(database: string): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`;
  }

  /** Starts the stopped server again, and returns once it accepts connections. */
  async resume(): Promise<void> {
    const settings = [
      ...SETTINGS,
      ...(this.isDurable ? [] : FAST_SETTINGS),
      `autovacuum=${this.hasAutovacuum ? "on" : "off"}`,
      `port=${this.port}`,
      "listen_addresses=127.0.0.1",
      ...this.settings,
    ];
    const options = ["-D", join(this.folder, "data"), ...settings.flatMap((setting) => ["-c", setting])];
    this.process = spawn(join(programs as string, "postgres"), options, {
      stdio: "ignore",
      cwd: this.folder,
      detached: true,
      ...findServerUser(),
    });
    this.process.unref();
    await vi.waitFor(() => withClient(this.getUrl("postgres"), (client) => client.query("SELECT 1")), WAIT_OPTIONS);
  }

  /** Stops the server, and returns once it has ended. */
  async stop(mode: StopMode = "fast"): Promise<void> {
    const { process: running } = this;
    if (running === undefined) return;
    this.process = undefined;
    const ended = running.exitCode === null ? once(running, "exit") : Promise.resolve();
    running.ref();
    running.kill(mode === "fast" ? "SIGINT" : "SIGQUIT");
    await ended;
  }

  /** Stops the server and deletes its files. */
  async remove(): Promise<void> {
    await this.stop("immediate");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs something with one connection. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * Returns the URL of the server that all test files share. The first one that asks starts it, and the end of the test run
 * stops it.
 */
async function getSharedServerUrl(): Promise<string> {
  const given = process.env[SERVER_VARIABLE];
  if (given !== undefined) return given;
  const state = join(inject("sharedFolder"), STATE_FILE);
  try {
    mkdirSync(`${state}.lock`);
  } catch {
    return vi.waitFor(() => (JSON.parse(readFileSync(state, "utf8")) as { url: string }).url, WAIT_OPTIONS);
  }
  const server = await PostgresServer.start({ hasAutovacuum: false });
  const url = server.getUrl("postgres");
  writeFileSync(`${state}.new`, JSON.stringify({ url }));
  // A reader sees the whole file or none.
  execFileSync("mv", [`${state}.new`, state]);
  return url;
}

let sharedServerUrl: Promise<string> | undefined;
let databaseCount = 0;

/** Quotes nothing: names are made here from letters, digits and underscores. */
function buildDatabaseName(prefix: string): string {
  return `${prefix}_${process.pid}_${Date.now().toString(36)}_${++databaseCount}`;
}

function withDatabaseName(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

/** The first version that can copy the files of a database, which takes half the time of copying its pages. */
const FILE_COPY_VERSION = 150_000;

/** Copies a database of the server that a client is connected to. */
export async function copyDatabase(client: pg.Client, name: string, template: string): Promise<void> {
  const { rows } = await client.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int AS version",
  );
  const strategy = (rows[0]?.version ?? 0) >= FILE_COPY_VERSION ? "STRATEGY FILE_COPY" : "";
  await client.query(`CREATE DATABASE ${name} TEMPLATE ${template} ${strategy}`);
}

/** Creates an empty database on the shared server, or a copy of `template`. Returns its URL. */
export async function createDatabase(template?: string): Promise<string> {
  sharedServerUrl ??= getSharedServerUrl();
  const server = await sharedServerUrl;
  const name = buildDatabaseName("knock_test");
  const source = template === undefined ? "template0" : new URL(template).pathname.slice(1);
  await withClient(server, (client) => copyDatabase(client, name, source));
  return withDatabaseName(server, name);
}

/** Deletes a database, also while it is used. */
export async function dropDatabase(url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  await withClient(withDatabaseName(url, "postgres"), (client) =>
    client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  );
}
