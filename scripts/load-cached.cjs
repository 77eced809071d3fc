// Starts the bundled command with V8's code cache, which saves compiling it: 15 to 20 ms of a 60 ms start on Node 20, which
// has no cache of its own. There is one per build, Node version, processor and command in the user's cache folder, where
// nobody else can write.
"use strict";
const { join } = require("node:path");
const COMMANDS = ["notify", "cancel", "runs", "messages", "clock", "worker"];
const MAX_AGE_MS = 30 * 86_400_000;
const file = join(__dirname, "main.cjs");

function cacheFile() {
  const { env, platform, version, arch } = process;
  if (env.NODE_DISABLE_COMPILE_CACHE || env.NODE_V8_COVERAGE) return null;
  const base = platform === "win32" ? env.LOCALAPPDATA : env.XDG_CACHE_HOME || (env.HOME && join(env.HOME, ".cache"));
  // One per command: each needs other functions compiled, and reading those of all would cost again.
  const command = COMMANDS.includes(process.argv[2]) ? process.argv[2] : "other";
  return base ? join(base, "knock-cli", `__BUILD_ID__-${version}-${arch}-${command}.bin`) : null;
}

/** Written aside and renamed, so that another process never reads half of it. What fails here costs only speed. */
function keep(cache, script) {
  const { mkdirSync, readdirSync, renameSync, statSync, unlinkSync, writeFileSync } = require("node:fs");
  try {
    mkdirSync(join(cache, ".."), { recursive: true, mode: 0o700 });
    const aside = `${cache}.${process.pid}`;
    writeFileSync(aside, script.createCachedData(), { mode: 0o600 });
    renameSync(aside, cache);
    // Builds come and go; what nobody has written for a month is of one that is gone, and is soon made again if not.
    const folder = join(cache, "..");
    for (const name of readdirSync(folder)) {
      if (Date.now() - statSync(join(folder, name)).mtimeMs > MAX_AGE_MS) unlinkSync(join(folder, name));
    }
  } catch {}
}

const { readFileSync } = require("node:fs");
const { Script } = require("node:vm");
const cache = cacheFile();
let cachedData;
try {
  if (cache) cachedData = readFileSync(cache);
} catch {}
const script = new Script(readFileSync(file, "latin1"), { filename: file, cachedData });
// At the end, when the functions this start needed have been compiled.
if (cache && (!cachedData || script.cachedDataRejected)) process.once("exit", () => keep(cache, script));
const loaded = { exports: {} };
script.runInThisContext()(require, loaded, loaded.exports, file, __dirname);
