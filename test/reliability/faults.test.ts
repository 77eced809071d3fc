import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeOnPostgres, PostgresServer, withClient } from "../helpers/postgres-server.js";
import { CommitCutter } from "./faults/commit-cutter.js";
import { type Fault, FaultRun, type Figures, WORKERS } from "./faults/fault-run.js";
import {
  changeJobs,
  countChangedJobs,
  killWorkers,
  occupyProcessors,
  restartDatabase,
  shiftClock,
  suspendWorkers,
} from "./faults/faults.js";
import { joinBatches } from "./faults/join-batches.js";
import { measureBesideLargeTrigger, measureBesideSlowProvider } from "./faults/measure-lateness.js";
import { hasPgBouncer, PgBouncer } from "./faults/pg-bouncer.js";
import { raceWaits, readLogWhileWriting } from "./faults/races.js";
import type { WorkloadSize } from "./faults/workload.js";
import { getLongRuns, isLongRun, reportFigures } from "./long-runs.js";

const IS_LONG = isLongRun("faults");
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** 100,000 recipient runs, at least 27,000, and what fits into the normal suite. */
const LARGE: WorkloadSize = { rounds: 28, recipients: 400, windowSeconds: 30, pauseMs: 2 * SECOND };
const MEDIUM: WorkloadSize = { rounds: 20, recipients: 150, windowSeconds: 30, pauseMs: SECOND };
const SMALL: WorkloadSize = { rounds: 2, recipients: 50, windowSeconds: 20, pauseMs: 3 * SECOND };

const allFigures: Figures = {};

function addFigures(name: string, figures: Figures): void {
  process.stderr.write(`faults: ${name} ${JSON.stringify(figures)}\n`);
  for (const [figure, value] of Object.entries(figures)) allFigures[`${name}_${figure}`] = value;
}

describeOnPostgres("four workers that share a database", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(async () => {
    await server?.remove();
    reportFigures("faults", allFigures);
  });

  /** Executes a workload, and expects the same result as without faults. Returns its figures. */
  async function expectEqualResult(name: string, fault: Fault): Promise<Figures> {
    const { differences, figures } = await FaultRun.execute(server, `faults_${name}`, fault);
    addFigures(name, figures);
    expect(differences).toEqual([]);
    expect(figures.runs_failed).toBe(0);
    return figures;
  }

  async function createDatabase(name: string): Promise<string> {
    await withClient(server.getUrl("postgres"), (client) => client.query(`CREATE DATABASE ${name}`));
    return server.getUrl(name);
  }

  const longTest = it.runIf(IS_LONG);
  const options = { timeout: 15 * MINUTE };

  it.runIf(!IS_LONG)("lose and double nothing while everything fails that can", options, async () => {
    const figures = await expectEqualResult("all", {
      size: SMALL,
      env: shiftClock,
      openProxy: ({ port }) => CommitCutter.start(port, { share: 0.1, maxCuts: 20 }),
      prepare: (run) => changeJobs(run, 0.03),
      countFigures: countChangedJobs,
      async inject(run) {
        await killWorkers(run, 1, SECOND);
        await suspendWorkers(run, 1, 7 * SECOND);
        await restartDatabase(run, 2, SECOND);
      },
    });
    expect(figures).toMatchObject({ kills: 1, suspended: 1, restarts_fast: 1, restarts_immediate: 1 });
  });

  longTest("lose and double nothing when one is killed every 5 seconds", options, async () => {
    const figures = await expectEqualResult("killed", {
      size: LARGE,
      lastsUntilDone: true,
      inject: (run) => killWorkers(run, Number.POSITIVE_INFINITY, 5 * SECOND),
    });
    expect(figures.kills).toBeGreaterThan(5);
    expect(figures.longest_recovery_ms).toBeLessThan(5 * SECOND);
  });

  longTest("deliver nothing twice when four other processes occupy the processors", options, async () => {
    const figures = await expectEqualResult("starved", {
      size: MEDIUM,
      lastsUntilDone: true,
      inject: (run) => occupyProcessors(run, 4),
    });
    expect(figures.copies).toBe(0);
  });

  longTest("refuse late saves of one that is suspended for 30 seconds", options, async () => {
    const figures = await expectEqualResult("suspended", {
      size: { ...MEDIUM, pauseMs: 8 * SECOND },
      inject: (run) => suspendWorkers(run, 10, 30 * SECOND, 2),
    });
    expect(figures.suspended).toBeGreaterThanOrEqual(10);
    expect(figures.late_saves_refused).toBeGreaterThan(0);
  });

  longTest("end everything within a minute of the last of 20 restarts of the database", options, async () => {
    const figures = await expectEqualResult("restarted", {
      size: { ...MEDIUM, pauseMs: 3 * SECOND },
      inject: (run) => restartDatabase(run, 20, 3 * SECOND),
    });
    expect(figures).toMatchObject({ restarts_fast: 10, restarts_immediate: 10 });
    expect(figures.end_after_restart_ms).toBeLessThan(MINUTE);
  });

  longTest("double nothing when connections are cut between COMMIT and its answer", options, async () => {
    const figures = await expectEqualResult("cut", {
      size: MEDIUM,
      openProxy: ({ port }) => CommitCutter.start(port, { share: 0.05, maxCuts: 200 }),
      inject: async (run) => {
        while (!run.isDone && (run.proxy?.figures.commits_cut ?? 0) < 200) await run.pause(SECOND);
      },
    });
    expect(figures.commits_cut).toBe(200);
  });

  longTest("end everything although jobs are deleted, doubled, and locked by nobody", options, async () => {
    const figures = await expectEqualResult("jobs", {
      size: MEDIUM,
      prepare: (run) => changeJobs(run, 0.01),
      // Other jobs often cover the rows of a deleted one, so rounds follow until the reconciler has found some.
      inject: async (run) => {
        while (!run.isDone && !run.workers.some((worker) => worker.listEvents("reconciled").length > 0))
          await run.pause(SECOND);
      },
      countFigures: countChangedJobs,
    });
    expect(figures.rows_reconciled).toBeGreaterThan(0);
  });

  longTest("get the same result with clocks that differ by ten minutes", options, async () => {
    await expectEqualResult("clocks", { size: MEDIUM, env: shiftClock });
  });

  longTest("get the same result without a fault", options, async () => {
    await expectEqualResult("nothing", { size: MEDIUM });
  });

  it("wakes every run whose event happens while it begins to wait", options, async () => {
    const figures = await raceWaits(await createDatabase("races"), getLongRuns("faults", 10_000, 100));
    addFigures("waits", figures);
    expect(figures.lost).toBe(0);
  });

  it("lets a reader get each event exactly once while eight write", options, async () => {
    const rows = getLongRuns("faults", 100_000, 1_000);
    const figures = await readLogWhileWriting(await createDatabase("event_log"), { rows, writers: 8 });
    addFigures("event_log", figures);
    expect(figures).toEqual({ rows, entries: rows, different: rows });
  });

  it("join the same batches without a deadlock, and each activity is in one of them", options, async () => {
    const [triggers, batches] = [getLongRuns("faults", 100, 4), getLongRuns("faults", 200, 20)];
    const figures = await joinBatches(await createDatabase("joined"), { processes: WORKERS, triggers, batches });
    addFigures("batches", figures);
    const items = WORKERS * triggers * batches;
    const expected = { batches, open_keys: batches, items, activities: items, different: 0, deadlocks: 0 };
    expect(figures).toEqual(expected);
  });

  longTest("deliver through a fast provider as before beside one that takes 30 seconds", options, async () => {
    const times = { answerMs: 30 * SECOND, aloneMs: MINUTE, besideMs: 3 * MINUTE };
    const figures = await measureBesideSlowProvider(await createDatabase("slow_provider"), times);
    addFigures("slow_provider", figures);
    expect(figures.beside_p99_ms).toBeLessThanOrEqual(2 * Number(figures.alone_p99_ms));
  });

  longTest("run small triggers within a second beside one with 1,000,000 recipients", options, async () => {
    const figures = await measureBesideLargeTrigger(await createDatabase("large_trigger"), 1_000_000);
    addFigures("large_trigger", figures);
    expect(figures.beside_p99_ms).toBeLessThan(SECOND);
  });

  describe.runIf(hasPgBouncer && IS_LONG)("behind a connection pooler in transaction mode", () => {
    it.each([
      { name: "refuses", settings: [] },
      { name: "ignores", settings: ["ignore_startup_parameters = options"] },
    ])("lose and double nothing if it $name session settings", options, async ({ name, settings }) => {
      await expectEqualResult(`pooler_that_${name}_settings`, {
        size: MEDIUM,
        openProxy: (pooled) => PgBouncer.start(pooled, settings),
        inject: (run) => killWorkers(run, 3, 5 * SECOND),
      });
    });
  });
});
