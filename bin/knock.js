#!/usr/bin/env node
// Starts the bundled command with V8's code cache, which saves 15 to 20 ms of compilation in a 60 ms start on Node 20,
// which has no cache of its own. There is one cache file per build, Node version, processor type and command, in the
// user's cache folder. Writing such a file means running code as the user, so a folder or file that others can write is
// ignored. Everything is in this file, because each additional file costs half a millisecond.
"use strict";
const { closeSync, fstatSync, lstatSync, openSync, readSync, statSync, writeSync } = require("node:fs");
const { isAbsolute, join } = require("node:path");
const { Script } = require("node:vm");
const [, , word, ...more] = process.argv;
if ((word === "--version" || word === "-V") && more.length === 0) {
  // process.stdout would load streams, which takes 3 ms.
  writeSync(1, `${require("../package.json").version}\n`);
  process.exit();
}
const COMMANDS = "notify trigger cancel runs messages clock worker dev mcp test completion-server".split(" ");
/** The commands that run until a signal stops them, which is their regular end. */
const SERVERS = "worker dev mcp".split(" ");
const INTERRUPTED = [129, 130, 143];
const DAY_MS = 86_400_000;
const MAX_AGE_MS = 30 * DAY_MS;
const dist = join(__dirname, "..", "dist");
const file = join(dist, word === "notify" || word === "trigger" ? "main-notify.cjs" : "main.cjs");

const IF_EXISTS = { throwIfNoEntry: false };
const [OTHERS_WRITE, ALL_WRITE, STICKY] = [0o022, 0o002, 0o1000];

/** Returns whether only this user and root can write a file or folder. Windows has neither owners nor modes. */
function isPrivate({ uid, mode }) {
  return process.getuid === undefined || (uid === process.getuid() && (mode & OTHERS_WRITE) === 0);
}

/** Returns whether another user can put a folder into this one, or replace one in it. */
function isShared({ uid, mode }) {
  if (process.getuid === undefined) return false;
  return (uid !== 0 && uid !== process.getuid()) || ((mode & ALL_WRITE) !== 0 && (mode & STICKY) === 0);
}

/**
 * Returns whether a folder is in the working folder or its repository, to which a pull request can add files. This only
 * matters in CI: elsewhere, the working folder can be the home folder.
 */
function isInCheckout(folder) {
  const { CI } = process.env;
  if (!CI || CI === "0" || CI === "false") return false;
  const { existsSync, realpathSync } = require("node:fs");
  const { dirname, sep } = require("node:path");
  let root = process.cwd();
  for (let parent = root; parent !== dirname(parent); parent = dirname(parent))
    if (existsSync(join(parent, ".git"))) root = parent;
  let path = folder;
  try {
    path = realpathSync(folder);
  } catch {}
  return path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** Returns the start of the path of each file that a build keeps, or null if it must not keep any. */
function cachePrefix(build) {
  const { env, platform, version, arch } = process;
  if (env.NODE_DISABLE_COMPILE_CACHE || env.NODE_V8_COVERAGE) return null;
  const home = env.HOME && join(env.HOME, ".cache");
  const own = platform === "win32" ? env.LOCALAPPDATA : env.XDG_CACHE_HOME;
  const base = own && isAbsolute(own) ? own : platform === "win32" ? null : home;
  // A path relative to the working folder could be in a project.
  if (!base || !isAbsolute(base)) return null;
  const folder = join(base, "knock-cli");
  try {
    const baseStats = statSync(base, IF_EXISTS);
    if (baseStats && isShared(baseStats)) return null;
    // A link is not followed: it could lead to a folder with files from elsewhere.
    const stats = lstatSync(folder, IF_EXISTS);
    if (stats && !(stats.isDirectory() && isPrivate(stats))) return null;
  } catch {
    return null;
  }
  return isInCheckout(folder) ? null : join(folder, `${build}-${version}-${arch}`);
}

/** Creates a folder and its parents. `mkdirSync` with `recursive` never returns for a path below /proc. */
function makeFolder(folder) {
  const { existsSync, mkdirSync } = require("node:fs");
  if (existsSync(folder)) return;
  makeFolder(join(folder, ".."));
  mkdirSync(folder, { mode: 0o700 });
}

/**
 * Writes the cache under a temporary name and renames it, so that another process never reads an incomplete file.
 * Errors are ignored, because the cache only affects speed.
 */
function keep(cache, data) {
  const { readdirSync, renameSync, statSync, unlinkSync, writeFileSync } = require("node:fs");
  try {
    makeFolder(join(cache, ".."));
    const temporaryPath = `${cache}.${process.pid}`;
    writeFileSync(temporaryPath, data, { mode: 0o600 });
    renameSync(temporaryPath, cache);
    // Delete files that were not written for 30 days. Most belong to builds that no longer exist, and the others are
    // soon written again.
    const folder = join(cache, "..");
    for (const name of readdirSync(folder)) {
      if (Date.now() - statSync(join(folder, name)).mtimeMs > MAX_AGE_MS) unlinkSync(join(folder, name));
    }
  } catch {}
}

/**
 * The buffer for both files, larger than each of them: allocating new memory for each takes longer than reading it. Memory that is
 * not written costs nothing.
 */
let buffer = Buffer.allocUnsafeSlow(4 << 20);
let lastRead;

/** Returns the content of a file. `mustBePrivate`: returns undefined for one that another user can write. */
function read(path, mustBePrivate = false) {
  const descriptor = openSync(path);
  try {
    const stats = fstatSync(descriptor);
    if (mustBePrivate && !isPrivate(stats)) return undefined;
    const { size, mtimeMs } = stats;
    lastRead = mtimeMs;
    if (size > buffer.length) buffer = Buffer.allocUnsafeSlow(size);
    let length = 0;
    for (let more = -1; more !== 0 && length < size; length += more)
      more = readSync(descriptor, buffer, length, size - length, null);
    return buffer.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

let source;
try {
  source = read(file).latin1Slice();
} catch (error) {
  if (error.code !== "ENOENT") throw error;
  process.stderr.write(`error: ${file} is missing\nhint: In a checkout, npm run build makes it.\n`);
  process.exit(1);
}
// The file starts with a comment that contains the build's hash, because the cache of one build must never be used for
// another.
const prefix = cachePrefix(source.slice(2, 18));
// Each command and target has its own cache: it needs different functions, and reading all of them would take longer.
const isRemote = more.includes("--remote") || process.env.KNOCK_TARGET === "remote";
const cache = prefix && `${prefix}-${COMMANDS.includes(word) ? word : "other"}${isRemote ? "-remote" : ""}.bin`;
let cachedData;
try {
  if (cache) cachedData = read(cache, true);
} catch {}
// The first start leaves an empty file, and the second fills it: the first also creates the store and checks every
// document, and a cache with that code makes later starts 1.4% slower.
const isFirst = cachedData === undefined;
if (cachedData?.length === 0) cachedData = undefined;
const script = new Script(source, { filename: file, cachedData });
// The cache is written at the end, when the functions that this start needed have been compiled. A start that failed or
// printed help has compiled only a few. Once a day the cache is written again, to include functions that other starts
// needed.
// Threads leave it to their process, because V8 refuses code that was compiled with other flags.
const isOther = more.some((argument) => ["--help", "-h", "--thread"].includes(argument));
if (cache && !isOther && (!cachedData || script.cachedDataRejected || Date.now() - lastRead > DAY_MS))
  process.once("exit", (code) => {
    if (code === 0 || (SERVERS.includes(word) && INTERRUPTED.includes(code)))
      keep(cache, isFirst ? "" : script.createCachedData());
  });
const loaded = { exports: {} };
/** The bundle requires Node's modules about 60 times, and each call of `require` takes 3 µs. */
const modules = new Map();
function requireOnce(name) {
  let found = modules.get(name);
  if (found === undefined) modules.set(name, (found = require(name)));
  return found;
}
script.runInThisContext()(requireOnce, loaded, loaded.exports, file, dist, prefix);
