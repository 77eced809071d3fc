import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { advancedRunSchema, clockSchema } from "../../output/documents/runs.js";
import { workerLogSchema } from "./worker-log-schema.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument("worker", "Advance of a run", "One line for each run that advanced.", advancedRunSchema, {
    isStream: true,
  }),
  describeDocument("worker", "Clock", "With --once: the clock, and the runs that advanced.", clockSchema, {
    suffix: "once",
  }),
  describeDocument(
    "worker",
    "Log of a worker",
    "On a PostgreSQL store: one line for each event, also without --json if standard output is no terminal.",
    workerLogSchema,
    { suffix: "log", isStream: true },
  ),
];
