import * as z from "zod/mini";
import { described } from "../../domain/schema/fields.js";
import { textField, textOrNull } from "../../domain/schema/output-fields.js";

/** The languages that `knock types` generates. */
export const TYPE_LANGUAGES = ["typescript", "python", "go", "ruby"] as const;

/** The schema of what `knock types --json` prints. */
export const typesReportSchema = z.object({
  language: described(z.enum(TYPE_LANGUAGES), "The language of the types."),
  file: textOrNull("The path of the file, relative to the working directory, or null without --output-file."),
  status: described(
    z.enum(["printed", "written", "unchanged", "stale"]),
    "unchanged: the file has these types already. stale: with --check, the file is missing or has other types.",
  ),
  workflows: described(
    z.array(
      z.object({
        workflow: textField("The key of the workflow."),
        type: textOrNull("The name of its type, or null for a workflow without a JSON Schema."),
      }),
    ),
    "The workflows, sorted by key.",
  ),
  code: textOrNull("The types, or null with --output-file."),
});
