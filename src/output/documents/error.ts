import * as z from "zod/mini";
import { described } from "../../domain/schema/fields.js";
import { jsonValue, textField, textOrNull } from "../../domain/schema/output-fields.js";
import { ERROR_CODES } from "../../errors/error-codes.js";
import { getKeys } from "../../util/json.js";

const detailSchema = z.object({
  pointer: textField("The JSON pointer to the value; empty for the whole document."),
  message: textField("The problem with the value."),
  value: z.optional(jsonValue("The value.")),
  suggested_key: z.optional(textField("The only possible correction of an unknown key.")),
  file: z.optional(textField("The project's file.")),
  line: z.optional(described(z.int().check(z.gte(1)), "The line in the file.")),
  column: z.optional(described(z.int().check(z.gte(1)), "The column in the file.")),
});

/** The document that follows every error with `--json`. */
export const errorDocumentSchema = z.object({
  error: described(
    z.object({
      code: described(z.enum(getKeys(ERROR_CODES)), "The code, which sets the exit code."),
      message: textField("The problem. The wording may change."),
      hint: textOrNull("The next step, or null. The wording may change."),
      suggestion: textOrNull(
        "The corrected command, for a shell; null if no correction is known, or if the command contains a secret.",
      ),
      docs: textField("The section of the documentation about the code."),
      details: described(z.array(detailSchema), "Each invalid value."),
      status: z.optional(described(z.int(), "The HTTP status of the API's response.")),
      request_id: z.optional(textField("The ID of the request to the API.")),
      attempts: z.optional(described(z.int().check(z.gte(1)), "The number of requests that were sent, with retries.")),
    }),
    "The error.",
  ),
});
