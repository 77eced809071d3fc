import { expect } from "vitest";
import type { Store } from "../../../src/ports/store.js";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { openSqliteStore } from "../../../src/store/sqlite/open-sqlite-store.js";
import { eventually } from "../../helpers/eventually.js";
import { describeOnPostgres, PostgresServer, withClient } from "../../helpers/postgres-server.js";
import { inProcessTest } from "../../helpers/run-in-process.js";
import type { Sample, StartedCommand } from "../../helpers/run-knock.js";

const WORKERS = 4;
const TRIGGERS = 4;
const RECIPIENTS_PER_TRIGGER = 150;
const RUNS = TRIGGERS * RECIPIENTS_PER_TRIGGER;

/** Defines a workflow whose runs wait twice and send after each wait. */
function writeWorkflow(sample: Sample): void {
  const delay = (ref: string) => ({ ref, type: "delay", settings: { delay_for: { unit: "seconds", value: 1 } } });
  const text = (ref: string) => ({
    ref,
    type: "channel",
    channel_type: "in_app_feed",
    channel_key: "in-app-feed",
    template: { markdown_body: `${ref} for {{ recipient.name }}` },
  });
  sample.write("knock/workflows/waves/workflow.json", {
    name: "Waves",
    steps: [delay("delay_1"), text("first"), delay("delay_2"), text("second")],
  });
}

/** Returns who got what. A lost message is missing, and a doubled one occurs twice. */
async function readDeliveries(store: Store): Promise<string[]> {
  const deliveries: string[] = [];
  for (let after: string | undefined; ; ) {
    const { items, page_info } = await store.listMessages({}, { limit: 50, ...(after === undefined ? {} : { after }) });
    for (const { recipient, step_ref, content } of items)
      deliveries.push(`${recipient} ${step_ref} ${JSON.stringify(content)}`);
    if (page_info.after === null) return deliveries.sort();
    after = page_info.after;
  }
}

async function trigger(sample: Sample, index: number, store: string): Promise<void> {
  const recipients = Array.from({ length: RECIPIENTS_PER_TRIGGER }, (_, number) => ({
    id: `r${index}-${number}`,
    name: `Reader ${index}.${number}`,
  }));
  const file = sample.write(`trigger-${index}.json`, { recipients });
  const { exitCode, stderr } = await sample.knock(["notify", "waves", "--file", file, "--store", store, "--quiet"]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
}

interface Worker {
  command: StartedCommand;
  id: string;
  /** The events of its log so far. */
  events: string[];
}

/** Starts a worker, and returns it once it looks for jobs. */
async function startWorker(sample: Sample, store: string): Promise<Worker> {
  const command = sample.start(["worker", "--concurrency", "4", "--store", store, "--project", sample.dir]);
  const worker: Worker = { command, id: "", events: [] };
  let rest = "";
  command.stdout.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const entry = JSON.parse(line) as { event: string; worker: string };
      worker.id = entry.worker;
      worker.events.push(entry.event);
    }
  });
  await eventually(() => worker.events.includes("started"));
  return worker;
}

/** Resolves to the worker that runs a job, as soon as one does. */
function findBusyWorker(url: string, workers: readonly Worker[]): Promise<Worker> {
  return withClient(url, (client) =>
    eventually(async () => {
      const { rows } = await client.query<{ id: string }>(
        `SELECT id FROM workers WHERE EXISTS
           (SELECT 1 FROM graphile_worker._private_jobs WHERE locked_by = ANY (workers.pool_ids))`,
      );
      return workers.find(({ id }) => rows.some((row) => row.id === id));
    }),
  );
}

function countOpenRuns(url: string): Promise<number> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ count: number }>(
      "SELECT count(*)::integer AS count FROM recipient_runs WHERE status <> 'completed'",
    );
    return rows[0]?.count ?? RUNS;
  });
}

describeOnPostgres("workers that share a database", () => {
  inProcessTest(
    "lose and double nothing while they are killed and stopped and the database restarts",
    async ({ collab }) => {
      writeWorkflow(collab);
      const file = collab.path("reference.db");
      for (let index = 0; index < TRIGGERS; index++) await trigger(collab, index, file);
      await collab.knock(["clock", "advance", "5s", "--store", file, "--quiet"]);
      const reference = await openSqliteStore(file);
      const expected = await readDeliveries(reference);
      await reference.close();
      expect(expected).toHaveLength(2 * RUNS);

      const server = await PostgresServer.start();
      const url = server.getUrl("postgres");
      const workers: Worker[] = [];
      try {
        for (let count = 0; count < WORKERS; count++) workers.push(await startWorker(collab, url));
        for (let index = 0; index < TRIGGERS / 2; index++) await trigger(collab, index, url);
        const killed = await findBusyWorker(url, workers);
        killed.command.kill("SIGKILL");
        const others = workers.filter((worker) => worker !== killed);
        await eventually(() => others.some(({ events }) => events.includes("workers_freed")));

        for (let index = TRIGGERS / 2; index < TRIGGERS; index++) await trigger(collab, index, url);
        const stopped = await findBusyWorker(url, others);
        stopped.command.kill("SIGSTOP");
        await server.stop("fast");
        await server.resume();
        await eventually(async () => (await countOpenRuns(url).catch(() => RUNS)) === 0);
        stopped.command.kill("SIGCONT");

        for (const { command } of others) command.kill("SIGTERM");
        for (const { command } of others) expect((await command).exitCode).toBe(143);
        const store = await openPostgresStore(url);
        expect(await readDeliveries(store)).toEqual(expected);
        await store.close();
      } finally {
        for (const { command } of workers) command.kill("SIGKILL");
        await server.remove();
      }
    },
  );
});
