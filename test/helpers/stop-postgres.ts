import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** The file in the shared folder that names the test run's PostgreSQL server. */
export const POSTGRES_STATE_FILE = "postgres.json";

/** Stops the PostgreSQL server of the test run, if a test has started it. */
export function stopSharedPostgres(sharedFolder: string): void {
  try {
    const { pid, folder } = JSON.parse(readFileSync(join(sharedFolder, POSTGRES_STATE_FILE), "utf8"));
    process.kill(pid, "SIGQUIT");
    rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
  } catch {}
}
