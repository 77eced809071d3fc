// Measures what grows with the number of rows on PostgreSQL: canceling runs, and a fan-out to subscribers that were never identified.
// `node bench/scale/pressure.mjs [parts]`: cancel-delay, cancel-wait, cancel-batch, subscribers (default: all), each with a size, such as
// cancel-delay=20000. KNOCK_BENCH_POSTGRES names a server on which databases may be created. Without it, a server of its own is
// started. --save writes bench/results/scale-pressure.json.
import { execFileSync } from "node:child_process";
import { bundleMain, POSTGRES_EXTERNALS } from "../bundle-main.mjs";
import { saveResult } from "../save-result.mjs";
import { runStatement, startServer } from "./postgres-server.mjs";

const SIZES = {
  "cancel-delay": [100_000],
  "cancel-wait": [100_000],
  "cancel-batch": [100_000],
  subscribers: [20_000, 40_000],
};
const TIME_LIMIT_MS = 900_000;

const words = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const given = words.map((word) => word.split("="));
const parts = given.length === 0 ? Object.keys(SIZES) : given.map(([part]) => part);
const sizes = {
  ...SIZES,
  ...Object.fromEntries(given.filter(([, size]) => size).map(([part, size]) => [part, [size]])),
};

const url = process.env.KNOCK_BENCH_POSTGRES;
const server = url === undefined ? startServer() : { url, folder: "", stop() {} };

const bundle = await bundleMain("scale/pressure-main", { external: POSTGRES_EXTERNALS });

/** Measures a part in a new database. */
async function measure(part, size) {
  const name = `knock_pressure_${process.pid}`;
  const location = new URL(server.url);
  location.pathname = `/${name}`;
  await runStatement(server.url, `CREATE DATABASE ${name}`);
  try {
    const options = { encoding: "utf8", timeout: TIME_LIMIT_MS, stdio: ["ignore", "pipe", "inherit"] };
    const args = [bundle, location.href, part, String(size), server.folder];
    return { part, ...JSON.parse(execFileSync(process.execPath, args, options)) };
  } finally {
    await runStatement(server.url, `DROP DATABASE ${name} WITH (FORCE)`);
  }
}

try {
  const figures = [];
  for (const part of parts) for (const size of sizes[part]) figures.push(await measure(part, size));
  console.table(figures);
  saveResult("scale-pressure", { figures });
} finally {
  server.stop();
}
