import * as z from "zod/mini";
import { described } from "../../domain/schema/fields.js";
import { textField, textOrNull } from "../../domain/schema/output-fields.js";
import { errorDocumentSchema } from "../../output/documents/error.js";
import { outcomeDocumentSchema } from "../../output/documents/outcomes.js";

const count = (description: string) => described(z.int().check(z.gte(0)), description);

/** The numbers of lines that `notify --output` prints, together with those of earlier runs in the journal. */
export const lineSummarySchema = z.object({
  lines: count("The number of lines with a result."),
  triggered: count("Lines that were accepted."),
  failed: count("Lines that failed."),
  skipped: count("Lines that this run left out, because the journal contains their results."),
  replayed: count("Triggers that had been accepted before with the same idempotency key."),
  workflow_runs: count("Workflow runs that this run started. A line with more than 1,000 recipients has several."),
  duration_ms: count("The duration in milliseconds."),
  output: textField("The file of results."),
  journal: textOrNull("The journal, or null if it was deleted because every line was triggered."),
});

export type LineSummary = z.infer<typeof lineSummarySchema>;

/** A line of the file of `notify --output`. */
export const lineResultSchema = z.object({
  line: described(z.int().check(z.gte(1)), "The number of the line in the input."),
  outcome: z.optional(described(outcomeDocumentSchema, "The outcome of a workflow run of the line.")),
  error: z.optional(described(errorDocumentSchema.shape.error, "The error of a line that failed.")),
});
