import * as z from "zod/mini";
import { LIST_KNOWN_KEYS } from "../../domain/schema/describe-issue.js";
import { anyObject, described, flag, optional, text } from "../../domain/schema/fields.js";
import { once } from "../../util/once.js";

/** The schema of a request that runs a stored run again. Unknown keys are errors, because they would change nothing. */
export const rerunBodySchema = once(() => {
  return z.strictObject(
    {
      from: text("The step at which the run starts. Default: the first one."),
      data: described(optional(anyObject()), "The trigger data in place of that of the run."),
      recipient: described(optional(anyObject()), "Properties that the recipients get."),
      skip_delay: flag("Whether delay steps are skipped (default: false)."),
      keep: flag("Whether the result is stored as a new run (default: false)."),
    },
    LIST_KNOWN_KEYS,
  );
});
