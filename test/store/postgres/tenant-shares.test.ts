import { afterEach, beforeEach, expect, it } from "vitest";
import type { RunDueTask } from "../../../src/ports/due-work.js";
import type { Connection } from "../../../src/store/postgres/connection/connection.js";
import { PostgresDueWork } from "../../../src/store/postgres/due-work/postgres-due-work.js";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { SILENT_OBSERVER } from "../../helpers/due-work-samples.js";
import { eventually } from "../../helpers/eventually.js";
import { describeOnPostgres, dropDatabase, withClient } from "../../helpers/postgres-server.js";
import { inProcessTest } from "../../helpers/run-in-process.js";
import { createStoreDatabase } from "../../helpers/store-database.js";

/** A worker looks for tenants with less than their share after this many chunks. */
const CHUNKS_PER_LOOK = 16;
const FLOOD = 120;
const ROWS_PER_CHUNK = 1_000;

interface Chunks {
  tenant: string | null;
  /** The first of the chunks that the test numbers. */
  first: number;
  count: number;
  recipients: number;
}

describeOnPostgres("tenants that share workers", () => {
  let location: string;
  let db: Connection;
  let dueWork: PostgresDueWork | undefined;
  /** The numbers of the chunks in the order in which they ran. */
  let order: number[];
  /** Called when this many chunks have run. */
  let events: Map<number, () => Promise<void>>;

  beforeEach(async () => {
    location = await createStoreDatabase();
    ({ db } = (await openPostgresStore(location)) as unknown as { db: Connection });
    order = [];
    events = new Map();
  });

  afterEach(async () => {
    await dueWork?.stop();
    dueWork = undefined;
    await db.close();
    await dropDatabase(location);
  });

  const runTask: RunDueTask = async ({ scope: { rows } }) => {
    if (rows !== undefined) {
      order.push(rows.from / ROWS_PER_CHUNK);
      await events.get(order.length)?.();
    }
    return { runs: {}, refused: 0, deliveries: 0, failedDeliveries: 0 };
  };

  /** Starts the only worker, with one job at a time. */
  async function start(): Promise<void> {
    dueWork = await PostgresDueWork.start(db, {
      concurrency: 1,
      runTask,
      observer: SILENT_OBSERVER,
    });
  }

  /** Adds chunks of triggers that are due, one in each transaction and time. */
  async function add({ tenant, first, count, recipients }: Chunks): Promise<void> {
    for (let chunk = first; chunk < first + count; chunk++) {
      const rows = { from: chunk * ROWS_PER_CHUNK, to: chunk * ROWS_PER_CHUNK + recipients };
      await db.write(async (tx) => tx.wake({ kind: "runs", dueAt: chunk, rows, size: recipients, tenant }));
    }
  }

  const waitFor = (count: number) => eventually(() => order.length === count);

  it("do not delay another's small trigger by more than the chunks between two looks", async () => {
    await add({ tenant: "loud", first: 0, count: FLOOD, recipients: 20 });
    events.set(10, () => add({ tenant: "calm", first: FLOOD, count: 1, recipients: 20 }));
    await start();
    await waitFor(FLOOD + 1);
    expect(order.indexOf(FLOOD) - 10).toBeLessThanOrEqual(CHUNKS_PER_LOOK);
  });

  it("do not delay another's large trigger with a flood of small ones, nor wait until it is done", async () => {
    const large = 40;
    await add({ tenant: "loud", first: 0, count: FLOOD, recipients: 20 });
    events.set(10, () => add({ tenant: "calm", first: FLOOD, count: large, recipients: 400 }));
    await start();
    await waitFor(FLOOD + large);
    const [first, last] = [order.indexOf(FLOOD), order.indexOf(FLOOD + large - 1)];
    expect(first - 10).toBeLessThanOrEqual(CHUNKS_PER_LOOK);
    expect(last).toBeLessThan(FLOOD);
    const loudBetween = order.slice(first, last).filter((chunk) => chunk < FLOOD);
    expect(loudBetween.length).toBeGreaterThanOrEqual(large / 2);
  });

  it("keep the order of a single tenant, small triggers first", async () => {
    await add({ tenant: null, first: 0, count: 20, recipients: 400 });
    await add({ tenant: null, first: 20, count: 2, recipients: 20 });
    await start();
    await waitFor(22);
    expect(order).toEqual([20, 21, ...Array.from({ length: 20 }, (_, index) => index)]);
  });

  inProcessTest("are named by the jobs of their triggers", async ({ collab }) => {
    collab.write("knock/workflows/later/workflow.json", {
      name: "Later",
      steps: [
        { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "hours", value: 1 } } },
        { ref: "feed_1", type: "channel", channel_key: "in-app-feed", template: { markdown_body: "Hi" } },
      ],
    });
    const args = ["notify", "later", "-r", "ada", "alan", "--tenant", "loud", "--store", location];
    const { exitCode, stderr } = await collab.knock(args);
    expect([exitCode, stderr]).toEqual([0, ""]);
    const { rows } = await withClient(location, (client) =>
      client.query("SELECT payload::json ->> 'tenant' AS tenant FROM delayed_jobs"),
    );
    expect(rows).toEqual([{ tenant: "loud" }]);
  });
});
