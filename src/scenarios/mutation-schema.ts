import * as z from "zod/mini";
import { described } from "../domain/schema/fields.js";
import { countField, textField, textOrNull } from "../domain/schema/output-fields.js";
import { conditionLocationFields } from "./coverage-schema.js";

export const MUTATION_KINDS = ["condition", "step", "channel", "duration", "template"] as const;

const mutantSchema = z.object({
  workflow: textField("The key of the workflow."),
  step: textOrNull("The ref of the changed step, or null for the trigger."),
  kind: described(z.enum(MUTATION_KINDS), "The kind of the change."),
  text: textField("The change."),
  advice: textField("The expectation that a scenario needs to catch the change."),
  ...conditionLocationFields,
});

/** The schema of the mutants in what `knock test --mutate --json` prints. */
export const mutationReportSchema = z.object({
  total: countField("The number of mutants."),
  noticed: countField("The number of mutants with which a scenario failed."),
  survivors: described(z.array(mutantSchema), "The mutants that no scenario noticed."),
});
