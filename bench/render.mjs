// Bundles and runs render-main.ts, several times, and prints medians. --save writes bench/results/render.json.
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleMain } from "./bundle-main.mjs";
import { saveResult } from "./save-result.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const numbers = process.argv
  .slice(2)
  .filter((word) => /^\d+$/.test(word))
  .map(Number);
const [seconds = 2, repeats = 3] = numbers;
const bundle = await bundleMain("render-main", { packages: "external" });

const results = [];
for (let i = 0; i < repeats; i++)
  results.push(JSON.parse(String(execFileSync(process.execPath, [bundle, root, String(seconds)]))));
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const rows = results[0].map(({ case: name }, index) => ({
  case: name,
  per_second: median(results.map((rates) => rates[index].per_second)),
}));
console.table(rows);
saveResult("render", { seconds, repeats, rows });
