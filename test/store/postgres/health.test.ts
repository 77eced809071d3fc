import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { RunDueTask } from "../../../src/ports/due-work.js";
import type { Connection } from "../../../src/store/postgres/connection/connection.js";
import { PostgresDueWork } from "../../../src/store/postgres/due-work/postgres-due-work.js";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import type { PostgresStore } from "../../../src/store/postgres/postgres-store.js";
import { createOutageSetup, OUTAGES, type OutageSetup, removeOutageSetup } from "../../helpers/database-outages.js";
import { NO_RESULT, SILENT_OBSERVER } from "../../helpers/due-work-samples.js";
import { eventually } from "../../helpers/eventually.js";
import { describeOnPostgres, PostgresServer } from "../../helpers/postgres-server.js";

describeOnPostgres("the health of a worker", () => {
  let setup: OutageSetup;
  let store: PostgresStore;
  let worker: PostgresDueWork | undefined;

  beforeAll(async () => {
    setup = await createOutageSetup((settings) => PostgresServer.start({ settings }));
    await (await openPostgresStore(setup.location)).close();
  });
  afterAll(() => setup && removeOutageSetup(setup));

  async function start(runTask: RunDueTask = async () => NO_RESULT): Promise<PostgresDueWork> {
    store = (await openPostgresStore(setup.location, { maxConnections: 4 })) as unknown as PostgresStore;
    worker = await PostgresDueWork.start(store.db, { concurrency: 4, runTask, observer: SILENT_OBSERVER });
    return worker;
  }

  /** Opens all connections of the pool, as a busy worker does. They outlive a changed password. */
  const takeConnections = () => Promise.all([1, 2, 3, 4].map(() => store.db.pool.connect()));

  afterEach(async () => {
    await worker?.stop(0);
    worker = undefined;
    await store.close();
  });

  const wakeRuns = ({ db }: { db: Connection }) =>
    db.write(async (tx) => tx.wake({ kind: "runs", dueAt: 1, rows: { from: 1, to: 1 }, size: 1 }));

  it.for(OUTAGES)("is bad during $name, and good again afterwards", async (outage, { skip }) => {
    if (outage.needsDisk && setup.disk === null) skip();
    const running = await start();
    for (const client of await takeConnections()) client.release();
    expect(await running.findProblem()).toBeNull();
    await outage.begin(setup);
    try {
      await eventually(async () => (await running.findProblem()) !== null);
      expect(await running.findProblem()).toContain(`/${setup.database}`);
    } finally {
      await outage.end(setup);
    }
    await eventually(async () => (await running.findProblem()) === null);
  });

  it("is bad after a failed job, until one of its kind succeeds", async () => {
    let isBroken = true;
    const running = await start(async () => {
      if (isBroken) throw new Error("the job is broken");
      return NO_RESULT;
    });
    await wakeRuns(store);
    await eventually(async () => (await running.findProblem()) === "the last advance job failed: the job is broken");
    isBroken = false;
    await wakeRuns(store);
    await eventually(async () => (await running.findProblem()) === null);
  });

  it("is bad after a job of runs that all failed only if many runs fail with the error", async () => {
    const failure = { recipient_run_id: "r", workflow: "w", tenant: null, error: "the run is broken", hasEnded: false };
    let isCommon = false;
    let jobs = 0;
    const running = await start(async () => {
      jobs++;
      return { ...NO_RESULT, failures: [{ ...failure, isCommon }] };
    });
    await wakeRuns(store);
    await eventually(() => jobs > 0);
    expect(await running.findProblem()).toBeNull();
    isCommon = true;
    await wakeRuns(store);
    await eventually(async () => (await running.findProblem()) === "the last advance job failed: the run is broken");
  });

  it("is bad while all connections of the pool are stuck", async () => {
    const running = await start();
    const clients = await takeConnections();
    expect(await running.findProblem()).toContain("did not commit a write within 2 s");
    for (const client of clients) client.release();
    await eventually(async () => (await running.findProblem()) === null);
  });
});
