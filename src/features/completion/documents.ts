import * as z from "zod/mini";
import { textField } from "../../domain/schema/output-fields.js";
import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";

/** The schema of what `knock completion --json` prints. */
const completionScriptSchema = z.object({
  shell: textField("The shell."),
  script: textField("The script that the shell loads."),
});

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument("completion", "A completion script", "The script of a shell.", completionScriptSchema),
];
