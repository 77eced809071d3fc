// Runs the test suite on several Node versions, from npm's package `node`, and writes the results with the machine and date.
// Names of versions, such as 22 or 24.15.0, replace the default ones. --save writes bench/results/platforms.json.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { arch, cpus, platform, release, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

const ROOT = join(import.meta.dirname, "..");
const RESULTS = join(ROOT, "bench/results/platforms.json");
const VERSIONS = ["20", "22", "24", "26"];
const MAX_MINUTES = 20;

const { values: flags, positionals } = parseArgs({
  options: { save: { type: "boolean" } },
  allowPositionals: true,
});

const folder = mkdtempSync(join(tmpdir(), "knock-platforms-"));
// Some tests run commands as another user.
chmodSync(folder, 0o755);
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

/** Installs a Node version. Returns the path of its program. */
function installNode(version) {
  const prefix = join(folder, version);
  const options = ["install", "--prefix", prefix, "--no-audit", "--no-fund", `node@${version}`];
  execFileSync("npm", options, { stdio: "ignore", timeout: 300_000 });
  return join(prefix, "node_modules/node/bin/node");
}

/** Runs the suite. Returns its numbers, and the names of the tests that failed. */
function runSuite(program) {
  const report = join(folder, "report.json");
  const startedAt = Date.now();
  const { status } = spawnSync(
    program,
    ["node_modules/vitest/vitest.mjs", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
    {
      cwd: ROOT,
      stdio: "inherit",
      timeout: MAX_MINUTES * 60_000,
      env: { ...process.env, PATH: `${dirname(program)}:${process.env.PATH}` },
    },
  );
  if (!existsSync(report)) throw new Error(`the suite ended with ${status} before it wrote its report`);
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(report, "utf8"));
  rmSync(report);
  const failed = testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter((test) => test.status === "failed"),
  );
  return {
    passed: numPassedTests,
    failed: numFailedTests,
    skipped: numPendingTests,
    exit_code: status,
    seconds: Math.round((Date.now() - startedAt) / 1000),
    failed_tests: failed.map(({ fullName }) => fullName),
  };
}

const machine = `${cpus().length} × ${cpus()[0]?.model ?? arch()}, ${platform()} ${release()}`;
const date = new Date().toISOString().slice(0, 10);

/** Adds the result of a version to the saved ones of the same major version, so that versions can run one at a time. */
function saveResult(version, result) {
  const saved = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, "utf8")) : {};
  const others = Object.entries(saved).filter(([other]) => other.split(".")[0] !== version.split(".")[0]);
  const all = Object.fromEntries(
    [...others, [version, { date, machine, ...result }]].toSorted(([a], [b]) => a.localeCompare(b)),
  );
  writeFileSync(RESULTS, `${JSON.stringify(all, null, 2)}\n`);
  execFileSync("npx", ["biome", "format", "--write", RESULTS], { cwd: ROOT, stdio: "ignore" });
}

for (const major of positionals.length > 0 ? positionals : VERSIONS) {
  const program = installNode(major);
  const version = execFileSync(program, ["--version"], { encoding: "utf8" }).trim();
  const result = runSuite(program);
  const { passed, failed, skipped, seconds, exit_code } = result;
  console.log(`${version}: ${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds} s`);
  if (flags.save) saveResult(version, result);
  if (failed > 0 || exit_code !== 0) process.exitCode = 1;
}
