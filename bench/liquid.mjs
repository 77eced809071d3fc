// Bundles and runs liquid-main.ts, which renders Liquid templates with liquidjs and as compiled JavaScript in one process, and
// prints the microseconds of CPU time. `first_rendering_us` is the additional time of the rendering that compiles the template.
// `node bench/liquid.mjs [rounds]`; --save writes bench/results/liquid.json.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleMain } from "./bundle-main.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [rounds = 9] = process.argv.slice(2).filter((word) => /^\d+$/.test(word));
const bundle = await bundleMain("liquid-main", { packages: "external" });

const load = Number(loadavg()[0].toFixed(1));
const rows = JSON.parse(String(execFileSync(process.execPath, [bundle, root, String(rounds)])));
console.table(rows);
console.log(`node ${process.version}, load average ${load}`);
if (process.argv.includes("--save")) {
  const result = {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    machine: `${cpus().length} × ${cpus()[0]?.model}`,
    load_average: load,
    rounds: Number(rounds),
    rows,
  };
  mkdirSync(join(root, "bench", "results"), { recursive: true });
  writeFileSync(join(root, "bench", "results", "liquid.json"), `${JSON.stringify(result, null, 2)}\n`);
}
