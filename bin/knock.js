#!/usr/bin/env node
// Starts the bundled command with V8's code cache, which saves compiling it: 15 to 20 ms of a 60 ms start on Node 20, which
// has no cache of its own. There is one per build, Node version, processor and command in the user's cache folder, where
// nobody else can write. It is all in this file, because each further one costs half a millisecond.
"use strict";
const { closeSync, fstatSync, openSync, readSync, writeSync } = require("node:fs");
const { join } = require("node:path");
const { Script } = require("node:vm");
const [, , word, ...more] = process.argv;
if ((word === "--version" || word === "-V") && more.length === 0) {
  // Not process.stdout, which loads streams: 3 ms.
  writeSync(1, `${require("../package.json").version}\n`);
  process.exit();
}
const COMMANDS = ["notify", "trigger", "cancel", "runs", "messages", "clock", "worker"];
const DAY_MS = 86_400_000;
const MAX_AGE_MS = 30 * DAY_MS;
const dist = join(__dirname, "..", "dist");
const file = join(dist, word === "notify" || word === "trigger" ? "main-notify.cjs" : "main.cjs");

/** The beginning of the path of each file that a build keeps, or null if it keeps none. */
function cachePrefix(build) {
  const { env, platform, version, arch } = process;
  if (env.NODE_DISABLE_COMPILE_CACHE || env.NODE_V8_COVERAGE) return null;
  const base = platform === "win32" ? env.LOCALAPPDATA : env.XDG_CACHE_HOME || (env.HOME && join(env.HOME, ".cache"));
  return base ? join(base, "knock-cli", `${build}-${version}-${arch}`) : null;
}

/** Written aside and renamed, so that another process never reads half of it. What fails here costs only speed. */
function keep(cache, data) {
  const { mkdirSync, readdirSync, renameSync, statSync, unlinkSync, writeFileSync } = require("node:fs");
  try {
    mkdirSync(join(cache, ".."), { recursive: true, mode: 0o700 });
    const aside = `${cache}.${process.pid}`;
    writeFileSync(aside, data, { mode: 0o600 });
    renameSync(aside, cache);
    // Builds come and go; what nobody has written for a month is of one that is gone, and is soon made again if not.
    const folder = join(cache, "..");
    for (const name of readdirSync(folder)) {
      if (Date.now() - statSync(join(folder, name)).mtimeMs > MAX_AGE_MS) unlinkSync(join(folder, name));
    }
  } catch {}
}

/** Both files go through one buffer: fresh memory for each costs more than reading it. */
let buffer = Buffer.allocUnsafeSlow(1 << 20);
let lastRead;

function read(path) {
  const descriptor = openSync(path);
  try {
    const { size, mtimeMs } = fstatSync(descriptor);
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
// The build's own hash stands first, in a comment: the cache of one build must never serve another.
const prefix = cachePrefix(source.slice(2, 18));
// One per command: each needs other functions compiled, and reading those of all would cost again.
const cache = prefix && `${prefix}-${COMMANDS.includes(word) ? word : "other"}.bin`;
let cachedData;
try {
  if (cache) cachedData = read(cache);
} catch {}
// The first start leaves an empty file, and the second fills it: the first also makes the store and checks every document, and
// reading the code of that costs later starts 1.4%.
const isFirst = cachedData === undefined;
if (cachedData?.length === 0) cachedData = undefined;
const script = new Script(source, { filename: file, cachedData });
// At the end, when the functions this start needed have been compiled; of one that failed or showed help they are few. Once
// a day it is made anew, with what other starts needed besides.
const helps = more.some((one) => one === "--help" || one === "-h");
if (cache && !helps && (!cachedData || script.cachedDataRejected || Date.now() - lastRead > DAY_MS))
  process.once("exit", (code) => code === 0 && keep(cache, isFirst ? "" : script.createCachedData()));
const loaded = { exports: {} };
script.runInThisContext()(require, loaded, loaded.exports, file, dist, prefix);
