// Bundles and runs throughput-main.ts, several times, and prints medians. --save writes bench/results/throughput.json.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleMain, STORE_EXTERNALS } from "./bundle-main.mjs";
import { saveResult } from "./save-result.mjs";

const numbers = process.argv
  .slice(2)
  .filter((word) => /^\d+$/.test(word))
  .map(Number);
const [size = 20_000, repeats = 3] = numbers;
const cases = process.argv.find((word) => /^[abcm]+$/.test(word)) ?? "abc";
const bundle = await bundleMain("throughput-main", { external: STORE_EXTERNALS });

const folder = mkdtempSync(join(tmpdir(), "knock-throughput-"));
const results = [];
try {
  for (let i = 0; i < repeats; i++)
    results.push(
      JSON.parse(String(execFileSync(process.execPath, [bundle, folder, String(size), cases], { maxBuffer: 1 << 26 }))),
    );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const rows = results[0].rates.map((first, index) => ({
  case: first.case,
  recipient_runs: first.recipient_runs,
  per_second: median(results.map(({ rates }) => rates[index].per_second)),
  floor_per_second: median(results.map(({ rates }) => rates[index].floor_per_second)),
  of_floor: median(results.map(({ rates }) => rates[index].of_floor)),
  cpu_us: median(results.map(({ rates }) => rates[index].cpu_us)),
  floor_cpu_us: median(results.map(({ rates }) => rates[index].floor_cpu_us)),
}));
console.table(rows);
const peak = median(results.map(({ peak_rss_mb }) => peak_rss_mb));
console.log(`peak memory ${peak} MB`);
saveResult("throughput", { size, repeats, rows, peak_rss_mb: peak });
