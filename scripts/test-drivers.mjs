// Runs the contract of the store with each SQLite driver that a Node version has: node scripts/test-drivers.mjs [node executable]
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const TIMEOUT_MS = 600_000;
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const node = process.argv[2] ?? process.execPath;
const version = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout?.trim();
if (!version) throw new Error(`${node} cannot be started`);

const folder = mkdtempSync(join(tmpdir(), "knock-drivers-"));
const results = join(folder, "results.json");
try {
  const files = ["sqlite-contract", "group-commit-contract", "connection/driver", "connection/checkpointer"];
  const { status } = spawnSync(
    node,
    [
      "node_modules/vitest/vitest.mjs",
      "run",
      "--maxWorkers=1",
      "--reporter=json",
      `--outputFile=${results}`,
      ...files.map((file) => `test/store/sqlite/${file}.test.ts`),
    ],
    { cwd: root, stdio: ["ignore", "ignore", "inherit"], timeout: TIMEOUT_MS },
  );
  if (!existsSync(results)) throw new Error(`the tests ended with ${status ?? "a timeout"}`);
  const tests = JSON.parse(readFileSync(results, "utf8")).testResults.flatMap((file) => file.assertionResults);
  const counts = new Map();
  for (const { ancestorTitles, status: result, fullName } of tests) {
    const [, driver = "both"] = /, (\w+) driver store$/.exec(ancestorTitles[0]) ?? [];
    const count = counts.get(driver) ?? { passed: 0, failed: 0, skipped: 0 };
    count[result === "passed" || result === "failed" ? result : "skipped"]++;
    if (result === "failed") console.error(`failed: ${fullName}`);
    counts.set(driver, count);
  }
  console.log(`Node ${version}`);
  console.table(Object.fromEntries(counts));
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
