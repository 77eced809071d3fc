// Runs the test suite on several Node versions, from npm's package `node`, and writes the results with the machine and date.
// Names of versions, such as 22 or 24.15.0, replace the default ones. --save writes bench/results/platforms.json.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { arch, cpus, platform, release, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

const ROOT = join(import.meta.dirname, "..");
const VERSIONS = ["20", "22", "24", "26"];
const MAX_MINUTES = 20;

const { values: flags, positionals } = parseArgs({
  options: { save: { type: "boolean" } },
  allowPositionals: true,
});

const folder = mkdtempSync(join(tmpdir(), "knock-platforms-"));
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

const results = {};
for (const version of positionals.length > 0 ? positionals : VERSIONS) {
  const program = installNode(version);
  const exact = execFileSync(program, ["--version"], { encoding: "utf8" }).trim();
  results[exact] = runSuite(program);
}
const machine = `${cpus().length} × ${cpus()[0]?.model ?? arch()}, ${platform()} ${release()}`;
for (const [version, { passed, failed, skipped, seconds }] of Object.entries(results))
  console.log(`${version}: ${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds} s`);
if (flags.save)
  writeFileSync(
    join(ROOT, "bench/results/platforms.json"),
    `${JSON.stringify({ date: new Date().toISOString().slice(0, 10), machine, results }, null, 2)}\n`,
  );
if (Object.values(results).some(({ failed, exit_code }) => failed > 0 || exit_code !== 0)) process.exitCode = 1;
