// Measures how long the command takes to start, as whole processes. Each round runs every command once in random order,
// and compares each time with `node -e 0` of the same round. Prints medians; --save also writes them to bench/results/.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkLimits } from "./limits.mjs";
import { saveResult } from "./save-result.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const rounds = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 41);
const knock = join(root, "bin", "knock.js");
const folder = mkdtempSync(join(tmpdir(), "knock-cold-start-"));

// With this variable set, Node 20 reads a whole certificate bundle at every start, which takes 35 ms that the command
// does not cause.
const env = { ...process.env };
delete env.NODE_EXTRA_CA_CERTS;
// Only the first rounds fill the code cache; an existing cache of the user is not used.
env.XDG_CACHE_HOME = join(folder, "cache");

const inbox = [
  "notify",
  "welcome-inbox",
  "--recipients",
  "grace",
  "--set",
  "page=Home",
  "--project",
  join(root, "bench", "cold-start-project"),
  "--store",
  join(folder, "store.db"),
];
const commands = {
  "node -e 0": ["-e", "0"],
  "knock --version": [knock, "--version"],
  "knock --help": [knock, "--help"],
  "knock notify (1 in-app)": [knock, ...inbox],
};

function time(args) {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, args, { env });
  if (status !== 0) throw new Error(`exit ${status}: ${stderr}`);
  return Number(process.hrtime.bigint() - start) / 1e6;
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const names = Object.keys(commands);
const times = Object.fromEntries(names.map((name) => [name, []]));
// The first runs create the store and the code cache.
for (const name of names) for (let i = 0; i < 2; i++) time(commands[name]);
for (let round = 0; round < rounds; round++) {
  for (const name of [...names].sort(() => Math.random() - 0.5)) times[name].push(time(commands[name]));
}
rmSync(folder, { recursive: true, force: true });

const base = times["node -e 0"];
const rows = names.map((name) => ({
  command: name,
  median_ms: Number(median(times[name]).toFixed(1)),
  times_node: Number(median(times[name].map((value, round) => value / base[round])).toFixed(2)),
}));
console.table(rows);
const getRatio = (name) => rows.find(({ command }) => command === name).times_node;
checkLimits({
  version_times_node: getRatio("knock --version"),
  notify_times_node: getRatio("knock notify (1 in-app)"),
});
saveResult("cold-start", { rounds, rows });
