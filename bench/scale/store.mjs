// Measures the hot path of the PostgreSQL store beside its floors, in one run: node bench/scale/store.mjs [rounds]
// KNOCK_BENCH_POSTGRES names an empty database. Without it, a server of this machine is started, which waits for the disk.
import { execFileSync } from "node:child_process";
import { loadavg } from "node:os";
import { bundleMain, STORE_EXTERNALS } from "../bundle-main.mjs";
import { startServer } from "./postgres-server.mjs";

const MAX_SECONDS = 300;

const [rounds = "9"] = process.argv.slice(2);
const bundle = await bundleMain("scale/store-main", {
  external: [...STORE_EXTERNALS, "pg", "pg-copy-streams", "graphile-worker"],
});
const given = process.env.KNOCK_BENCH_POSTGRES;
const server = given === undefined ? startServer() : { url: given, folder: "", stop() {} };
try {
  const output = execFileSync(process.execPath, [bundle, server.url, server.folder, rounds], {
    timeout: MAX_SECONDS * 1_000,
    maxBuffer: 1 << 20,
  });
  const rows = JSON.parse(String(output));
  console.table(rows);
  for (const name of ["trigger", "advance"]) {
    const [own, floor] = [name, `${name} floor`].map((wanted) => rows.find((row) => row.case === wanted));
    const cpu = (row) => row.client_us + row.server_us;
    const ratio = (own.per_second / floor.per_second).toFixed(2);
    const cpuRatio = cpu(own) > 0 ? (cpu(floor) / cpu(own)).toFixed(2) : "unknown";
    console.log(`${name}: ${ratio} of the floor's rate, ${cpuRatio} of its rate by CPU time`);
  }
  console.log(`load average ${loadavg()[0].toFixed(1)}`);
} finally {
  server.stop();
}
