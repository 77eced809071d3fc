import * as z from "zod/mini";
import { WORK_FIELDS } from "../../domain/run/work-fields-schema.js";
import { described } from "../../domain/schema/fields.js";
import { textField, textOrNull, timeField } from "../../domain/schema/output-fields.js";
import { getKeys } from "../../util/json.js";

/** The events in the log of a worker that shares a database. */
const WORKER_EVENTS = {
  started: "The worker looks for jobs.",
  progress: "The runs and delivery attempts since the last line of this event.",
  job_ended: "A job ended (with --verbose).",
  job_failed: "A job failed and is repeated.",
  run_failed: "A run ended as failed. `knock runs retry` continues it.",
  run_postponed: "A run could not be continued, and is tried again.",
  delivery_failed: "A message ended as undelivered or bounced. `knock messages show` has the reason.",
  reconciled: "Due rows had lost their job and got a new one.",
  workers_freed: "The jobs of dead workers were freed.",
  restarted: "The search for jobs ended and starts again, usually because the database restarted.",
  warning: "A warning of the engine, such as an invalid file.",
  error: "The database cannot be reached. The worker tries again.",
  stopping: "The worker was interrupted and finishes its running jobs.",
  stopped: "The worker has ended.",
} as const;

const count = (text: string) => z.optional(described(z.int(), text));

/** One line of the log. The fields after the message depend on the event. */
export const workerLogSchema = z.object({
  level: described(z.enum(["debug", "info", "warn", "error"]), "The severity."),
  time: timeField("When it happened, on the clock of the worker."),
  worker: textField("The ID of the worker, new for each start."),
  event: described(z.enum(getKeys(WORKER_EVENTS)), "What happened."),
  message: textField("The event as a sentence."),
  ...WORK_FIELDS,
  seconds: z.optional(described(z.number(), "How long the job took.")),
  error: z.optional(textField("The error, or the status of the message.")),
  hint: z.optional(textField("How to fix the error.")),
  runs: count("The runs that advanced."),
  total_runs: count("The runs that advanced since the start."),
  deliveries: count("The delivery attempts."),
  rows: count("The rows that had lost their job."),
  workers: count("The dead workers."),
  concurrency: count("The jobs at a time."),
  metrics_port: z.optional(described(z.nullable(z.int()), "The port of --metrics-port, or null.")),
  store: z.optional(textField("The database, without its password.")),
  signal: z.optional(textOrNull("The signal that interrupted the worker.")),
});
