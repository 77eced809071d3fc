import * as z from "zod/mini";
import { described } from "../domain/schema/fields.js";
import { countField, textField } from "../domain/schema/output-fields.js";
import { FINDING_CODES } from "../domain/validation/finding-codes.js";
import { getKeys } from "../util/json.js";

export const projectFindingSchema = z.object({
  code: described(z.enum(getKeys(FINDING_CODES)), "The code of the finding."),
  severity: described(z.enum(["error", "warning"]), "Whether the finding sets the exit code without --strict."),
  message: textField("The problem. The wording may change."),
  file: textField("The path of the file, relative to the working directory."),
  line: countField("The line in the file, counted from 1."),
  column: countField("The column in the file, counted from 1."),
  pointer: textField("The JSON pointer to the value in the document; empty for the whole document or a text file."),
  hint: z.optional(textField("How to fix it. The wording may change.")),
  suggested_key: z.optional(textField("The only possible correction of an unknown key, which --fix applies.")),
  docs: textField("The section of the documentation about the code."),
});

/** The schema of what `knock validate --json` prints. */
export const validationReportSchema = z.object({
  findings: described(z.array(projectFindingSchema), "The findings, by file and line."),
  silenced: described(
    z.array(z.extend(projectFindingSchema, { reason: textField("The reason in the rule that silences the finding.") })),
    "The findings that a rule of the project silences. They do not set the exit code.",
  ),
  fixed: z.optional(
    described(z.array(projectFindingSchema), "With --fix: the findings that were fixed. They are not in `findings`."),
  ),
  summary: described(
    z.object({
      errors: countField("The number of errors."),
      warnings: countField("The number of warnings."),
      files: countField("The number of files that were checked."),
    }),
    "The totals.",
  ),
});
