import pg from "pg";
import { afterEach, beforeEach, expect, it } from "vitest";
import { MAX_SMALL_TRIGGER, type RunDueTask } from "../../../src/ports/due-work.js";
import type { Connection } from "../../../src/store/postgres/connection/connection.js";
import { PostgresDueWork } from "../../../src/store/postgres/due-work/postgres-due-work.js";
import { LOCK_SPACE, WorkerRegistry } from "../../../src/store/postgres/due-work/worker-registry.js";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { NO_RESULT, SILENT_OBSERVER } from "../../helpers/due-work-samples.js";
import { eventually } from "../../helpers/eventually.js";
import { describeOnPostgres, dropDatabase, withClient } from "../../helpers/postgres-server.js";
import { createStoreDatabase } from "../../helpers/store-database.js";

/** All sessions of the worker, and those that listen or hold its lock, as the server shows them. */
const COUNT_SESSIONS = `
  SELECT count(*)::integer AS sessions, count(*) FILTER (WHERE query LIKE 'LISTEN%' OR query LIKE '%pg_advisory_lock%')::integer AS own
  FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'knock' AND pid <> pg_backend_pid()`;

describeOnPostgres("the connections of a worker", () => {
  let location: string;
  let db: Connection;
  let dueWork: PostgresDueWork | undefined;
  /** Lets jobs end. */
  let release: () => void;
  let released: Promise<void>;
  let runningJobs: number;

  beforeEach(async () => {
    location = await createStoreDatabase();
    runningJobs = 0;
    released = new Promise((resolve) => {
      release = resolve;
    });
  });

  afterEach(async () => {
    release();
    await dueWork?.stop();
    dueWork = undefined;
    await db.close();
    await dropDatabase(location);
  });

  /** Each job holds a connection of the store until it is released, as the longest transaction would. */
  const runTask: RunDueTask = () =>
    db.write(async () => {
      runningJobs++;
      await released;
      return NO_RESULT;
    });

  async function start(concurrency: number): Promise<PostgresDueWork> {
    ({ db } = (await openPostgresStore(location, { maxConnections: concurrency })) as unknown as { db: Connection });
    dueWork = await PostgresDueWork.start(db, {
      concurrency,
      channelConcurrency: concurrency,
      runTask,
      observer: SILENT_OBSERVER,
      reconciling: { intervalMs: 20, maxOverdueMs: 3_600_000 },
    });
    return dueWork;
  }

  const countSessions = () =>
    withClient(
      location,
      async (client) => (await client.query<{ sessions: number; own: number }>(COUNT_SESSIONS)).rows[0],
    );

  it.each([1, 4, 8])(
    "are one for each of %i jobs, two for the search, and one that listens and holds the lock",
    async (jobs) => {
      const worker = await start(jobs);
      // Small and large jobs, so that every pool is busy.
      await db.write(async (tx) => {
        for (let row = 1; row <= 2 * jobs; row++) {
          const size = row % 2 === 0 ? 1 : MAX_SMALL_TRIGGER + 1;
          tx.wake({ kind: "runs", dueAt: 1, rows: { from: 1_000 * row, to: 1_000 * row + size - 1 }, size });
        }
      });
      await eventually(() => runningJobs === jobs);
      // The search has to work at the same time as heartbeats, reconciling and metrics.
      await Promise.all(Array.from({ length: 10 }, () => worker.readStatistics()));
      expect(await countSessions()).toEqual({ sessions: jobs + 3, own: 1 });
    },
  );

  it("announce new jobs, also after the session of the lock was lost", async () => {
    ({ db } = (await openPostgresStore(location)) as unknown as { db: Connection });
    const announced: number[] = [];
    const registry = new WorkerRegistry(db, {
      workerId: "one",
      host: "localhost",
      connect: async () => {
        const client = new pg.Client({ connectionString: location, application_name: "own session" });
        await client.connect();
        return client;
      },
      onJobsAdded: (count) => announced.push(count),
      getPoolIds: () => [],
      readProject: async () => null,
    });
    const addJobs = (from: number) =>
      db.write(async (tx) => {
        for (const row of [from, from + 1]) tx.wake({ kind: "runs", dueAt: 1, rows: { from: row, to: row }, size: 1 });
      });
    const ownSession = "application_name = 'own session' AND datname = current_database()";
    const readSessions = async () =>
      (await db.all<{ pid: number }>(`SELECT pid FROM pg_stat_activity WHERE ${ownSession}`)).map(({ pid }) => pid);
    await registry.beat();
    await addJobs(1);
    await eventually(() => announced.length === 1);
    const lost = await readSessions();
    await db.all(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${ownSession}`);
    await eventually(async () => {
      await registry.beat();
      const sessions = await readSessions();
      // The server ends the session after it has answered, so the session that is lost may still be there.
      return sessions.length === 1 && sessions[0] !== lost[0];
    });
    await addJobs(3);
    await eventually(() => announced.length === 2);
    expect(announced).toEqual([2, 2]);
    const locks = await db.all(
      // Workers of other tests hold locks in databases of their own.
      "SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1 AND d.datname = current_database()",
      LOCK_SPACE,
    );
    expect(locks).toHaveLength(1);
    await registry.leave();
  });
});
