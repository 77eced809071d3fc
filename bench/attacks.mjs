// Bundles attacks-main.ts and runs it for each Liquid filter, in a process of its own with a heap of 512 MB. Prints the peak memory of
// templates that use the filter to need as much as possible. `node bench/attacks.mjs [filters]`; --save writes bench/results/attacks.json.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleMain } from "./bundle-main.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
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
if (process.argv.includes("--save")) {
  const result = {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    machine: `${cpus().length} × ${cpus()[0]?.model}`,
    load_average: Number(loadavg()[0].toFixed(1)),
    heap_mb: HEAP_MB,
    rows,
  };
  mkdirSync(join(root, "bench", "results"), { recursive: true });
  writeFileSync(join(root, "bench", "results", "attacks.json"), `${JSON.stringify(result, null, 2)}\n`);
}
