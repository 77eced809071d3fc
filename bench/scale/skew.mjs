// Measures skew on PostgreSQL: recipients, tenants and workflows of which some are busier than others. Reads how evenly the rows that the
// engine writes are spread over the shards. `node bench/scale/skew.mjs [runs]`: recipient runs of each exponent (default: 40000).
// --save writes bench/results/skew.json, from which `npm run docs` makes
// docs/reference/skew.md. Takes about two minutes.
import { execFileSync } from "node:child_process";
import { bundleMain, POSTGRES_EXTERNALS } from "../bundle-main.mjs";
import { saveResult } from "../save-result.mjs";
import { startServer } from "./postgres-server.mjs";

const TIME_LIMIT_MS = 900_000;
const [runs = "40000"] = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const server = startServer();
try {
  const bundle = await bundleMain("scale/skew-main", { external: POSTGRES_EXTERNALS });
  const options = { encoding: "utf8", timeout: TIME_LIMIT_MS, stdio: ["ignore", "pipe", "inherit"] };
  const result = JSON.parse(execFileSync(process.execPath, [bundle, server.url, runs], options));
  console.table(result.rows);
  saveResult("skew", result);
} finally {
  server.stop();
}
