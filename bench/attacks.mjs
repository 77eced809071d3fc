// Bundles attacks-main.ts and runs it for each Liquid filter, in a process of its own with a heap of 512 MB. Prints the peak memory of
// templates that use the filter to need as much as possible. `node bench/attacks.mjs [filters]`; --save writes bench/results/attacks.json.
import { execFileSync } from "node:child_process";
import { bundleMain } from "./bundle-main.mjs";
import { saveResult } from "./save-result.mjs";

const HEAP_MB = 512;
const bundle = await bundleMain("attacks-main", { packages: "external" });
const run = (...args) =>
  JSON.parse(String(execFileSync(process.execPath, [`--max-old-space-size=${HEAP_MB}`, bundle, ...args])));

const chosen = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const rows = [];
for (const filter of chosen.length > 0 ? chosen : run()) {
  rows.push(run(filter));
  console.log(JSON.stringify(rows.at(-1)));
}
rows.sort((one, other) => other.peak_mb - one.peak_mb);
console.table(rows.slice(0, 10));
saveResult("attacks", { heap_mb: HEAP_MB, rows });
