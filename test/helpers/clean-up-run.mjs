// Stops what a test run has started and deletes its files, however the run ends. The run's main process holds the other end of this
// process's standard input, which closes even if that process is killed. `node clean-up-run.mjs <folder>` waits for it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

const FINISHED = "finished";
const MAX_WAIT_MS = 10_000;

/** Starts the process that cleans up. It has its own process group, so that Ctrl-C does not end it. */
export function startCleanUp(folder) {
  const child = spawn(process.execPath, [import.meta.filename, folder], {
    stdio: ["pipe", "ignore", "inherit"],
    detached: true,
    env: {},
  });
  child.unref();
  child.stdin.unref();
  return async () => {
    const ended = once(child, "exit");
    child.ref();
    child.stdin.end(FINISHED);
    await ended;
  };
}

function readText(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Kills the processes with the folder in their environment. PostgreSQL is left, because it must release its shared memory. */
function killOrphans(folder) {
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    if (Number(name) === process.pid || readText(`/proc/${name}/comm`) === "postgres\n") continue;
    if (readText(`/proc/${name}/environ`).includes(folder)) kill(Number(name), "SIGKILL");
  }
}

/** Returns the process ID of the PostgreSQL server with a data folder, or null if it does not run. */
function findServer(data) {
  const pid = Number.parseInt(readText(join(data, "postmaster.pid")), 10);
  if (!(pid > 1) || !kill(pid, 0)) return null;
  try {
    // Another process can have the ID of a server that was killed.
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data) ? pid : null;
  } catch {
    return process.platform === "linux" ? null : pid;
  }
}

async function stopServers(folder) {
  const servers = readdirSync(folder).filter((name) => name.startsWith("knock-postgres-"));
  const pids = servers.map((name) => findServer(join(folder, name, "data"))).filter((pid) => pid !== null);
  for (const pid of pids) kill(pid, "SIGQUIT");
  for (const start = Date.now(); Date.now() - start < MAX_WAIT_MS && pids.some((pid) => kill(pid, 0)); )
    await sleep(20);
}

async function cleanUp(folder, isFinished) {
  if (!isFinished && process.platform === "linux") killOrphans(folder);
  await stopServers(folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
}

if (process.argv[1] === import.meta.filename) {
  const [, , folder] = process.argv;
  const written = await text(process.stdin).catch(() => "");
  await cleanUp(folder, written === FINISHED);
}
