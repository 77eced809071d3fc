import { afterEach, beforeEach, expect, it } from "vitest";
import type { RunDueTask } from "../../../src/ports/due-work.js";
import type { Connection } from "../../../src/store/postgres/connection/connection.js";
import { PostgresDueWork } from "../../../src/store/postgres/due-work/postgres-due-work.js";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { NO_RESULT, SILENT_OBSERVER } from "../../helpers/due-work-samples.js";
import { eventually } from "../../helpers/eventually.js";
import { describeOnPostgres, dropDatabase } from "../../helpers/postgres-server.js";
import { createStoreDatabase } from "../../helpers/store-database.js";

const LARGE = 500;
const JOBS = 12;

/** A worker with the numbers of large advances that it runs, at most and in all. */
interface Observed {
  dueWork: PostgresDueWork;
  running: number;
  highest: number;
  ended: number;
}

describeOnPostgres("large advances of workers that share the processors of a host", () => {
  let location: string;
  let db: Connection;
  let workers: Observed[];
  let release: () => void;
  let released: Promise<void>;

  beforeEach(async () => {
    location = await createStoreDatabase();
    ({ db } = (await openPostgresStore(location)) as unknown as { db: Connection });
    workers = [];
    released = new Promise((resolve) => {
      release = resolve;
    });
  });

  afterEach(async () => {
    release();
    await Promise.all(workers.map(({ dueWork }) => dueWork.stop()));
    await db.close();
    await dropDatabase(location);
  });

  async function start(processors: number): Promise<void> {
    const observed = { running: 0, highest: 0, ended: 0 } as Observed;
    const runTask: RunDueTask = async ({ scope: { rows } }) => {
      if (rows === undefined || rows.to - rows.from < LARGE) return NO_RESULT;
      observed.highest = Math.max(observed.highest, ++observed.running);
      await released;
      await db.get("SELECT pg_sleep(0.01)");
      observed.running--;
      observed.ended++;
      return NO_RESULT;
    };
    observed.dueWork = await PostgresDueWork.start(db, {
      concurrency: 8,
      processors,
      runTask,
      observer: SILENT_OBSERVER,
    });
    workers.push(observed);
  }

  /** Waits until each worker has seen all others. */
  const waitForBeats = () =>
    eventually(async () => {
      const found = await db.get<{ seen: number }>(
        "SELECT count(*)::integer AS seen FROM workers WHERE seen_at >= (SELECT max(started_at) FROM workers)",
      );
      return found?.seen === workers.length;
    });

  async function addLargeAdvances(): Promise<void> {
    for (let job = 0; job < JOBS; job++) {
      const from = job * 10_000;
      await db.write(async (tx) => tx.wake({ kind: "runs", dueAt: 0, rows: { from, to: from + LARGE }, size: LARGE }));
    }
  }

  it.each([
    { count: 1, processors: 1, highest: 2 },
    { count: 2, processors: 2, highest: 2 },
    { count: 2, processors: 1, highest: 1 },
    { count: 3, processors: 2, highest: 1 },
  ])("are at most $highest in each of $count workers on $processors processors", async (one) => {
    for (let worker = 0; worker < one.count; worker++) await start(one.processors);
    await waitForBeats();
    await addLargeAdvances();
    await eventually(() => workers.every(({ running }) => running === one.highest));
    release();
    await eventually(() => workers.reduce((sum, { ended }) => sum + ended, 0) === JOBS);
    expect(workers.map(({ highest }) => highest)).toEqual(workers.map(() => one.highest));
  });

  it("are more again after the other workers have ended", async () => {
    for (let worker = 0; worker < 2; worker++) await start(1);
    await waitForBeats();
    const [, second] = workers.splice(0, 2, workers[0] as Observed) as [Observed, Observed];
    await second.dueWork.stop();
    await addLargeAdvances();
    await eventually(() => workers[0]?.running === 2);
  });
});
