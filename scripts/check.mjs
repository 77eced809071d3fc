// Runs all checks of the project, as many at once as there are processors, and prints the output of those that fail. They start
// in the order of package.json, the longest first. `node scripts/check.mjs types lint` runs only these.
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { execa } from "execa";

const ROOT = join(import.meta.dirname, "..");
const PREFIX = "check:";
/** Checks that need the network. */
const ONLINE = ["vulnerabilities", "signatures"];
/** A check that hangs is ended. */
const TIMEOUT_MS = 300_000;

const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const all = Object.keys(scripts)
  .filter((name) => name.startsWith(PREFIX))
  .map((name) => name.slice(PREFIX.length));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`no check "${unknown[0]}"; checks: ${all.join(", ")}`);
  process.exit(2);
}
const names = wanted.length > 0 ? wanted : all.filter((name) => !ONLINE.includes(name));

/** Runs a check. Returns whether it passed. */
async function runCheck(name) {
  const start = performance.now();
  const result = await execa("npm", ["run", "--silent", PREFIX + name], {
    cwd: ROOT,
    all: true,
    reject: false,
    stdin: "ignore",
    timeout: TIMEOUT_MS,
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${result.failed ? "✗" : "✓"} ${name} (${seconds} s)`);
  if (result.failed) console.log(`${result.all ?? ""}\n${result.timedOut ? `${name} took too long\n` : ""}`);
  return !result.failed;
}

const failed = [];
const queue = [...names];
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift())
      if (!(await runCheck(name))) failed.push(name);
  }),
);
console.log(failed.length === 0 ? `${names.length} checks passed` : `failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
