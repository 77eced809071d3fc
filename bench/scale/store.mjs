// Measures the hot path of the PostgreSQL store beside its floors, in one run: node bench/scale/store.mjs [rounds]
// KNOCK_BENCH_POSTGRES names an empty database. Without it, a server of this machine is started, which waits for the disk.
import { loadavg } from "node:os";
import { compareWithFloor, measureStore } from "./measure-store.mjs";
import { startServer } from "./postgres-server.mjs";

const [rounds = "9"] = process.argv.slice(2);
const given = process.env.KNOCK_BENCH_POSTGRES;
const server = given === undefined ? startServer() : { url: given, folder: "", stop() {} };
try {
  const rows = await measureStore(server, { rounds });
  console.table(rows);
  for (const name of ["trigger", "advance"]) {
    const { rate, cpu } = compareWithFloor(rows, name);
    console.log(
      `${name}: ${rate.toFixed(2)} of the floor's rate, ${cpu?.toFixed(2) ?? "unknown"} of its rate by CPU time`,
    );
  }
  console.log(`load average ${loadavg()[0].toFixed(1)}`);
} finally {
  server.stop();
}
