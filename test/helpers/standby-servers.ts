import { execFileSync } from "node:child_process";
import { appendFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PostgresServer } from "./postgres-server.js";

/** Restarts a server in recovery, in which it can only be read. */
export async function restartAsStandby(server: PostgresServer): Promise<void> {
  await server.stop();
  writeFileSync(join(server.folder, "data", "standby.signal"), "");
  await server.resume();
}

/** Makes a server the standby of another one, from which it receives all changes. */
export async function replicate(primary: PostgresServer, standby: PostgresServer): Promise<void> {
  await Promise.all([primary.stop(), standby.stop()]);
  const data = join(standby.folder, "data");
  rmSync(data, { recursive: true });
  execFileSync("cp", ["-a", join(primary.folder, "data"), data]);
  const source = `host=127.0.0.1 port=${primary.port} user=postgres`;
  appendFileSync(join(data, "postgresql.auto.conf"), `primary_conninfo = '${source}'\n`);
  await primary.resume();
  await restartAsStandby(standby);
}
