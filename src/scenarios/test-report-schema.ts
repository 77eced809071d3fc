import * as z from "zod/mini";
import { projectFindingSchema } from "../checks/validation-report-schema.js";
import { described } from "../domain/schema/fields.js";
import { countField, jsonObjectOrNull, textField, textOrNull } from "../domain/schema/output-fields.js";
import { coverageSchema } from "./coverage-schema.js";
import { mutationReportSchema } from "./mutation-schema.js";

const positionFields = {
  line: countField("The line in the file, counted from 1."),
  column: countField("The column in the file, counted from 1."),
};

const SCENARIO_STATUSES = ["passed", "failed", "broken", "skipped"] as const;

const pathField = (description: string) => described(z.array(z.union([z.string(), z.number()])), description);

const errorFields = {
  code: textField("The error code."),
  message: textField("The error message."),
  hint: textOrNull("How to fix it, or null."),
};

const failureSchema = z.object({
  step: countField("The number of the step, counted from 1."),
  subject: textField("The compared value, such as the recipient and the step."),
  expected: textField("The expected value."),
  found: textField("The value that was found."),
  path: pathField("The path of the expectation below expect."),
  location: pathField("The path of the expectation in the file."),
  explanation: jsonObjectOrNull("The run's step with the conditions and the preference that decided it, or null."),
  ...positionFields,
});

const scenarioResultSchema = z.object({
  name: textField("The name of the scenario."),
  status: described(z.enum(SCENARIO_STATUSES), "broken: the scenario could not run."),
  failures: described(z.array(failureSchema), "The expectations that were not met."),
  error: described(z.nullable(z.object({ ...errorFields, ...positionFields })), "Why the scenario is broken, or null."),
  skip: textOrNull("The reason why the scenario is skipped, or null."),
  duration_ms: described(z.number(), "The duration in milliseconds."),
  ...positionFields,
});

const fileResultSchema = z.object({
  file: textField("The path of the file, relative to the working directory."),
  scenarios: described(z.array(scenarioResultSchema), "The scenarios that ran, in order."),
  error: described(z.nullable(z.object(errorFields)), "Why the file could not be read, or null."),
  snapshots: described(
    z.object({
      added: countField("The number of new snapshots."),
      updated: countField("The number of changed snapshots."),
      obsolete: described(z.array(z.string()), "The snapshots that no scenario uses."),
    }),
    "The snapshots of the file.",
  ),
});

const emailFindingSchema = z.extend(projectFindingSchema, {
  messages: described(
    z.array(
      z.object({
        file: textField("The file of the scenario."),
        scenario: textField("The name of the scenario."),
        to: textField("The recipient: a user ID, or <collection>/<id>."),
        message_id: textField("The ID of the message in the scenario."),
      }),
    ),
    "The messages of scenarios with the problem.",
  ),
});

const emailReportSchema = z.object({
  findings: described(z.array(emailFindingSchema), "The problems, at the templates of the steps."),
  silenced: countField("The number of problems that a rule of the project silences."),
  checked: countField("The number of emails that were checked."),
});

/** The schema of what `knock test --json` prints. */
export const testReportSchema = z.object({
  seed: textField("The seed of IDs and random numbers."),
  files: described(z.array(fileResultSchema), "The results of each file."),
  summary: described(
    z.object({
      files: countField("The number of files."),
      scenarios: countField("The number of scenarios. A file that could not be read counts as one."),
      passed: countField("The number of scenarios that passed."),
      failed: countField("The number of scenarios with an expectation that was not met."),
      broken: countField("The number of scenarios that could not run."),
      skipped: countField("The number of skipped scenarios."),
    }),
    "The totals.",
  ),
  coverage: described(z.nullable(coverageSchema), "The coverage of the workflows with --coverage, or null."),
  emails: described(z.nullable(emailReportSchema), "The problems of the scenarios' emails with --emails, or null."),
  mutation: described(z.nullable(mutationReportSchema), "The mutants with --mutate if all scenarios passed, or null."),
  duration_ms: described(z.number(), "The duration in milliseconds."),
});
