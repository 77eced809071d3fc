import * as z from "zod/mini";
import { replayReportSchema } from "../../comparison/replay-report-schema.js";
import { recipientReferenceSchema } from "../../domain/run/outcome-schema.js";
import { described } from "../../domain/schema/fields.js";
import { textField, textOrNull } from "../../domain/schema/output-fields.js";

const stepState = (description: string) =>
  described(
    z.nullable(
      z.object({
        outcome: textField("The outcome of the step."),
        reason: textOrNull("The reason code, or null."),
        branch: textOrNull("The branch that the step took, or null."),
      }),
    ),
    description,
  );

const { recipients, notes, summary } = replayReportSchema.shape;

/** The schema of `knock runs rerun --json`. */
export const rerunReportSchema = z.object({
  workflow_run_id: textField("The ID of the original workflow run."),
  workflow: textField("The key of the workflow."),
  files: textField("The files that the run was run with."),
  from: textOrNull("The step at which it started again, or null."),
  kept_workflow_run_id: textOrNull("The ID of the new workflow run in the store, or null without --keep."),
  steps: described(
    z.array(
      z.object({
        recipient: recipientReferenceSchema,
        step: textField("The ref of the step."),
        before: stepState("The step in the original run; null if it was not reached."),
        after: stepState("The step in the rerun; null if it was not reached."),
      }),
    ),
    "The steps with differences.",
  ),
  recipients,
  notes,
  summary,
});

/** The differences between a run and the same run again. */
export type RerunReport = z.infer<typeof rerunReportSchema>;

/** Returns whether a rerun differs from the original run. */
export const hasRerunDifferences = ({ steps, summary: { gained, lost, changed } }: RerunReport): boolean =>
  steps.length + gained + lost + changed > 0;
