// Runs all checks of the project, as many at once as there are processors, and prints the output of those that fail. They start
// in the order of package.json, the longest first. `node scripts/check.mjs types lint` runs only these.
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { execa } from "execa";

const ROOT = join(import.meta.dirname, "..");
const PREFIX = "check:";
/** Checks that need the network. */
const ONLINE = ["vulnerabilities", "signatures", "release"];
/** Ends a check that hangs, even on a machine that is several times slower. */
const TIMEOUT_MS = 1_800_000;

const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const all = Object.keys(scripts)
  .filter((name) => name.startsWith(PREFIX))
  .map((name) => name.slice(PREFIX.length));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`unknown check "${unknown[0]}". Checks: ${all.join(", ")}`);
  process.exit(2);
}
const names = wanted.length > 0 ? wanted : all.filter((name) => !ONLINE.includes(name));

/** The process groups of running checks. npm does not pass signals on to the program that it runs. */
const groups = new Set();
const killGroup = (pid) => {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The check has ended.
  }
};
process.once("exit", () => groups.forEach(killGroup));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/** Runs a check. Returns whether it passed. */
async function runCheck(name) {
  const start = performance.now();
  const running = execa("npm", ["run", "--silent", PREFIX + name], {
    cwd: ROOT,
    all: true,
    reject: false,
    stdin: "ignore",
    detached: true,
  });
  groups.add(running.pid);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(running.pid);
  }, TIMEOUT_MS);
  const { failed, all: output } = await running;
  clearTimeout(timer);
  groups.delete(running.pid);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${failed ? "✗" : "✓"} ${name} (${seconds} s)`);
  if (failed) console.log(`${output ?? ""}\n${timedOut ? `${name} timed out after ${TIMEOUT_MS / 1000} s\n` : ""}`);
  return !failed;
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
