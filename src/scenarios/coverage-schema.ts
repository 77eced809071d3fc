import * as z from "zod/mini";
import { described } from "../domain/schema/fields.js";
import { countField, flagField, textField, textOrNull } from "../domain/schema/output-fields.js";
import { COVERAGE_KINDS } from "./coverage-kinds.js";

const shareSchema = (description: string) =>
  described(
    z.object({
      covered: countField("The number that scenarios reached."),
      total: countField("The number in the workflow files."),
      percent: described(
        z.number(),
        "The share that scenarios reached, rounded down to a tenth. 100 if the workflow has no such part.",
      ),
    }),
    description,
  );

const shareFields = {
  steps: shareSchema("Steps that a run executed."),
  branches: shareSchema("Branches that a run took."),
  conditions: shareSchema(
    "Cases of conditions, also of those in templates. Each condition has two cases: true and false.",
  ),
  templates: shareSchema("Templates that were rendered in a message."),
  reasons: shareSchema("Reasons for which a step or run can end without effect. They do not count for the threshold."),
};

const numberOrNull = (description: string) => described(z.nullable(z.number()), description);

/** The fields that say where a condition of a template is. */
export const conditionLocationFields = {
  file: textOrNull("The file of a condition in a template, or null."),
  line: numberOrNull("The line in the file, counted from 1, or null."),
  column: numberOrNull("The column in the file, counted from 1, or null."),
};

const workflowCoverageSchema = z.object({
  workflow: textField("The key of the workflow."),
  ...shareFields,
  missing: described(
    z.array(
      z.object({
        kind: described(z.enum(COVERAGE_KINDS), "The kind of the part."),
        step: textOrNull("The ref of the step, or null for the trigger."),
        text: textField("The part that no scenario reached."),
        ...conditionLocationFields,
      }),
    ),
    "The parts that no scenario reached.",
  ),
});

/** The schema of the coverage in what `knock test --coverage --json` prints. */
export const coverageSchema = z.object({
  threshold: described(z.nullable(z.number()), "The required percentage, or null."),
  passed: flagField("Whether steps, branches, conditions and templates each reach the threshold."),
  total: described(z.object(shareFields), "The shares over all workflows."),
  workflows: described(z.array(workflowCoverageSchema), "The coverage of each workflow."),
});
