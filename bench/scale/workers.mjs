// Measures `knock worker` on PostgreSQL beside its floors, in one run, with a server of its own that waits for the disk. Needs
// `npm run build`. `node bench/scale/workers.mjs [runs] [rounds]`: the recipient runs of each measured rate (default: 20000), and the
// rounds, whose order alternates (default: 5). --only=rates,trigger,backlog,latency,later,death,batches selects parts. --save writes
// bench/results/scale-workers.json. Takes about ten minutes, and at most twenty.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { bundleMain, POSTGRES_EXTERNALS } from "../bundle-main.mjs";
import { compareWithFloor, measureStore } from "./measure-store.mjs";
import { startServer } from "./postgres-server.mjs";

const MAX_MS = 1_200_000;
const MIN_TRIGGER_RATIO = 0.5;
const STORE_ROUNDS = 9;
/** Commit times say when a message was stored. No checkpoint happens during a run, whose full pages would be counted by chance. */
const SETTINGS = ["track_commit_timestamp=on", "max_connections=200", "checkpoint_timeout=1h", "max_wal_size=16GB"];

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const words = process.argv.slice(2);
const [runs = 20_000, rounds = 5] = words.filter((word) => /^\d+$/.test(word)).map(Number);
const only = words.find((word) => word.startsWith("--only="))?.slice("--only=".length);
const parts = (only ?? "rates,trigger,backlog,latency,later,death,batches").split(",");

const bundle = (name) => bundleMain(`scale/${name}`, { external: POSTGRES_EXTERNALS });

async function createDatabase(server, name) {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return url.href;
}

/** Runs workers-main.ts in a process of its own, and returns what it prints. */
async function runMain(options) {
  const child = spawn(process.execPath, [await bundle("workers-main"), JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: MAX_MS,
  });
  let output = "";
  child.stdout.on("data", (data) => {
    output += data;
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`workers-main ended with ${code}`);
  return JSON.parse(output);
}

/** Compares a trigger of 1,000 with COPY of the same rows. */
async function measureTrigger(server) {
  const rows = await measureStore(server, { rounds: STORE_ROUNDS, prefix: "trigger" });
  const { rate, cpu, own, floor } = compareWithFloor(rows, "trigger");
  return {
    measure: "a trigger of 1,000 relative to COPY of the same rows",
    value: Number(rate.toFixed(2)),
    target: `at least ${MIN_TRIGGER_RATIO}`,
    isMet: rate >= MIN_TRIGGER_RATIO,
    details: `${own.per_second}/s and ${floor.per_second}/s; by CPU time ${cpu?.toFixed(2)}`,
    load: Number(loadavg()[0].toFixed(1)),
  };
}

const server = startServer({ settings: SETTINGS });
const projectFolder = mkdtempSync(join(tmpdir(), "knock-bench-workers-"));
try {
  const trigger = parts.includes("trigger") ? [await measureTrigger(server)] : [];
  const { isQuiet, rates, measures } = await runMain({
    location: await createDatabase(server, "workers"),
    serverFolder: server.folder,
    projectFolder,
    command: join(root, "bin/knock.js"),
    floorWorker: await bundle("floor-worker"),
    batchClient: await bundle("batch-client"),
    ...{ runs, rounds, parts },
  });
  const all = [...measures, ...trigger];
  if (rates.length > 0) console.table(rates);
  console.table(all.map(({ isMet, details: _, ...one }) => ({ ...one, result: isMet ? "met" : "missed" })));
  for (const { measure, details } of all) console.log(`${measure}: ${details}`);
  if (words.includes("--save")) {
    const result = {
      date: new Date().toISOString().slice(0, 10),
      node: process.version,
      machine: `${cpus().length} × ${cpus()[0]?.model}`,
      ...{ isQuiet, runs, rounds, rates },
      measures: all,
    };
    mkdirSync(join(root, "bench/results"), { recursive: true });
    writeFileSync(join(root, "bench/results/scale-workers.json"), `${JSON.stringify(result, null, 2)}\n`);
  }
  process.exitCode = all.every(({ isMet }) => isMet) ? 0 : 1;
} finally {
  server.stop();
  rmSync(projectFolder, { recursive: true, force: true });
}
