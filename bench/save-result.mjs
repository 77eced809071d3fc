import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const RESULTS = join(dirname(fileURLToPath(import.meta.url)), "results");
// A high load average at the start shows that other processes were running.
const load = Number(loadavg()[0].toFixed(2));

/** Saves a result in `bench/results` with the date and the machine, if `--save` is given. */
export function saveResult(name, values) {
  if (!process.argv.includes("--save")) return;
  const result = {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    machine: `${cpus().length} × ${cpus()[0]?.model}`,
    load_average: load,
    ...values,
  };
  const file = join(RESULTS, `${name}.json`);
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  const tools = join(dirname(fileURLToPath(import.meta.url)), "..", "scripts", "tools.mjs");
  execFileSync(process.execPath, [tools, "checks", "biome", "format", "--write", file], { stdio: "ignore" });
}
