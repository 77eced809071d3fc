// Measures a page of each list and of a large feed in a PostgreSQL store, at two sizes, and fails if one grows although it should
// not. `node bench/scale/lists.mjs <url> [smaller] [larger]`: the URL of a server on which databases may be created, and the
// messages of the two stores (default: 100000 1000000). --save writes bench/results/scale-lists.json.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { bundleMain, POSTGRES_EXTERNALS } from "../bundle-main.mjs";

/** A figure that should be flat may be this many times as large at the larger size. */
const MAX_RATIO = 1.5;
/** Smaller differences than this count as flat. */
const MIN_DIFFERENCE_MS = 3;
const TIME_LIMIT_MS = 900_000;

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const words = process.argv.slice(2);
const server = words.find((word) => word.includes("://"));
if (server === undefined) throw new Error("give the URL of a PostgreSQL server");
const [smaller = 100_000, larger = 1_000_000] = words.filter((word) => /^\d+$/.test(word)).map(Number);

async function runStatement(sql) {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

const bundle = await bundleMain("scale/lists-main", { external: POSTGRES_EXTERNALS });

/** Fills a new database with `size` messages and measures its lists. */
async function measure(size) {
  const name = `knock_lists_${size}_${process.pid}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  await runStatement(`CREATE DATABASE ${name}`);
  try {
    const options = { encoding: "utf8", timeout: TIME_LIMIT_MS, stdio: ["ignore", "pipe", "inherit"] };
    return JSON.parse(execFileSync(process.execPath, [bundle, url.href, String(size)], options));
  } finally {
    await runStatement(`DROP DATABASE ${name} WITH (FORCE)`);
  }
}

const [before, after] = [await measure(smaller), await measure(larger)];
const figures = Object.entries(before).map(([figure, ms]) => {
  const isFlat = after[figure] <= ms * MAX_RATIO || after[figure] - ms <= MIN_DIFFERENCE_MS;
  return { figure, [smaller]: Number(ms.toFixed(3)), [larger]: Number(after[figure].toFixed(3)), ok: isFlat };
});
console.table(figures);
console.log(`load average: ${loadavg()[0].toFixed(1)}`);
if (words.includes("--save")) {
  mkdirSync(join(root, "bench/results"), { recursive: true });
  const result = { smaller, larger, load: loadavg()[0], figures };
  writeFileSync(join(root, "bench/results/scale-lists.json"), `${JSON.stringify(result, null, 2)}\n`);
}
process.exitCode = figures.every(({ ok }) => ok) ? 0 : 1;
