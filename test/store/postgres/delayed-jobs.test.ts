import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { fillStore } from "../../../bench/growth-rows.js";
import type { Connection } from "../../../src/store/postgres/connection/connection.js";
import { Statements } from "../../../src/store/postgres/connection/transaction.js";
import { addJobsOfWakeups } from "../../../src/store/postgres/due-work/add-jobs.js";
import { moveDelayedJobs } from "../../../src/store/postgres/due-work/delayed-jobs.js";
import { DueRunLimit } from "../../../src/store/postgres/due-work/due-run-limit.js";
import { PostgresDueWork } from "../../../src/store/postgres/due-work/postgres-due-work.js";
import { readStatistics } from "../../../src/store/postgres/due-work/read-statistics.js";
import { reconcile } from "../../../src/store/postgres/due-work/reconcile.js";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { NO_RESULT, SILENT_OBSERVER } from "../../helpers/due-work-samples.js";
import { eventually } from "../../helpers/eventually.js";
import { describeOnPostgres, dropDatabase } from "../../helpers/postgres-server.js";
import { createStoreDatabase } from "../../helpers/store-database.js";

const HOUR_MS = 3_600_000;

interface PlanNode {
  "Relation Name"?: string;
  Filter?: string;
  Plans?: PlanNode[];
}

const TABLES_WITH_ROWS = /^(?:recipient_runs|messages|delayed_jobs)/;

/** Returns the tables of which a plan reads rows of all times, and leaves out those of other times only then. */
function listTablesReadForTimes({
  "Relation Name": relation = "",
  Filter: filter = "",
  Plans: plans = [],
}: PlanNode): string[] {
  const isRead = TABLES_WITH_ROWS.test(relation) && /\b(?:due_at|run_at)\b[^)]* </.test(filter);
  return [...(isRead ? [relation] : []), ...plans.flatMap(listTablesReadForTimes)];
}

describeOnPostgres("jobs for later", () => {
  let location: string;
  let db: Connection;
  let dueWork: PostgresDueWork | undefined;

  beforeEach(async () => {
    location = await createStoreDatabase();
    ({ db } = (await openPostgresStore(location)) as unknown as { db: Connection });
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    await dueWork?.stop();
    dueWork = undefined;
    await db.close();
    await dropDatabase(location);
  });

  async function wake(dueAt: number, from: number, size = 10): Promise<void> {
    await db.write(async (tx) =>
      tx.wake({ kind: "runs", dueAt, rows: { from, to: from + size }, size, tenant: "acme" }),
    );
  }

  const listDelayed = () =>
    db.all<{ rows: string; run_at: number }>(
      `SELECT payload::json ->> 'rows' AS rows, run_at FROM delayed_jobs ORDER BY payload, run_at`,
    );
  const toRows = (from: number, to: number): string => JSON.stringify({ from, to });

  const listJobs = () =>
    db.all<{ priority: number; payload: { rows: object }; flags: object; runAt: number }>(
      `SELECT key, priority, payload, flags, (extract(epoch FROM run_at) * 1000)::bigint AS "runAt"
       FROM graphile_worker._private_jobs ORDER BY run_at`,
    );

  /** Saves jobs for individual times, each with its number as its rows. */
  async function fill(count: number, runAt: number): Promise<void> {
    await db.all(
      `INSERT INTO delayed_jobs (run_at, task, priority, payload, flags)
       SELECT $2::bigint + row, 'advance', 0, '{"rows":{"from":' || row || ',"to":' || row || '}}', '[]'
       FROM generate_series(1, $1) row`,
      count,
      runAt,
    );
  }

  it("wait in the store's own table, so that the search for jobs does not read them, until shortly before", async () => {
    const [soon, later] = [Date.now() + 1_000, Date.now() + HOUR_MS];
    await wake(soon, 1);
    await wake(later, 100, 400);
    expect((await listJobs()).map(({ payload }) => payload.rows)).toEqual([{ from: 1, to: 11 }]);
    expect(await listDelayed()).toEqual([{ rows: toRows(100, 500), run_at: later }]);
    expect(await moveDelayedJobs(db)).toBe(0);
    expect(await listDelayed()).toHaveLength(1);
    const due = Date.now() + 2_000;
    await db.run("UPDATE delayed_jobs SET run_at = $1", due);
    expect(await moveDelayedJobs(db)).toBe(1);
    expect(await listDelayed()).toEqual([]);
    expect(await listJobs()).toMatchObject([
      { payload: { rows: { from: 1, to: 11 } }, priority: 0 },
      {
        priority: 10,
        payload: { rows: { from: 100, to: 500 }, tenant: "acme" },
        flags: { "size:large": true, "large-advance": true },
        runAt: due,
      },
    ]);
  });

  it("are deleted with the runs", async () => {
    await wake(Date.now() + HOUR_MS, 1);
    const store = await openPostgresStore(location);
    await store.clear({ keepRecipients: true });
    await store.close();
    expect(await listDelayed()).toEqual([]);
  });

  it("are saved by each transaction, without waiting for another one that saves the same", async () => {
    const dueAt = Date.now() + HOUR_MS;
    await db.write(async () => {}); // the first one of a store sets a mark, for which others wait
    await db.write(async (tx) => {
      await addJobsOfWakeups(tx, [{ kind: "runs", dueAt, shard: 1 }]);
      // Another transaction, which would wait for this one forever.
      await db.write(async (other) => other.wake({ kind: "runs", dueAt, shard: 1 }));
    });
    expect(await listDelayed()).toHaveLength(2);
    await db.run("UPDATE delayed_jobs SET run_at = $1", Date.now());
    expect(await moveDelayedJobs(db)).toBe(2);
    expect(await listJobs()).toHaveLength(1);
  });

  it("lose no time of several for the same rows", async () => {
    const due = Date.now();
    await wake(due + 500, 1);
    for (const offset of [1, 2]) await wake(due + offset * HOUR_MS, 1);
    await db.run("UPDATE delayed_jobs SET run_at = run_at - $1 WHERE run_at < $2", HOUR_MS, due + 1.5 * HOUR_MS);
    await db.run("UPDATE delayed_jobs SET run_at = run_at - $1 WHERE run_at > $2", 2 * HOUR_MS - 1_000, due + HOUR_MS);
    expect(await moveDelayedJobs(db)).toBe(2);
    expect((await listJobs()).map(({ runAt }) => runAt)).toEqual([due, due + 500, due + 1_000]);
  });

  it("are moved once each by workers that do it at the same time", async () => {
    const count = 2_500;
    await fill(count, 0);
    const move = async (): Promise<number> => {
      const moved = await moveDelayedJobs(db);
      return moved === 0 ? 0 : moved + (await move());
    };
    const moved = await Promise.all([move(), move(), move()]);
    expect(moved.reduce((sum, number) => sum + number, 0)).toBe(count);
    expect(await listDelayed()).toEqual([]);
    expect(await listJobs()).toHaveLength(count);
  });

  it("are moved a thousand at a time, also if the table was empty when the planner last looked", async () => {
    await fill(100, 0);
    while ((await moveDelayedJobs(db)) > 0);
    await db.all("ANALYZE delayed_jobs");
    await fill(5_000, 0);
    expect(await moveDelayedJobs(db)).toBe(1_000);
    expect(await listDelayed()).toHaveLength(4_000);
  });

  it("do not depend on the clock of the process that saves them", async () => {
    const real = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(real - HOUR_MS);
    await wake(real + 1_000, 1);
    vi.spyOn(Date, "now").mockReturnValue(real + 3 * HOUR_MS);
    await wake(real + 2 * HOUR_MS, 20);
    vi.restoreAllMocks();
    expect((await listJobs()).map(({ payload }) => payload.rows)).toEqual([{ from: 1, to: 11 }]);
    expect((await listDelayed()).map(({ rows }) => rows)).toEqual([toRows(20, 30)]);
  });

  it("are not replaced by the reconciler if they are about to be moved", async () => {
    await db.all(
      `INSERT INTO recipient_runs (row, id, workflow_run, recipient, shard, status, due_at, error_count, inserted_at, updated_at, steps, events)
       VALUES (1, 'run', 1, 'user', 1, 'paused', 1, 0, 0, 0, '[]', '[]')`,
    );
    await fill(1, 0);
    expect(await reconcile(db, 10_000)).toBe(0);
    await db.all("DELETE FROM delayed_jobs");
    expect(await reconcile(db, 10_000)).toBe(1);
  });

  it("are run by a worker when their time comes, and are counted until then", async () => {
    const ran: number[] = [];
    for (const from of [1, 20]) await wake(Date.now() + HOUR_MS, from);
    dueWork = await PostgresDueWork.start(db, {
      concurrency: 2,
      runTask: async ({ scope: { rows } }) => {
        if (rows) ran.push(rows.from);
        return NO_RESULT;
      },
      observer: SILENT_OBSERVER,
    });
    expect((await dueWork.readStatistics()).jobs).toEqual([{ task: "advance", state: "later", count: 2 }]);
    await db.run("UPDATE delayed_jobs SET run_at = $1 WHERE payload LIKE '%\"from\":1,%'", Date.now());
    await eventually(() => ran.length > 0);
    expect(ran).toEqual([1]);
    expect((await listDelayed()).map(({ rows }) => rows)).toEqual([toRows(20, 30)]);
  });

  it.each([
    ["", "after"],
    [", also if they were due at the last ANALYZE", "before"],
  ])("and runs for later are not read by what workers do all the time%s", async (_, analyzed) => {
    const store = await openPostgresStore(location);
    await fillStore(store, 3_000);
    await store.close();
    const setDue = async (at: number): Promise<void> => {
      for (const table of ["recipient_runs", "messages"])
        await db.all(`UPDATE ${table} SET due_at = $1::bigint + row % 1000`, at);
      await db.all("DELETE FROM delayed_jobs");
      await fill(3_000, at);
    };
    if (analyzed === "before") {
      await setDue(Date.now() - HOUR_MS);
      await db.all("ANALYZE");
      await setDue(Date.now() + HOUR_MS);
    } else {
      await setDue(Date.now() + HOUR_MS);
      await db.all("ANALYZE");
    }
    const found: string[] = [];
    let statements = 0;
    const { all } = Statements.prototype;
    vi.spyOn(Statements.prototype, "all").mockImplementation(async function (this: Statements, sql, ...values) {
      const [explained] = (await all.call(this, `EXPLAIN (FORMAT JSON) ${sql}`, ...values)) as [
        { "QUERY PLAN": [{ Plan: PlanNode }] },
      ];
      statements++;
      for (const table of listTablesReadForTimes(explained["QUERY PLAN"][0].Plan)) found.push(`${table}: ${sql}`);
      return (await all.call(this, sql, ...values)) as never;
    });
    await reconcile(db, 10_000);
    await readStatistics(db);
    await new DueRunLimit(db, 1_000).isExceeded();
    await moveDelayedJobs(db);
    expect(found).toEqual([]);
    expect(statements).toBeGreaterThan(12);
  });
});
