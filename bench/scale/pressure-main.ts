// Measures one part of pressure.mjs in an empty database. Prints its figures as JSON.
import pg from "pg";
import { parseTrigger } from "../../src/domain/trigger/parse-trigger.js";
import type { Connection } from "../../src/store/postgres/connection/connection.js";
import { openPostgresStore } from "../../src/store/postgres/open-postgres-store.js";
import { createBenchEngine } from "../bench-engine.js";
import { readServerCpu } from "./server-figures.js";
import { WORKFLOWS } from "./worker-project.js";

const [location, part, sizeText] = process.argv.slice(2) as [string, string, string];
const size = Number(sizeText);
const serverFolder = process.argv[5] ?? "";
const KEY = "pressure";
const RUNS_PER_TRIGGER = 1_000;

const store = await openPostgresStore(location);
const { db } = store as unknown as { db: Connection };
/** The workflows of the worker bench, and one whose runs wait for an event. */
const engine = createBenchEngine(store, {
  ...WORKFLOWS,
  wait: [
    {
      ref: "wait_1",
      type: "wait_for_event",
      settings: {
        event: { event_type: "recipient", event_key: "updated" },
        expires_after: { unit: "hours", value: 1 },
      },
    },
  ],
});
const server = new pg.Client({ ...db.pool.options, statement_timeout: 0 });
await server.connect();
await server.query("SET statement_timeout = 0");

const readWal = async (): Promise<number> =>
  Number((await server.query("SELECT pg_current_wal_lsn() - '0/0' AS bytes")).rows[0].bytes);

async function identify(count: number): Promise<void> {
  await server.query(
    `INSERT INTO recipients (key, properties, inserted_at, updated_at)
     SELECT '$users/user-' || n, '{"name":"User ' || n || '"}', 0, 0 FROM generate_series(0, $1::int - 1) AS n`,
    [count],
  );
}

async function trigger(workflow: string, recipients: unknown[], rest: object = {}): Promise<void> {
  const data = { page: "Home", at: new Date(Date.now() + 86_400_000).toISOString() };
  const { trigger } = parseTrigger({ recipients, data, ...rest }, workflow);
  await engine.triggerWorkflow(trigger, { idempotency_key: null });
}

const users = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `user-${from + index}`);

/** Cancels waiting runs of one cancellation key. */
async function measureCancel(workflow: string): Promise<object> {
  await identify(size);
  for (let start = 0; start < size; start += RUNS_PER_TRIGGER)
    await trigger(workflow, users(start, RUNS_PER_TRIGGER), { cancellation_key: KEY });
  await server.query("VACUUM (ANALYZE)");
  const serverUs = readServerCpu(serverFolder);
  const [start, cpu, wal] = [performance.now(), process.cpuUsage(), await readWal()];
  const outcome = await engine.cancelWorkflow({ workflow, cancellation_key: KEY, recipients: null });
  const ms = Math.round(performance.now() - start);
  const serverCpu = readServerCpu(serverFolder) - serverUs;
  const { user, system } = process.cpuUsage(cpu);
  return {
    runs: size,
    canceled: outcome.recipients?.filter((one) => one.outcome === "cancelled").length,
    ms,
    server_cpu_ms: Math.round(serverCpu / 1_000),
    client_cpu_ms: Math.round((user + system) / 1_000),
    wal_mb: Math.round(((await readWal()) - wal) / 2 ** 20),
    peak_memory_mb: Math.round(process.resourceUsage().maxRSS / 1_024),
  };
}

/** Fans a trigger out to subscribers that were never identified. */
async function measureSubscribers(): Promise<object> {
  await server.query(
    `INSERT INTO subscriptions (object, recipient, properties, inserted_at, updated_at)
     SELECT 'projects/p', '$users/stranger-' || n, '{}', 0, 0 FROM generate_series(1, $1::int) AS n`,
    [size],
  );
  await server.query("VACUUM (ANALYZE)");
  await server.query("CHECKPOINT");
  const [start, wal] = [performance.now(), await readWal()];
  await trigger("later", [{ collection: "projects", id: "p" }]);
  while ((await server.query("SELECT 1 FROM workflow_runs WHERE fan_out IS NOT NULL")).rowCount !== 0)
    await engine.runDue({});
  const id = (await server.query("SELECT id FROM workflow_runs")).rows[0].id;
  const found = (await store.readWorkflowRun(id))?.unidentified.length;
  return {
    subscribers: size,
    unidentified: found,
    ms: Math.round(performance.now() - start),
    wal_mb: Number((((await readWal()) - wal) / 2 ** 20).toFixed(1)),
  };
}

const PARTS: Record<string, () => Promise<object>> = {
  "cancel-delay": () => measureCancel("later"),
  "cancel-wait": () => measureCancel("wait"),
  "cancel-batch": () => measureCancel("digest"),
  subscribers: measureSubscribers,
};
try {
  console.log(JSON.stringify(await (PARTS[part] as () => Promise<object>)()));
} finally {
  await server.end();
  await store.close();
}
