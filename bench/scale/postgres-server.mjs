import { execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import pg from "pg";

const ROOT = "/usr/lib/postgresql";
const PORT = 5_497;
const MAX_STARTS = 100;
/** A quarter of the memory, as the guide recommends. With less, rows and indexes of later rounds do not fit, and take more time. */
const SHARED_BUFFERS_MB = Math.floor(totalmem() / 4 / 1024 ** 2);

/** Waits for a short time without leaving the caller. */
const pause = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);

function findPrograms() {
  const versions = existsSync(ROOT) ? readdirSync(ROOT).sort((one, other) => Number(other) - Number(one)) : [];
  const folder = versions.map((version) => join(ROOT, version, "bin")).find((bin) => existsSync(join(bin, "postgres")));
  if (folder === undefined) throw new Error("PostgreSQL is not installed: install it or set KNOCK_BENCH_POSTGRES");
  return folder;
}

/** The user that runs the server, because PostgreSQL refuses to run as root. */
function findUser() {
  if (process.getuid?.() !== 0) return {};
  const read = (flag) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: read("-u"), gid: read("-g") };
}

/**
 * Starts a server with an empty database in a new folder, which waits for the disk at each commit. `settings` are more of its
 * settings.
 */
export function startServer({ settings = [] } = {}) {
  const programs = findPrograms();
  const folder = mkdtempSync(join(tmpdir(), "knock-bench-postgres-"));
  const user = findUser();
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, "data");
  const options = { stdio: "ignore", cwd: folder, ...user };
  execFileSync(
    join(programs, "initdb"),
    ["-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C", "-A", "trust"],
    options,
  );
  const allSettings = [
    `port=${PORT}`,
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    `shared_buffers=${SHARED_BUFFERS_MB}MB`,
    "jit=off",
    ...settings,
  ];
  const server = spawn(join(programs, "postgres"), ["-D", data, ...allSettings.flatMap((one) => ["-c", one])], options);
  const psql = (...args) =>
    execFileSync(join(programs, "psql"), ["-h", "127.0.0.1", "-p", String(PORT), "-U", "postgres", ...args], options);
  for (let count = 1; ; count++) {
    try {
      psql("-c", "CREATE DATABASE bench");
      break;
    } catch (error) {
      if (count === MAX_STARTS) throw error;
      pause();
    }
  }
  return {
    url: `postgres://postgres@127.0.0.1:${PORT}/bench`,
    folder: data,
    stop() {
      server.kill("SIGQUIT");
      rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
    },
  };
}

/** Runs a statement with a connection of its own. */
export async function runStatement(url, sql) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
