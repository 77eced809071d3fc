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
import { createDatabase, describeOnPostgres, dropDatabase } from "../../helpers/postgres-server.js";

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
    location = await createDatabase();
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
    db.all<{ key: string; run_at: number }>("SELECT key, run_at FROM delayed_jobs ORDER BY key, run_at");

  const listJobs = () =>
    db.all<{ key: string; priority: number; payload: object; flags: object; runAt: number }>(
      `SELECT key, priority, payload, flags, (extract(epoch FROM run_at) * 1000)::bigint AS "runAt"
       FROM graphile_worker._private_jobs ORDER BY run_at`,
    );

  it("wait in the store's own table, so that the search for jobs does not read them, until shortly before", async () => {
    const [soon, later] = [Date.now() + 1_000, Date.now() + HOUR_MS];
    await wake(soon, 1);
    await wake(later, 100, 400);
    expect((await listJobs()).map(({ key }) => key)).toEqual(["advance:1-11"]);
    expect(await listDelayed()).toEqual([{ key: "advance:100-500", run_at: later }]);
    expect(await moveDelayedJobs(db)).toBe(false);
    expect(await listDelayed()).toHaveLength(1);
    const due = Date.now() + 2_000;
    await db.run("UPDATE delayed_jobs SET run_at = $1", due);
    await moveDelayedJobs(db);
    expect(await listDelayed()).toEqual([]);
    expect((await listJobs())[0]).toMatchObject({ key: "advance:1-11", priority: 0 });
    expect((await listJobs())[1]).toEqual({
      key: "advance:100-500",
      priority: 10,
      payload: { rows: { from: 100, to: 500 }, tenant: "acme" },
      flags: { "size:large": true, "large-advance": true },
      runAt: due,
    });
  });

  it("wait once for each time, and are deleted with the runs", async () => {
    const dueAt = Date.now() + HOUR_MS;
    for (const time of [dueAt, dueAt + 5, dueAt]) await wake(time, 1);
    expect(await listDelayed()).toEqual([
      { key: "advance:1-11", run_at: dueAt },
      { key: "advance:1-11", run_at: dueAt + 5 },
    ]);
    const store = await openPostgresStore(location);
    await store.clear({ keepRecipients: true });
    await store.close();
    expect(await listDelayed()).toEqual([]);
  });

  it("do not make transactions wait that save the same job again", async () => {
    const dueAt = Date.now() + HOUR_MS;
    await wake(dueAt, 1);
    await db.write(async (tx) => {
      await addJobsOfWakeups(tx, [{ kind: "runs", dueAt, rows: { from: 1, to: 11 }, size: 10 }]);
      await wake(dueAt, 1); // in another transaction, which would wait for this one forever
    });
    expect(await listDelayed()).toHaveLength(1);
  });

  it("are moved with their first time if they have several", async () => {
    const due = Date.now();
    for (const offset of [2, 1]) {
      await wake(due + offset * HOUR_MS, 1);
      await db.run("UPDATE delayed_jobs SET run_at = $1 WHERE run_at > $2", due + offset, due + HOUR_MS / 2);
    }
    await moveDelayedJobs(db);
    expect((await listJobs()).map(({ runAt }) => runAt)).toEqual([due + 1]);
    expect(await listDelayed()).toEqual([]);
  });

  it("are moved once each by workers that do it at the same time", async () => {
    const count = 2_500;
    await db.all(
      `INSERT INTO delayed_jobs (key, run_at, task, priority, payload, flags)
       SELECT 'advance:' || row, 1, 'advance', 0, '{}', '[]' FROM generate_series(1, $1) row`,
      count,
    );
    const move = async (): Promise<void> => {
      while (await moveDelayedJobs(db));
    };
    await Promise.all([move(), move(), move()]);
    await move();
    expect(await listDelayed()).toEqual([]);
    expect(await listJobs()).toHaveLength(count);
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
    await db.run("UPDATE delayed_jobs SET run_at = $1 WHERE key = 'advance:1-11'", Date.now());
    await eventually(() => ran.length > 0);
    expect(ran).toEqual([1]);
    expect((await listDelayed()).map(({ key }) => key)).toEqual(["advance:20-30"]);
  });

  it("and runs for later are not read by what workers do all the time", async () => {
    const store = await openPostgresStore(location);
    await fillStore(store, 3_000);
    await store.close();
    const later = Date.now() + HOUR_MS;
    for (const table of ["recipient_runs", "messages"])
      await db.all(`UPDATE ${table} SET due_at = $1::bigint + row % 1000`, later);
    await db.all(
      `INSERT INTO delayed_jobs (key, run_at, task, priority, payload, flags)
       SELECT 'advance:' || row, $1::bigint + row, 'advance', 0, '{}', '[]' FROM generate_series(1, 3000) row`,
      later,
    );
    await db.all("ANALYZE");
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
