import { afterEach, beforeEach, expect, it } from "vitest";
import { describeError } from "../../../src/features/worker/log-error.js";
import type { DueWorkObserver } from "../../../src/ports/due-work.js";
import type { Store } from "../../../src/ports/store.js";
import type { Connection } from "../../../src/store/postgres/connection/connection.js";
import { PostgresDueWork } from "../../../src/store/postgres/due-work/postgres-due-work.js";
import { migratePostgresStore, openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { insertSample } from "../../contract/store/sample-runs.js";
import { NO_RESULT, SILENT_OBSERVER } from "../../helpers/due-work-samples.js";
import { eventually } from "../../helpers/eventually.js";
import { describeOnPostgres, dropDatabase, ROLE_WITH_PASSWORD, withClient } from "../../helpers/postgres-server.js";
import { createStoreDatabase } from "../../helpers/store-database.js";

const INTERVAL_MS = 20;

describeOnPostgres("partitions of workers", () => {
  const opened: { stop(): Promise<void> }[] = [];
  let location: string;
  let passes = 0;
  let errors: string[] = [];

  beforeEach(async () => {
    location = await createStoreDatabase();
    passes = 0;
    errors = [];
  });
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.stop();
    await dropDatabase(location);
  });

  const run = async <Row>(sql: string): Promise<Row[]> =>
    (await withClient(location, (client) => client.query(sql))).rows as Row[];
  const readNumbers = async (condition = "true"): Promise<number[]> =>
    (await run<{ number: number }>(`SELECT number FROM partitions WHERE ${condition} ORDER BY number`)).map(
      ({ number }) => number,
    );

  /** Updates the tables as the role that owns them. Repeated while a worker keeps a table from being divided. */
  const migrateUntil = (isPrepared: () => Promise<boolean>) =>
    eventually(async () => {
      await migratePostgresStore(location);
      return isPrepared();
    });

  async function startWorker(url: string): Promise<Store> {
    const store = await openPostgresStore(url);
    opened.push({ stop: () => store.close() });
    const observer: DueWorkObserver = {
      ...SILENT_OBSERVER,
      onError: (error) => errors.push(describeError(error)),
    };
    const worker = await PostgresDueWork.start((store as unknown as { db: Connection }).db, {
      concurrency: 1,
      observer,
      growthIntervalMs: INTERVAL_MS,
      runTask: async () => {
        passes++;
        return NO_RESULT;
      },
    });
    opened.push({ stop: () => worker.stop(0) });
    return store;
  }

  it("are prepared and begun by two workers at a time", async () => {
    const [store] = [await startWorker(location), await startWorker(location)];
    await eventually(async () => (await readNumbers()).length === 2);
    await run("UPDATE partitions SET began_at = 0 WHERE number = 1");
    await eventually(async () => (await readNumbers()).length === 3);
    expect(await readNumbers("began_at IS NOT NULL")).toEqual([1, 2]);
    await insertSample(store, { recipients: ["ana"] });
    expect(await run("SELECT tableoid::regclass::text AS name FROM recipient_runs")).toEqual([
      { name: "recipient_runs_2" },
    ]);
    expect(errors).toEqual([]);
  });

  it("are reported once by a worker that may not create them, and its other work continues", async () => {
    const { name, password } = ROLE_WITH_PASSWORD;
    await (await openPostgresStore(location)).close();
    await run("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    for (const schema of ["public", "graphile_worker"])
      await run(`GRANT USAGE ON SCHEMA ${schema} TO ${name};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${name};
        GRANT SELECT, USAGE ON ALL SEQUENCES IN SCHEMA ${schema} TO ${name};
        GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${schema} TO ${name}`);
    const url = new URL(location);
    [url.username, url.password] = [name, encodeURIComponent(password)];
    const store = await startWorker(url.href);
    await eventually(() => errors.length > 0);
    // The first pass has recorded when the first partition began.
    expect(await readNumbers("began_at IS NOT NULL")).toEqual([1]);
    await migrateUntil(async () => (await readNumbers()).length === 2);
    expect(await readNumbers()).toEqual([1, 2]);

    await run("UPDATE partitions SET began_at = 0 WHERE number = 1");
    await insertSample(store, { recipients: ["ana"], message: { status: "queued", due_at: 1 } });
    await eventually(() => passes > 0);
    // Without the right to set sequences, the month does not begin: a partition that has begun gets no more rows.
    expect(await readNumbers("began_at IS NOT NULL")).toEqual([1]);
    await migrateUntil(async () => (await readNumbers()).length === 3);
    expect(await readNumbers("began_at IS NOT NULL")).toEqual([1, 2]);
    await insertSample(store, { recipients: ["bo"] });
    expect(await run("SELECT tableoid::regclass::text AS name FROM recipient_runs ORDER BY row")).toEqual([
      { name: "recipient_runs_1" },
      { name: "recipient_runs_2" },
    ]);
    expect(errors).toEqual([expect.stringContaining("cannot prepare the partition of the next month")]);
    expect(errors[0]).toContain("knock store migrate");
  });
});
