// Measures every list of the API with every filter, on both stores at two sizes, and fails if one grows although it should not.
// `node bench/growth-routes.mjs [smaller] [larger]` sets the rows of the stores (default: 10000 100000). --save writes
// bench/results/growth-routes.json. PostgreSQL has to be installed.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { bundleMain, POSTGRES_EXTERNALS } from "./bundle-main.mjs";
import { saveResult } from "./save-result.mjs";
import { startServer } from "./scale/postgres-server.mjs";

/** A request that should be flat may take this many times as long, or read as many blocks, at the larger size. */
const MAX_RATIO = 1.5;
/** Smaller differences than these count as flat. The depth of indexes grows, and a page of 50 looks up each row in several. */
const MIN_DIFFERENCE_BLOCKS = 256;
/** SQLite compares the columns of an index one by one, so lists may take so long in the larger store. */
const SQLITE_LIMIT_MS = 10;
const TIME_LIMIT_MS = 900_000;
/** The requests that are known to read more rows in a larger store, with the reason. */
const GROWING = [
  { pattern: /trigger_data=/, reason: "trigger data is compared row by row" },
  {
    stores: ["postgres"],
    pattern: /\/tenants\?name=/,
    reason: "names of tenants are compared one by one",
  },
  {
    stores: ["postgres"],
    pattern: /\/schedules\?.*tenant=/,
    reason: "the schedules of a workflow are read in order",
  },
  {
    stores: ["postgres"],
    pattern: /\/feeds\//,
    reason: "a feed is searched in order, and counted again with filters that its kept counts do not have",
  },
  {
    stores: ["postgres"],
    pattern: /\/users\/{user_id}\/messages\?/,
    reason: "the messages of a user are read in order",
  },
  {
    stores: ["postgres"],
    pattern: /status\[\]=(queued|paused)$/,
    reason: "blocks keep the statuses that their rows once had",
  },
];

const [smaller = 10_000, larger = 100_000] = process.argv
  .slice(2)
  .filter((word) => /^\d+$/.test(word))
  .map(Number);
const folder = mkdtempSync(join(tmpdir(), "knock-growth-routes-"));
const bundle = await bundleMain("growth-routes-main", { external: POSTGRES_EXTERNALS });
const server = startServer();
const round = (value) => Math.round(value * 100) / 100;

async function openLocation(kind, size) {
  if (kind === "sqlite") return join(folder, `store-${size}`);
  const name = `knock_routes_${size}`;
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  return server.url.replace(/\w+$/, name);
}

async function measure(kind, size) {
  const words = [bundle, kind, await openLocation(kind, size), String(size)];
  const options = { encoding: "utf8", timeout: TIME_LIMIT_MS, stdio: ["ignore", "pipe", "inherit"] };
  return JSON.parse(execFileSync(process.execPath, words, options));
}

/** Returns whether a figure is too large: on PostgreSQL the blocks, because its times depend on the load of the machine. */
function isTooLarge(small, large) {
  if (large.blocks === null) return large.ms > SQLITE_LIMIT_MS;
  return large.blocks > small.blocks * MAX_RATIO && large.blocks - small.blocks > MIN_DIFFERENCE_BLOCKS;
}

const rows = [];
try {
  for (const kind of ["sqlite", "postgres"]) {
    const [before, after] = [await measure(kind, smaller), await measure(kind, larger)];
    for (const [request, large] of Object.entries(after)) {
      const small = before[request];
      const grows = isTooLarge(small, large);
      const known = GROWING.find(({ pattern, stores = [kind] }) => stores.includes(kind) && pattern.test(request));
      const values = { small_ms: round(small.ms), large_ms: round(large.ms) };
      if (large.blocks !== null) Object.assign(values, { small_blocks: small.blocks, large_blocks: large.blocks });
      rows.push({ store: kind, request, ...values, grows, reason: known?.reason ?? null });
    }
  }
} finally {
  server.stop();
  rmSync(folder, { recursive: true, force: true });
}

console.table(rows.map(({ reason, ...row }) => ({ ...row, known: reason !== null })));
const failed = rows.filter(({ grows, reason }) => grows && reason === null);
for (const { store, request, small_ms, large_ms, small_blocks = "-", large_blocks = "-" } of failed)
  console.log(`failed: ${store}: ${request}: ${small_ms} → ${large_ms} ms, ${small_blocks} → ${large_blocks} blocks`);
saveResult("growth-routes", { sizes: `${smaller} / ${larger}`, rows });
process.exitCode = failed.length > 0 ? 1 : 0;
