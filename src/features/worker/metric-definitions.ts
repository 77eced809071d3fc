import type { MetricDefinition } from "../../monitoring/metrics.js";

/** Every metric of `knock worker --metrics-port`. The code, the reference and the tests use this table. */
export const METRICS = {
  dueLag: {
    name: "knock_due_lag_seconds",
    type: "gauge",
    help: "age of the oldest due row",
    alert: "above 30 for 5 minutes",
  },
  dueRuns: {
    name: "knock_due_runs",
    type: "gauge",
    help: "due runs of small and of large triggers, counted up to 100,000",
    labels: ["class"],
  },
  jobs: {
    name: "knock_jobs",
    type: "gauge",
    help: "jobs that wait, run or are due later; up to about 100,000 later ones are counted",
    labels: ["task", "state"],
  },
  jobSeconds: {
    name: "knock_job_seconds",
    type: "histogram",
    help: "duration of the jobs of this worker",
    labels: ["task", "outcome"],
  },
  runs: {
    name: "knock_runs_total",
    type: "counter",
    help: "saved advances of runs, by the status of the run after the advance",
    labels: ["outcome"],
    alert: 'any increase of `outcome="failed"`',
  },
  saveRefused: {
    name: "knock_save_refused_total",
    type: "counter",
    help: "advances that were not saved because another worker had changed the run",
  },
  reconciled: {
    name: "knock_reconciled_total",
    type: "counter",
    help: "due rows that had lost their job and got a new one; 0 while everything works",
    alert: "any increase in normal operation",
  },
  stepSeconds: {
    name: "knock_step_seconds",
    type: "histogram",
    // Most steps take less than a millisecond.
    buckets: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    help: "duration of the steps of advanced runs, by type; for fetch and agent steps, the duration of their requests",
    labels: ["type"],
  },
  deliverySeconds: {
    name: "knock_delivery_seconds",
    type: "histogram",
    help: "duration of the requests to providers",
    labels: ["channel", "outcome"],
  },
  channelCircuit: {
    name: "knock_channel_circuit",
    type: "gauge",
    help: "1 while this worker pauses the deliveries of a channel because they fail",
    labels: ["channel"],
    alert: "1 for 5 minutes",
  },
  suspects: {
    name: "knock_suspected_work",
    type: "gauge",
    help: "runs, messages and schedules that were in progress when several workers ended, and are tried alone, with pauses of up to an hour",
    alert: "above 0 for 2 hours",
  },
  freedWorkers: {
    name: "knock_freed_workers_total",
    type: "counter",
    help: "dead workers whose jobs this worker freed",
  },
  retriedTransactions: {
    name: "knock_retried_transactions_total",
    type: "counter",
    help: "transactions that were repeated, by the error code of the database",
    labels: ["code"],
  },
  poolWaiting: {
    name: "knock_pool_waiting",
    type: "gauge",
    help: "requests of this worker that wait for a connection to the database",
    alert: "above 0 for 1 minute",
  },
  oldestTransaction: {
    name: "knock_oldest_transaction_seconds",
    type: "gauge",
    help: "age of the oldest open transaction in the database; missing if the role cannot see those of other roles",
    alert: "above 60",
  },
  otherProjects: {
    name: "knock_other_projects",
    type: "gauge",
    help: "other projects that live workers and servers of the store run, by the digests of their files",
    alert: "above 0 for 30 minutes",
  },
  leftJobs: {
    name: "knock_left_jobs",
    type: "gauge",
    help: "jobs that wait for a worker with the project that has their workflow, template or channel",
    alert: "above 0 for 10 minutes",
  },
  deadRows: {
    name: "knock_table_dead_rows",
    type: "gauge",
    help: "rows that vacuum has not removed yet",
    labels: ["table"],
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricKey = keyof typeof METRICS;
