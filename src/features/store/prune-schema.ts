import * as z from "zod/mini";
import { countField, flagField, timeField } from "../../domain/schema/output-fields.js";

/** The schema of what `knock prune --json` prints. */
export const pruneReportSchema = z.object({
  before: timeField("Everything that was deleted was last changed before this time."),
  dry_run: flagField("Whether the rows were only counted."),
  partitions: countField("The number of months whose rows were dropped as a whole. Only a PostgreSQL store has them."),
  recipient_runs: countField("The number of runs of a recipient."),
  messages: countField("The number of messages."),
  delivery_logs: countField("The number of logged requests to providers."),
  batch_activities: countField("The number of activities of batches."),
  workflow_runs: countField("The number of triggers of which no run is left."),
  idempotency_keys: countField("The number of idempotency keys."),
});

export type PruneReportDocument = z.infer<typeof pruneReportSchema>;
