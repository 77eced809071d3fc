import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { getErrorMessage } from "../../../src/errors/knock-error.js";
import type { LocalOperations } from "../../../src/ports/operations.js";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { eventually } from "../../helpers/eventually.js";
import { type PostgresServer, withClient } from "../../helpers/postgres-server.js";
import { createInProcessSample } from "../../helpers/run-in-process.js";
import type { Sample } from "../../helpers/run-knock.js";
import type { SmtpReceiver } from "../../helpers/smtp-receiver.js";
import { findDifferences, listEmails, readExpectedState, readFinalState } from "./final-state.js";
import { WorkerProcess } from "./worker-process.js";
import {
  openEngine,
  scheduleWorkload,
  sendWorkload,
  startRefusingReceiver,
  touchRecipients,
  type WorkloadSize,
  writeFaultProject,
} from "./workload.js";

export const WORKERS = 4;
export const SAVES_REFUSED = "knock_save_refused_total";
const POLL_MS = 100;
const MAX_STARTS = 20;
/** Ends a workload that does not. */
const MAX_DURATION_MS = 12 * 60_000;

const COUNT_DUE = `
  SELECT (SELECT count(*) FROM recipient_runs WHERE due_at IS NOT NULL) + (SELECT count(*) FROM messages WHERE due_at IS NOT NULL)
    + (SELECT count(*) FROM workflow_runs WHERE due_at IS NOT NULL) + (SELECT count(*) FROM schedules WHERE due_at IS NOT NULL) AS due`;
const SELECT_BUSY = `
  SELECT w.id FROM workers w JOIN graphile_worker._private_jobs j ON j.locked_by = ANY (w.pool_ids)
  JOIN graphile_worker._private_tasks t ON t.id = j.task_id WHERE t.identifier = ANY ($1)`;
const SELECT_WAITING = "SELECT count(*)::integer AS count FROM waits WHERE recipient LIKE '$users/r%'";

/** A proxy between the processes and the server. */
export interface ServerProxy {
  readonly port: number;
  readonly figures: Figures;
  /** Whether it may let connections fail. */
  isFailing: boolean;
  close(): Promise<void>;
}

/** A fault that occurs while a workload is executed. */
export interface Fault {
  size: WorkloadSize;
  /** Starts a proxy that the processes use in place of the server's own port. */
  openProxy?: (server: PostgresServer) => Promise<ServerProxy>;
  /** Whether the test itself also uses the proxy, which lets nothing fail, because the server is replaced. */
  isReplaced?: boolean;
  /** Returns the URL that a worker uses, if it is not that of the others. */
  getWorkerUrl?: (run: FaultRun) => string;
  /** Returns the script of the command that a worker runs, if it is not that of the checkout. */
  getBin?: () => string | undefined;
  /** The environment of a worker. */
  env?: (worker: number) => Record<string, string>;
  /** Prepares the database, before work is added. */
  prepare?: (run: FaultRun) => Promise<void>;
  /** Lets things fail until they have failed often enough or the work is done. */
  inject?: (run: FaultRun) => Promise<void>;
  /** Whether things fail until all work is done, so that the rounds do not wait for them. */
  lastsUntilDone?: boolean;
  /** Returns more figures after the end. */
  countFigures?: (run: FaultRun) => Promise<Figures>;
}

export type Figures = Record<string, number>;

/** The execution of a workload by four workers while something fails. */
export class FaultRun {
  readonly workers: WorkerProcess[] = [];
  readonly figures: Figures = {};
  private readonly pool: pg.Pool;
  /** Whether all work is done, so that nothing else has to fail. */
  isDone = false;
  /** Whether something failed as often as it should. */
  private hasFailedEnough = false;
  private rounds = 0;
  lastRestartAt: number | null = null;

  private constructor(
    readonly server: PostgresServer,
    /** The database without a proxy, unless the server is replaced. */
    readonly url: string,
    readonly sample: Sample,
    readonly smtp: SmtpReceiver,
    readonly proxy: ServerProxy | undefined,
    private readonly fault: Fault,
  ) {
    this.pool = new pg.Pool({ connectionString: url });
    this.pool.on("error", () => {});
  }

  /** Executes the workload, and returns the differences from one without faults, with figures. */
  static async execute(
    server: PostgresServer,
    database: string,
    fault: Fault,
  ): Promise<{ differences: string[]; figures: Figures }> {
    const smtp = await startRefusingReceiver();
    const sample = createInProcessSample(null);
    writeFaultProject(sample, fault.size, smtp.port);
    await withClient(server.getUrl("postgres"), (client) => client.query(`CREATE DATABASE ${database}`));
    const proxy = await fault.openProxy?.(server);
    const url = new URL(server.getUrl(database));
    if (proxy !== undefined && fault.isReplaced) url.port = String(proxy.port);
    const run = new FaultRun(server, url.href, sample, smtp, proxy, fault);
    try {
      return await run.execute();
    } finally {
      for (const { command } of run.workers) command.kill("SIGKILL");
      await run.pool.end();
      await proxy?.close();
      sample.remove();
      await smtp.close();
    }
  }

  count(name: string, amount = 1): void {
    this.figures[name] = (this.figures[name] ?? 0) + amount;
  }

  raise(name: string, value: number): void {
    this.figures[name] = Math.max(this.figures[name] ?? 0, Math.round(value));
  }

  /** The URL that the processes of the run use. */
  get location(): string {
    const url = new URL(this.url);
    if (this.proxy !== undefined) url.port = String(this.proxy.port);
    return url.href;
  }

  async query<Row extends object>(sql: string, ...values: unknown[]): Promise<Row[]> {
    return (await this.pool.query<Row>(sql, values)).rows;
  }

  /** Starts a worker. As a supervisor does, starts it again if it cannot reach the database. */
  async startWorker(index: number): Promise<WorkerProcess> {
    for (let attempts = 1; ; attempts++) {
      try {
        const { getWorkerUrl, getBin, env } = this.fault;
        const bin = getBin?.();
        const options = { env: env?.(index) ?? {}, ...(bin === undefined ? {} : { bin }) };
        const worker = await WorkerProcess.start(this.sample, getWorkerUrl?.(this) ?? this.location, options);
        this.workers.push(worker);
        return worker;
      } catch (error) {
        if (!getErrorMessage(error).includes("not reachable") || attempts === MAX_STARTS) throw error;
        this.count("starts_repeated");
      }
    }
  }

  /** Returns the workers that are neither killed nor suspended. */
  listRunning(): WorkerProcess[] {
    return this.workers.filter(({ isRunning, isSuspended }) => isRunning && !isSuspended);
  }

  /** Waits for a worker that runs a job of these tasks, and returns it; undefined once all work is done. */
  async findBusyWorker(tasks: readonly string[]): Promise<WorkerProcess | undefined> {
    while (!this.isDone) {
      const busy = await this.query<{ id: string }>(SELECT_BUSY, tasks).catch(() => []);
      const found = this.listRunning().find(({ id }) => busy.some((row) => row.id === id));
      if (found !== undefined) return found;
      await sleep(2);
    }
    return undefined;
  }

  async isBusy({ id }: WorkerProcess, tasks: readonly string[]): Promise<boolean> {
    return (await this.query<{ id: string }>(SELECT_BUSY, tasks)).some((row) => row.id === id);
  }

  /** Waits for some time, or until all work is done. */
  async pause(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    while (!this.isDone && performance.now() < end)
      await sleep(Math.max(1, Math.min(POLL_MS, end - performance.now())));
  }

  private async execute(): Promise<{ differences: string[]; figures: Figures }> {
    const { fault, location } = this;
    const startedAt = performance.now();
    const engine = await openEngine(this.sample, location);
    await fault.prepare?.(this);
    await Promise.all(Array.from({ length: WORKERS }, (_, index) => this.startWorker(index)));
    await scheduleWorkload(engine, fault.size, Date.now());
    if (this.proxy !== undefined) this.proxy.isFailing = true;
    const injecting = (fault.inject?.(this) ?? Promise.resolve()).then(() => {
      this.hasFailedEnough = true;
    });
    const failed = injecting.then(
      () => new Promise<never>(() => {}),
      (error: unknown) => Promise.reject(error),
    );
    await Promise.race([failed, this.work(engine)]);
    this.isDone = true;
    if (this.lastRestartAt !== null) this.raise("end_after_restart_ms", performance.now() - this.lastRestartAt);
    await injecting;
    await engine.close();
    this.figures.duration_s = Math.round((performance.now() - startedAt) / 1_000);
    await this.stopWorkers();
    const store = await openPostgresStore(this.url);
    const state = await readFinalState(store, this.smtp);
    await store.close();
    this.figures.recipient_runs = state.runs.length;
    this.figures.emails = state.emails.length;
    this.figures.copies = listEmails(this.smtp).copies;
    Object.assign(this.figures, this.proxy?.figures);
    if (this.fault.countFigures !== undefined) Object.assign(this.figures, await this.fault.countFigures(this));
    const expected = await readExpectedState(fault.size, this.rounds);
    return { differences: findDifferences(state, expected), figures: this.figures };
  }

  private async work(engine: LocalOperations): Promise<void> {
    const { size } = this.fault;
    const end = performance.now() + MAX_DURATION_MS;
    const until = async (what: string, isReached: () => Promise<boolean>) => {
      while (!(await isReached().catch(() => false))) {
        if (performance.now() > end)
          throw new Error(`${what} was not reached: ${JSON.stringify(await this.describe())}`);
        await sleep(POLL_MS);
      }
    };
    const isEnough = () => this.hasFailedEnough || this.fault.lastsUntilDone === true;
    this.rounds = await sendWorkload(engine, size, isEnough);
    const recipients = this.rounds * size.recipients;
    await until("the begin of all waits", async () => {
      const [waiting] = await this.query<{ count: number }>(SELECT_WAITING);
      return waiting?.count === recipients;
    });
    await touchRecipients(engine, { rounds: this.rounds, recipients: size.recipients });
    await until("the end of all work", async () => {
      const [row] = await this.query<{ due: string }>(COUNT_DUE);
      return Number(row?.due) === 0;
    });
  }

  /** Returns what is left, for the error of a workload that does not end. */
  private async describe(): Promise<unknown> {
    return {
      due: await this.query(COUNT_DUE),
      jobs: await this.query(
        `SELECT t.identifier, j.locked_by IS NOT NULL AS locked, count(*), max(j.attempts) AS attempts, max(j.run_at - now())::text AS runs_in, max(j.last_error) AS error
         FROM graphile_worker._private_jobs j JOIN graphile_worker._private_tasks t ON t.id = j.task_id GROUP BY 1, 2`,
      ),
      waits: await this.query(SELECT_WAITING),
    };
  }

  private async stopWorkers(): Promise<void> {
    const running = this.workers.filter(({ isRunning }) => isRunning);
    for (const worker of running) if (worker.isSuspended) worker.resume();
    for (const worker of running) {
      this.count("saves_refused", await worker.readMetric(SAVES_REFUSED));
      this.count(
        "rows_reconciled",
        worker.listEvents("reconciled").reduce((sum, { rows = 0 }) => sum + rows, 0),
      );
      this.count("runs_failed", worker.listEvents("run_failed").length);
    }
    const codes = await Promise.all(running.map((worker) => worker.stop()));
    if (codes.some((code) => code !== 143)) throw new Error(`workers ended with ${codes.join()}`);
  }
}

/** Waits until a worker that was killed has been noticed by others, or all work is done. Returns the milliseconds it took. */
export async function waitUntilFreed(run: FaultRun, { id }: WorkerProcess): Promise<number> {
  const startedAt = performance.now();
  await eventually(async () => {
    const rows = await run.query("SELECT 1 FROM workers WHERE id = $1", id).catch(() => [1]);
    return run.isDone || rows.length === 0;
  });
  return performance.now() - startedAt;
}
