// Tools that few contributors need have a folder in tools/ with its own lockfile, so that `npm ci` stays fast. The script that uses
// one installs it. `node scripts/tools.mjs <folder> <program> [arguments]` installs a folder and runs one of its programs.
import { copyFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { execa } from "execa";

const TOOLS = join(import.meta.dirname, "../tools");
/** A slow network must not end an installation. */
const TIMEOUT_MS = 900_000;
/** Another process may install the same folder. */
const POLL_MS = 200;

/** The file with the lockfile that was installed. */
const toMark = (folder) => join(folder, "node_modules/.installed-lock.json");

function isInstalled(folder) {
  const mark = toMark(folder);
  return existsSync(mark) && readFileSync(mark).equals(readFileSync(join(folder, "package-lock.json")));
}

/** Returns whether the process that created a lock has ended without removing it. */
function isAbandoned(lock) {
  try {
    if (Date.now() - statSync(lock).mtimeMs > TIMEOUT_MS) return true;
    const pid = Number(readFileSync(lock, "utf8"));
    if (pid > 0) process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

/** Creates a file that other processes wait for. Returns false if one of them has done so. */
function takeLock(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (isAbandoned(lock)) rmSync(lock, { force: true });
    return false;
  }
}

/** Installs the packages of a folder in tools/, unless they are there. Returns its path. */
export async function installTools(name) {
  const folder = join(TOOLS, name);
  const lock = join(folder, ".installing");
  while (!isInstalled(folder)) {
    if (!takeLock(lock)) {
      await sleep(POLL_MS);
      continue;
    }
    try {
      console.error(`installing the packages of tools/${name}`);
      // An audit asks the registry about each package, and its result is not shown.
      await execa("npm", ["ci", "--no-audit", "--no-fund", "--loglevel", "error"], {
        cwd: folder,
        stdio: ["ignore", "ignore", "inherit"],
        timeout: TIMEOUT_MS,
      });
      copyFileSync(join(folder, "package-lock.json"), toMark(folder));
    } finally {
      rmSync(lock, { force: true });
    }
  }
  return folder;
}

/** Loads a CommonJS package of a folder in tools/. */
export async function requireTool(name, packageName) {
  const folder = await installTools(name);
  return createRequire(join(folder, "package.json"))(packageName);
}

async function main([name, program, ...args]) {
  const folder = await installTools(name);
  const { exitCode } = await execa(join(folder, "node_modules/.bin", program), args, {
    stdio: "inherit",
    reject: false,
  });
  process.exitCode = exitCode ?? 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main(process.argv.slice(2));
