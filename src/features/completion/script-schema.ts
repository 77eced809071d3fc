import * as z from "zod/mini";
import { textField } from "../../domain/schema/output-fields.js";

/** The schema of what `knock completion --json` prints. */
export const completionScriptSchema = z.object({
  shell: textField("The shell."),
  script: textField("The script that the shell loads."),
});
