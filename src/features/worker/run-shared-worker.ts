import { randomUUID } from "node:crypto";
import { createLocalEngine } from "../../context/create-local-engine.js";
import { followProjectRecord } from "../../context/follow-project-record.js";
import type { GuardDeliveries } from "../../context/guard-deliveries.js";
import { openProjectStore } from "../../context/open-project-store.js";
import { getInterruptSignal, type ProcessIO } from "../../context/process-io.js";
import { formatStoreLocation } from "../../context/store-location.js";
import type { WorkFields } from "../../domain/run/work-fields.js";
import type { JsonLog } from "../../monitoring/json-log.js";
import type { Output } from "../../output/output.js";
import type { DueWorkObserver } from "../../ports/due-work.js";
import type { Project } from "../../project/open-project.js";
import { openTracing } from "../../tracing/open-tracing.js";
import { FLUSH_MS } from "../../tracing/tracing.js";
import { ignoreDatabaseErrors } from "./ignore-database-errors.js";
import { describeError, toLogFields } from "./log-error.js";
import { METRICS } from "./metric-definitions.js";
import { createSuspectedProcess } from "./run-suspected-process.js";
import { WorkerMetrics } from "./worker-metrics.js";

/** The time that jobs and the last traces may take after SIGTERM. Kubernetes kills a process after 30 seconds. */
const GRACE_MS = 25_000;
/** The interval at which the log says how much was done. */
const SUMMARY_MS = 10_000;

/** The options of a worker of a database. */
export interface SharedWorkerOptions {
  /** The jobs that run at a time. */
  concurrency: number;
  /** The address at which metrics are served; null serves none. */
  metrics: { host: string; port: number } | null;
}

interface WorkerTarget {
  project: Project;
  location: string;
  guardDeliveries: GuardDeliveries | null;
  branch: string | null;
}

/** Returns the log in text form. */
function createTextLog(output: Output): JsonLog {
  const { quiet, verbose } = output.verbosity;
  return {
    debug: (_, message) => verbose && output.line(message),
    info: (_, message) => !quiet && output.line(message),
    warn: (_, message) => output.warn(message),
    error: (_, message) => output.warn(message),
  };
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** Counts what a worker does between two lines of its log. */
class Summary {
  private advanced = 0;
  private deliveries = 0;
  private total = 0;

  add(runs: Record<string, number>, deliveries: number): void {
    for (const number of Object.values(runs)) this.advanced += number;
    this.deliveries += deliveries;
  }

  write(log: JsonLog): void {
    const { advanced, deliveries } = this;
    if (advanced + deliveries === 0) return;
    this.total += advanced;
    this.advanced = 0;
    this.deliveries = 0;
    const fields = { event: "progress", runs: advanced, deliveries, total_runs: this.total };
    log.info(fields, `${count(advanced, "run")} advanced, ${count(deliveries, "delivery attempt")}`);
  }
}

/**
 * Runs the due work of a database together with other workers until the process is interrupted. Then running jobs are
 * finished.
 */
export async function runSharedWorker(
  { project, location, guardDeliveries, branch }: WorkerTarget,
  { concurrency, metrics: metricsAddress }: SharedWorkerOptions,
  io: ProcessIO,
  output: Output,
): Promise<void> {
  const { createJsonLog, Metrics, startMetricsServer, toProbePage } = await import(
    "../../monitoring/monitoring-parts.js"
  );
  const { isTransient, startDueWork } = await import("../../store/postgres/open-postgres-store.js");
  const workerId = randomUUID();
  const { json, quiet, verbose } = output.verbosity;
  const isText = output.isTerminal && !json;
  const level = quiet ? "warn" : verbose ? "debug" : "info";
  const log = isText ? createTextLog(output) : createJsonLog({ worker: workerId }, level, (line) => output.line(line));
  const metrics = new WorkerMetrics(new Metrics(METRICS));
  const summary = new Summary();
  const warn = (text: string, about?: WorkFields): void => log.warn({ event: "warning", ...about }, text);
  const store = await openProjectStore(project, location, { maxConnections: concurrency });
  const tracing = await openTracing(io, { service: "knock-worker", root: project.root, warn });
  const operations = createLocalEngine(project, store, io, {
    wrapProviders: (next) => (channel) => {
      const provider = next(channel);
      return provider && metrics.measureProvider(channel.key, provider);
    },
    onStep: (type, seconds) => metrics.recordStep(type, seconds),
    guardDeliveries,
    worker: workerId,
    tracing,
    warn,
    ...(branch === null ? {} : { branch }),
  });
  const observer: DueWorkObserver = {
    onJobEnded(ended) {
      const { job, seconds, error, result } = ended;
      metrics.recordJob(ended);
      const fields = { ...job, seconds: Math.round(seconds * 1_000) / 1_000 };
      if (error !== null)
        log.error(
          { event: "job_failed", ...fields, ...toLogFields(error) },
          `job ${job.task} failed: ${describeError(error)}`,
        );
      else log.debug({ event: "job_ended", ...fields }, `job ${job.task} ended after ${fields.seconds} s`);
      if (result !== null) summary.add(result.runs, result.deliveries);
    },
    onWorkFailed({ hasEnded, isCommon: _isCommon, ...failure }) {
      const { message_id, recipient_run_id, workflow, error } = failure;
      const run = `run ${recipient_run_id} of ${workflow}`;
      if (message_id !== undefined)
        log.warn({ event: "delivery_failed", ...failure }, `message ${message_id} of ${workflow}: ${error}`);
      else if (hasEnded) log.error({ event: "run_failed", ...failure }, `${run} failed: ${error}`);
      else log.warn({ event: "run_postponed", ...failure }, `${run} is tried again: ${error}`);
    },
    onReconciled(rows) {
      metrics.count("reconciled", {}, rows);
      log.warn({ event: "reconciled", rows }, `${count(rows, "due row")} had lost their job`);
    },
    onWorkersFreed(workers) {
      metrics.count("freedWorkers", {}, workers);
      log.warn({ event: "workers_freed", workers }, `freed the jobs of ${count(workers, "dead worker")}`);
    },
    onRestarted(error) {
      log.warn(
        { event: "restarted", ...(error === null ? {} : toLogFields(error)) },
        "the search for jobs ended and starts again",
      );
    },
    onTransactionRepeated(code) {
      metrics.count("retriedTransactions", { code });
    },
    onError(error) {
      log.error({ event: "error", ...toLogFields(error) }, describeError(error));
    },
  };
  const stopIgnoring = ignoreDatabaseErrors(isTransient);
  try {
    const dueWork = await startDueWork(store, {
      workerId,
      concurrency,
      runTask: (task, signal) => operations.runDueTask(task, signal),
      runSuspected: createSuspectedProcess(io),
      readProject: followProjectRecord(project),
      releaseWork: () => operations.releaseWork(),
      observer,
    });
    try {
      const server =
        metricsAddress &&
        (await startMetricsServer(metricsAddress, {
          "/health": async () => toProbePage(await dueWork.findProblem()),
          "/metrics": () => metrics.toPage(dueWork),
        }));
      const timer = setInterval(() => summary.write(log), SUMMARY_MS);
      const fields = {
        event: "started",
        concurrency,
        store: formatStoreLocation(location),
        metrics_port: server?.port ?? null,
      };
      log.info(
        fields,
        `started with ${count(concurrency, "job")} at a time${server ? `; metrics on port ${server.port}` : ""}`,
      );
      await waitForAbort(io.signal);
      log.info({ event: "stopping", signal: getInterruptSignal(io.signal) }, "finishing running jobs");
      clearInterval(timer);
      await dueWork.stop(tracing === undefined ? GRACE_MS : GRACE_MS - FLUSH_MS);
      await server?.close();
      summary.write(log);
      log.info({ event: "stopped" }, "stopped");
    } catch (error) {
      await dueWork.stop(0);
      throw error;
    }
  } finally {
    stopIgnoring();
    await operations.close();
    await tracing?.close();
  }
}

/** Does the suspected work that is due, as a process of a worker, and prints the result as JSON. */
export async function runSuspectedWork(
  { project, location, guardDeliveries, branch }: WorkerTarget,
  processId: string,
  io: ProcessIO,
  output: Output,
): Promise<void> {
  const store = await openProjectStore(project, location);
  const operations = createLocalEngine(project, store, io, {
    guardDeliveries,
    worker: processId,
    warn: (text) => output.warn(text),
    ...(branch === null ? {} : { branch }),
  });
  try {
    const { error, ...result } = await operations.runSuspected(io.signal);
    if (error !== undefined) throw error;
    output.line(JSON.stringify(result));
  } finally {
    await operations.close();
  }
}

function waitForAbort(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
