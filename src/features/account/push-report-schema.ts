import * as z from "zod/mini";
import { described } from "../../domain/schema/fields.js";
import { countField, textField } from "../../domain/schema/output-fields.js";
import { SCOPE_FIELDS } from "./plan-report-schema.js";

/** The schema of what `knock push --json` prints. */
export const pushReportSchema = z.object({
  ...SCOPE_FIELDS,
  pushed: described(z.array(z.string()), "The resources that the account has received, in order."),
  committed: described(z.array(z.string()), "The resources that were committed (--message)."),
  failed: described(
    z.nullable(z.object({ resource: textField("The resource."), message: textField("Why the account refused it.") })),
    "The resource at which the push stopped, or null.",
  ),
  not_pushed: described(z.array(z.string()), "The resources that the account has not received."),
  not_committed: described(z.array(z.string()), "The resources that were to be committed and are not."),
  kept: described(
    z.array(z.string()),
    "The resources that a push does not send: changed or deleted only in the account, or deleted here.",
  ),
  summary: described(
    z.object({
      pushed: countField("The number of resources that the account has received."),
      committed: countField("The number of resources that were committed."),
      unchanged: countField("The number of equal resources, of which nothing was sent."),
    }),
    "The totals.",
  ),
});

/** The result of `knock push`. */
export type PushReport = z.infer<typeof pushReportSchema>;
