// Measures `knock validate` of 200 workflows, copies of the sample workflows, as a whole process. Prints the median time and
// the CPU time; --save also writes them to bench/results/. Run `npm run build` first.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { saveResult } from "./save-result.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const WORKFLOWS = 200;
const rounds = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 9);
const folder = mkdtempSync(join(tmpdir(), "knock-validate-"));
const workflows = join(folder, "knock", "workflows");

cpSync(join(root, "fixtures", "collab"), folder, { recursive: true });
const keys = readdirSync(workflows);
for (let index = keys.length; index < WORKFLOWS; index++) {
  const key = keys[index % keys.length];
  cpSync(join(workflows, key), join(workflows, `${key}-${index}`), { recursive: true });
}

/** A module that writes the CPU time of a process to a file at its exit, in milliseconds. */
const meter = join(folder, "meter.cjs");
const meterFile = join(folder, "cpu-time");
writeFileSync(
  meter,
  `process.on("exit", () => { const { user, system } = process.cpuUsage();
    require("node:fs").writeFileSync(${JSON.stringify(meterFile)}, String((user + system) / 1000)); });`,
);

const getMedian = (numbers) => Math.round(numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]);
const env = { ...process.env, XDG_CACHE_HOME: join(folder, "cache") };
const args = ["--require", meter, join(root, "bin", "knock.js"), "validate", "--project", folder, "--json"];
const times = [];
const cpuTimes = [];
let summary;
// The first round fills the cache of code.
for (let round = -1; round < rounds; round++) {
  const start = performance.now();
  const { stdout, status, stderr } = spawnSync(process.execPath, args, { env, encoding: "utf8", maxBuffer: 1 << 26 });
  const time = performance.now() - start;
  if (status !== 0) throw new Error(`knock validate: exit ${status}: ${stderr}`);
  ({ summary } = JSON.parse(stdout));
  if (round < 0) continue;
  times.push(time);
  cpuTimes.push(Number(readFileSync(meterFile, "utf8")));
}
rmSync(folder, { recursive: true, force: true });

const result = {
  workflows: WORKFLOWS,
  files: summary.files,
  rounds,
  median_ms: getMedian(times),
  median_cpu_ms: getMedian(cpuTimes),
};
console.log(result);
saveResult("validate", result);
