// Simulates skew: recipients who are notified more often than others, bursts and one trigger of a million, on one database
// and on many. First compares the simulation with measured runs, and fails if one differs by more than a quarter.
// `node bench/scale/skew.mjs [pattern]` runs the scenarios whose name matches. --seed=<number> selects another sequence of random
// numbers. --save writes bench/results/skew.json.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleMain } from "../bundle-main.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const words = process.argv.slice(2);
const seed = Number(words.find((word) => word.startsWith("--seed="))?.slice("--seed=".length) ?? 1);
const pattern = new RegExp(words.find((word) => !word.startsWith("--")) ?? "");
const bundle = await bundleMain("scale/skew-main", {});
const { compareWithMeasuredRuns, listShardSkew, runScenarios } = await import(bundle);

const measured = compareWithMeasuredRuns(seed);
console.table(measured);
const shards = listShardSkew();
console.table(shards);
const scenarios = runScenarios(pattern, seed);
for (const group of new Set(scenarios.map((scenario) => scenario.group)))
  console.table(scenarios.filter((scenario) => scenario.group === group).map(({ group: _, ...figures }) => figures));
if (words.includes("--save")) {
  mkdirSync(join(root, "bench/results"), { recursive: true });
  const result = { seed, measured, shards, scenarios };
  writeFileSync(join(root, "bench/results/skew.json"), `${JSON.stringify(result, null, 2)}\n`);
}
process.exitCode = measured.every(({ ok }) => ok) ? 0 : 1;
