import { afterEach, beforeEach, expect, it } from "vitest";
import type { RunDueTask } from "../../../src/ports/due-work.js";
import type { Connection } from "../../../src/store/postgres/connection/connection.js";
import { PostgresDueWork } from "../../../src/store/postgres/due-work/postgres-due-work.js";
import { LOCK_SPACE } from "../../../src/store/postgres/due-work/worker-registry.js";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { NO_RESULT, SILENT_OBSERVER } from "../../helpers/due-work-samples.js";
import { eventually } from "../../helpers/eventually.js";
import { describeOnPostgres, dropDatabase, ROLE_WITH_PASSWORD, withClient } from "../../helpers/postgres-server.js";
import { createStoreDatabase } from "../../helpers/store-database.js";

/** Adds runs that are due, and are nothing else. */
const INSERT_RUNS = `
  INSERT INTO recipient_runs (row, id, workflow_run, recipient, shard, status, due_at, error_count, inserted_at, updated_at, steps, events)
  SELECT row, 'run-' || row, 1, 'user', row % 256, 'paused', 1, 0, 0, 0, '[]', '[]' FROM generate_series(1, $1) row`;

describeOnPostgres("due work", () => {
  let location: string;
  let db: Connection;
  let dueWork: PostgresDueWork | undefined;
  let events: string[];
  /** The next jobs that fail, and their error. */
  let failingJobs: number;
  let error: Error;
  /** The jobs that find all their runs changed by another worker. */
  let refusedJobs: number;
  let beforeRuns: (from: number, to: number) => Promise<void>;

  beforeEach(async () => {
    location = await createStoreDatabase();
    ({ db } = (await openPostgresStore(location)) as unknown as { db: Connection });
    events = [];
    failingJobs = 0;
    refusedJobs = 0;
    beforeRuns = async () => {};
  });

  afterEach(async () => {
    await dueWork?.stop();
    dueWork = undefined;
    await db.close();
    await dropDatabase(location);
  });

  const runTask: RunDueTask = async (task) => {
    const { from, to } = task.scope.rows ?? { from: 0, to: 1_000_000 };
    if (task.kind !== "runs") return NO_RESULT;
    await beforeRuns(from, to);
    if (refusedJobs-- > 0) return { ...NO_RESULT, refused: to };
    if (failingJobs > 0) {
      failingJobs--;
      throw error;
    }
    await db.all("UPDATE recipient_runs SET due_at = NULL WHERE due_at = 1 AND row BETWEEN $1 AND $2", from, to);
    return NO_RESULT;
  };

  async function start(
    workerId: string,
    concurrency = 2,
    reconciling = { intervalMs: 50, maxOverdueMs: 100 },
  ): Promise<PostgresDueWork> {
    dueWork = await PostgresDueWork.start(db, {
      workerId,
      concurrency,
      runTask,
      observer: {
        ...SILENT_OBSERVER,
        onReconciled: (rows) => events.push(`reconciled ${rows}`),
        onWorkersFreed: (count) => events.push(`freed ${count}`),
        onRestarted: () => events.push("restarted"),
        onError: (error) => events.push(`error: ${String(error)}`),
      },
      reconciling,
    });
    return dueWork;
  }

  async function addRuns(count: number): Promise<void> {
    await db.write(async (tx) => {
      await tx.run(INSERT_RUNS, count);
      tx.wake({ kind: "runs", dueAt: 1, rows: { from: 1, to: count }, size: count });
    });
  }

  const countDue = async (): Promise<number> => {
    const row = await db.get<{ count: number }>("SELECT count(*) AS count FROM recipient_runs WHERE due_at = 1");
    return row?.count ?? 0;
  };
  const isDone = () => eventually(async () => (await countDue()) === 0);
  /** Waits for an event, and returns the different ones. A look while the job of the one before runs counts its runs again. */
  const readEvents = () => eventually(() => (events.length > 0 ? [...new Set(events)] : null));

  it("finds runs whose job was deleted, and counts them", async () => {
    await addRuns(5);
    await db.all("DELETE FROM graphile_worker._private_jobs");
    await start("one");
    await isDone();
    expect(await readEvents()).toEqual(["reconciled 5"]);
  });

  it("looks again at runs that another worker has changed, which it may not have done", async () => {
    refusedJobs = 2;
    await addRuns(5);
    await start("one", 2, { intervalMs: 3_600_000, maxOverdueMs: 3_600_000 });
    await isDone();
    expect(events).toEqual([]);
  });

  it("finds runs whose job is locked by a worker that never existed", async () => {
    await addRuns(5);
    await db.all("UPDATE graphile_worker._private_jobs SET locked_by = 'ghost', locked_at = now()");
    await start("one");
    await isDone();
    expect(await readEvents()).toEqual(["reconciled 5"]);
  });

  it("frees the jobs and claims of a worker without its lock, and of one without heartbeats", async () => {
    await addRuns(5);
    await db.all(
      "UPDATE graphile_worker._private_jobs SET locked_by = 'pool-of-two', locked_at = now(), run_at = now()",
    );
    await db.all(
      `UPDATE recipient_runs SET due_at = 9000000000000, claim_token = 'two:1', claim_until = 9000000000000 WHERE row = 5`,
    );
    await db.all(
      `INSERT INTO workers (id, host, pool_ids, lock_key, started_at, seen_at)
       VALUES ('two', 'a', ARRAY['pool-of-two'], 77, 0, ${db.time} - 2000), ('three', 'b', '{}', 0, 0, ${db.time} - 6000),
         ('four', 'b', '{}', 0, 0, ${db.time} + 60000)`,
    );
    await start("one");
    await isDone();
    // A busy worker may free them one after the other.
    await eventually(() =>
      ["freed 2", "freed 1 freed 1"].includes(events.filter((event) => event.startsWith("freed")).join(" ")),
    );
    expect(await db.get("SELECT claim_token, claim_until FROM recipient_runs WHERE row = 5")).toEqual({
      claim_token: null,
      claim_until: null,
    });
    const workers = await db.all<{ id: string }>("SELECT id FROM workers ORDER BY id");
    expect(workers.map(({ id }) => id)).toEqual(["four", "one"]);
  });

  it("leaves the work of a slow worker that holds its lock, until it hangs for 20 seconds", async () => {
    const listOthers = async () => {
      const workers = await db.all<{ id: string }>("SELECT id FROM workers WHERE id <> 'one' ORDER BY id");
      return workers.map(({ id }) => id).join();
    };
    await db.all(
      `INSERT INTO workers (id, host, pool_ids, lock_key, started_at, seen_at)
       VALUES ('lost', 'a', '{}', 88, 0, ${db.time} - 10000), ('slow', 'a', '{}', 77, 0, ${db.time} - 10000)`,
    );
    await withClient(location, async (client) => {
      await client.query("SELECT pg_advisory_lock($1, 77)", [LOCK_SPACE]);
      await start("one");
      await eventually(async () => (await listOthers()) === "slow");
      await db.all(`UPDATE workers SET seen_at = ${db.time} - 21000 WHERE id = 'slow'`);
      await eventually(async () => (await listOthers()) === "");
    });
  });

  it.each([
    ["a full disk", "53100"],
    ["a bug", undefined],
  ])("does a job again within seconds after %s", async (_which, code) => {
    failingJobs = 2;
    error = Object.assign(new Error("the job failed"), { code });
    await addRuns(20);
    await start("one", 2, { intervalMs: 3_600_000, maxOverdueMs: 3_600_000 });
    await isDone();
    expect(failingJobs).toBe(0);
  });

  it("advances at most two large chunks at a time, and small ones beside them", async () => {
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const running = new Set<number>();
    let hasRunSmall = false;
    let mostRunning = 0;
    beforeRuns = async (from, to) => {
      if (to - from < 50) {
        hasRunSmall = true;
        return;
      }
      running.add(from);
      mostRunning = Math.max(mostRunning, running.size);
      await released;
      running.delete(from);
    };
    await start("one", 8);
    await db.write(async (tx) => {
      await tx.run(INSERT_RUNS, 810);
      for (let from = 1; from < 800; from += 100)
        tx.wake({ kind: "runs", dueAt: 1, rows: { from, to: from + 99 }, size: 100 });
    });
    await eventually(() => running.size >= 2);
    await db.write(async (tx) => tx.wake({ kind: "runs", dueAt: 1, rows: { from: 801, to: 810 }, size: 10 }));
    await eventually(() => hasRunSmall);
    release();
    await isDone();
    expect(mostRunning).toBe(2);
  });

  it("runs with a role that does not own the tables", async () => {
    const { name, password } = ROLE_WITH_PASSWORD;
    for (const schema of ["public", "graphile_worker"])
      for (const rights of [
        `USAGE ON SCHEMA ${schema}`,
        `SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema}`,
        `USAGE ON ALL SEQUENCES IN SCHEMA ${schema}`,
      ])
        await db.all(`GRANT ${rights} TO ${name}`);
    const url = new URL(location);
    url.username = name;
    url.password = encodeURIComponent(password);
    const owner = db;
    ({ db } = (await openPostgresStore(url.href)) as unknown as { db: Connection });
    await addRuns(5);
    await start("one");
    await isDone();
    await owner.close();
  });

  it("is released when its worker stops without finishing it, so that another one continues at once", async () => {
    let hasClaimed = false;
    beforeRuns = async () => {
      await db.all("UPDATE recipient_runs SET claim_token = 'one:1', claim_until = 9e15, due_at = 1");
      hasClaimed = true;
      await new Promise(() => {});
    };
    await addRuns(5);
    const worker = await start("one");
    await eventually(() => hasClaimed);
    await worker.stop(100);
    expect(await db.all("SELECT DISTINCT claim_token, claim_until FROM recipient_runs")).toEqual([
      { claim_token: null, claim_until: null },
    ]);
    beforeRuns = async () => {};
    await start("two", 2, { intervalMs: 3_600_000, maxOverdueMs: 3_600_000 });
    await isDone();
    expect(await db.all("SELECT * FROM crashed_claims")).toEqual([]);
  });

  it("is healthy while its heartbeats arrive, and leaves when it stops", async () => {
    const worker = await start("one");
    expect(await worker.findProblem()).toBe(null);
    expect((await worker.readStatistics()).lag).toBe(0);
    await worker.stop();
    dueWork = undefined;
    expect(await db.all("SELECT id FROM workers")).toEqual([]);
  });
});
