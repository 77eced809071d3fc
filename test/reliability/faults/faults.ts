import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { StopMode } from "../../helpers/postgres-server.js";
import { type FaultRun, type Figures, SAVES_REFUSED, WORKERS, waitUntilFreed } from "./fault-run.js";
import type { WorkerProcess } from "./worker-process.js";

/** A worker that continues may have saved its work before it was suspended. This is how long it gets to try. */
const MAX_LATE_SAVE_MS = 3_000;
/** Advances are suspended up to this long after their jobs were found, so that some have claimed their runs already. */
const MAX_CLAIM_MS = 60;

const ADVANCES = ["advance", "wake"];
const ALL_TASKS = [...ADVANCES, "fan_out", "deliver", "follow", "occur"];

/** Kills a busy worker at each interval, and starts another one in its place. */
export async function killWorkers(run: FaultRun, kills: number, intervalMs: number): Promise<void> {
  const recoveries: Promise<void>[] = [];
  for (let count = 0; count < kills; count++) {
    await run.pause(intervalMs);
    const worker = await run.findBusyWorker(ALL_TASKS);
    if (worker === undefined) break;
    worker.kill();
    run.count("kills");
    recoveries.push(waitUntilFreed(run, worker).then((ms) => run.raise("longest_recovery_ms", ms)));
    await run.startWorker(run.workers.indexOf(worker) % WORKERS);
  }
  await Promise.all(recoveries);
}

/**
 * Suspends workers in the middle of advances, each for some time, and counts what they wanted to save afterwards. `slots` are
 * suspended at the same time.
 */
export async function suspendWorkers(run: FaultRun, count: number, milliseconds: number, slots = 1): Promise<void> {
  let left = count;
  const suspendOne = async (worker: WorkerProcess, refusedBefore: number): Promise<void> => {
    await sleep(Math.random() * MAX_CLAIM_MS);
    if (worker.isSuspended) return; // the other slot was faster
    worker.suspend();
    // It could have ended the job just before.
    const isSuspendedAtWork = await run.isBusy(worker, ADVANCES).catch(() => false);
    if (isSuspendedAtWork) {
      left--;
      run.count("suspended");
      await sleep(milliseconds);
    }
    worker.resume();
    if (!isSuspendedAtWork) return;
    const end = performance.now() + MAX_LATE_SAVE_MS;
    let refused = 0;
    while (refused === 0 && performance.now() < end) {
      await sleep(50);
      refused = (await worker.readMetric(SAVES_REFUSED)) - refusedBefore;
    }
    run.count("late_saves_refused", refused);
  };
  await Promise.all(
    Array.from({ length: slots }, async () => {
      while (left > 0) {
        const refused = new Map<WorkerProcess, number>();
        for (const worker of run.listRunning()) refused.set(worker, await worker.readMetric(SAVES_REFUSED));
        const worker = await run.findBusyWorker(ADVANCES);
        if (worker === undefined) return;
        await suspendOne(worker, refused.get(worker) ?? 0);
      }
    }),
  );
}

/** Keeps `count` processes busy until all work is done, so that workers wait for a processor. */
export async function occupyProcessors(run: FaultRun, count: number): Promise<void> {
  const busy = Array.from({ length: count }, () => spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" }));
  try {
    while (!run.isDone) await run.pause(1_000);
  } finally {
    for (const child of busy) child.kill("SIGKILL");
  }
}

/** Restarts the database, in turn with both modes. */
export async function restartDatabase(run: FaultRun, count: number, intervalMs: number): Promise<void> {
  for (let restart = 0; restart < count && !run.isDone; restart++) {
    await run.pause(intervalMs);
    const mode: StopMode = restart % 2 === 0 ? "fast" : "immediate";
    await run.server.stop(mode);
    await run.server.resume();
    run.lastRestartAt = performance.now();
    run.count(`restarts_${mode}`);
  }
}

/** Lets jobs be lost, doubled, and locked by a worker that never existed, each with the given probability. */
export async function changeJobs(run: FaultRun, share: number): Promise<void> {
  await run.query(`
    CREATE TABLE changed_jobs (kind text);
    CREATE FUNCTION change_job() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE draw double precision := random();
    BEGIN
      IF pg_trigger_depth() > 1 THEN RETURN NEW; END IF;
      IF draw < ${share} THEN
        INSERT INTO public.changed_jobs VALUES ('deleted');
        RETURN NULL;
      ELSIF draw < ${2 * share} THEN
        INSERT INTO public.changed_jobs VALUES ('doubled');
        INSERT INTO graphile_worker._private_jobs (task_id, payload, run_at, priority, max_attempts, flags)
          VALUES (NEW.task_id, NEW.payload, NEW.run_at, NEW.priority, NEW.max_attempts, NEW.flags);
      ELSIF draw < ${3 * share} THEN
        INSERT INTO public.changed_jobs VALUES ('locked');
        NEW.locked_by := 'ghost';
        NEW.locked_at := now();
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER change_job BEFORE INSERT ON graphile_worker._private_jobs FOR EACH ROW EXECUTE FUNCTION change_job();
  `);
}

/** Returns how many jobs {@link changeJobs} changed. */
export async function countChangedJobs(run: FaultRun): Promise<Figures> {
  const rows = await run.query<{ kind: string; count: number }>(
    "SELECT kind, count(*)::integer AS count FROM changed_jobs GROUP BY kind",
  );
  return Object.fromEntries(rows.map(({ kind, count }) => [`jobs_${kind}`, count]));
}

/** The environment with which the clocks of the first two workers are ten minutes apart from the others, in both directions. */
export function shiftClock(worker: number): Record<string, string> {
  const shifts = [10, -10];
  const minutes = shifts[worker] ?? 0;
  return {
    NODE_OPTIONS: `--require ${resolve(import.meta.dirname, "../shift-clock.cjs")}`,
    KNOCK_TEST_CLOCK_SHIFT: String(minutes * 60_000),
  };
}
