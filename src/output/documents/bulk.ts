import * as z from "zod/mini";
import { described } from "../../domain/schema/fields.js";
import { countField, definition, textField } from "../../domain/schema/output-fields.js";

const bulkFailureSchema = definition(
  "bulk_failure",
  z.object({
    id: textField("The ID of the row."),
    code: textField("The error code."),
    message: textField("Why the row failed."),
  }),
);

export const bulkResultSchema = z.object({
  total: countField("The number of rows."),
  succeeded: countField("The number of rows that were changed."),
  failed: described(z.array(bulkFailureSchema), "The rows that failed, with the reason."),
  remaining: countField("The number of rows that were not processed, because the command was interrupted."),
});

export type BulkResultDocument = z.infer<typeof bulkResultSchema>;
