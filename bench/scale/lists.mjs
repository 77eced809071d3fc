// Measures a page of each list and of a large feed in a PostgreSQL store, at two sizes, and fails if one grows although it should
// not: its time, or the blocks that the database reads for it, which do not depend on the load of the machine.
// `node bench/scale/lists.mjs [url] [smaller] [larger]`: the URL of a server on which databases may be created (default: a server of
// its own), and the messages of the two stores (default: 100000 1000000). --save writes bench/results/scale-lists.json.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleMain, POSTGRES_EXTERNALS } from "../bundle-main.mjs";
import { runStatement, startServer } from "./postgres-server.mjs";

/** A figure that should be flat may be this many times as large at the larger size. */
const MAX_RATIO = 1.5;
/** Smaller differences than this count as flat. */
const MIN_DIFFERENCE_MS = 3;
/** The same for blocks: a page of 50 reads several hundred, and the depth of indexes grows. */
const MIN_DIFFERENCE_BLOCKS = 64;
const TIME_LIMIT_MS = 900_000;

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const words = process.argv.slice(2);
const given = words.find((word) => word.includes("://"));
const server = given === undefined ? startServer() : { url: given, stop() {} };
const [smaller = 100_000, larger = 1_000_000] = words.filter((word) => /^\d+$/.test(word)).map(Number);

const bundle = await bundleMain("scale/lists-main", { external: POSTGRES_EXTERNALS });

/** Fills a new database with `size` messages and measures its lists. */
async function measure(size) {
  const name = `knock_lists_${size}_${process.pid}`;
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  await runStatement(server.url, `CREATE DATABASE ${name}`);
  try {
    const options = { encoding: "utf8", timeout: TIME_LIMIT_MS, stdio: ["ignore", "pipe", "inherit"] };
    return JSON.parse(execFileSync(process.execPath, [bundle, url.href, String(size)], options));
  } finally {
    await runStatement(server.url, `DROP DATABASE ${name} WITH (FORCE)`);
  }
}

const isFlat = (before, after, minDifference) => after <= before * MAX_RATIO || after - before <= minDifference;

try {
  const [before, after] = [await measure(smaller), await measure(larger)];
  const figures = Object.entries(before).map(([figure, { ms, blocks }]) => {
    const later = after[figure];
    return {
      figure,
      [`ms at ${smaller}`]: Number(ms.toFixed(2)),
      [`ms at ${larger}`]: Number(later.ms.toFixed(2)),
      [`blocks at ${smaller}`]: blocks,
      [`blocks at ${larger}`]: later.blocks,
      "time is flat": isFlat(ms, later.ms, MIN_DIFFERENCE_MS),
      "blocks are flat": blocks === null || isFlat(blocks, later.blocks, MIN_DIFFERENCE_BLOCKS),
    };
  });
  console.table(figures);
  const load = loadavg()[0];
  console.log(`load average: ${load.toFixed(1)}`);
  if (words.includes("--save")) {
    mkdirSync(join(root, "bench/results"), { recursive: true });
    const result = { smaller, larger, load, figures };
    writeFileSync(join(root, "bench/results/scale-lists.json"), `${JSON.stringify(result, null, 2)}\n`);
  }
  process.exitCode = figures.every((one) => one["time is flat"] && one["blocks are flat"]) ? 0 : 1;
} finally {
  server.stop();
}
