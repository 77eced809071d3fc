// A worker of the floors in workers.mjs. Runs jobs of graphile-worker that do nothing, and jobs that only insert copies of the
// runs and messages of a chunk. Arguments: the database, and the condition for the rows to copy.
import { Logger, run } from "graphile-worker";
import pg from "pg";
import type { Connection } from "../../src/store/postgres/connection/connection.js";
import { openPostgresStore } from "../../src/store/postgres/open-postgres-store.js";
import { copyRows, readColumns } from "./copy-rows.js";

const CHUNK = 500;
/** A worker of knock advances as many chunks at a time. */
const CHUNKS_AT_A_TIME = 2;
/** The settings with which graphile-worker ran most empty jobs. */
const EMPTY_JOBS_AT_A_TIME = 24;
const LOCAL_QUEUE = 500;

const [location = "", task = "insert"] = process.argv.slice(2);
const store = await openPostgresStore(location, { maxConnections: CHUNKS_AT_A_TIME });
const { db } = store as unknown as { db: Connection };
const workflowRuns = "SELECT row FROM workflow_runs WHERE workflow = 'later'";
// Copies of a floor have no messages.
const runs = await readColumns(
  db,
  "recipient_runs",
  CHUNK,
  `workflow_run IN (${workflowRuns}) AND row IN (SELECT recipient_run FROM messages)`,
);
const rows = runs.map(({ row }) => row).join(", ");
const messages = await readColumns(db, "messages", CHUNK, `recipient_run IN (${rows})`);

const pool = new pg.Pool({ connectionString: location, max: 5 });
pool.on("error", () => {});
pool.on("connect", (client) => client.on("error", () => {}));
const isEmpty = task === "empty";
const runner = await run({
  pgPool: pool,
  noHandleSignals: true,
  logger: new Logger(() => () => {}),
  pollInterval: 1_000,
  concurrency: isEmpty ? EMPTY_JOBS_AT_A_TIME : CHUNKS_AT_A_TIME,
  ...(isEmpty ? { preset: { worker: { localQueue: { size: LOCAL_QUEUE }, completeJobBatchDelay: 0 } } } : {}),
  taskList: {
    empty: () => {},
    insert: () => copyRows(db, { recipient_runs: runs, messages }),
  },
});
process.once("SIGTERM", async () => {
  await runner.stop();
  await pool.end();
  await store.close();
  process.exit();
});
console.log("ready");
