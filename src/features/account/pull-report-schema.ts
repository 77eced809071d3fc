import * as z from "zod/mini";
import { described } from "../../domain/schema/fields.js";
import { countField, textOrNull } from "../../domain/schema/output-fields.js";
import { RESOURCE_FIELDS, SCOPE_FIELDS, stateField } from "./plan-report-schema.js";

const pulledResourceSchema = z.object({
  ...RESOURCE_FIELDS,
  state: stateField(),
  action: described(
    z.enum(["written", "deleted", "kept", "conflict"]),
    "`kept`: only the files have changed. `conflict`: both sides have changed, so the files were kept.",
  ),
  files: described(
    z.array(z.string()),
    "The files that were written or deleted. For a conflict, the file or folder to compare with `account_version`.",
  ),
  account_version: textOrNull(
    "The account's version of a conflict: a folder, or the only file that differs. Null if the account has deleted it.",
  ),
});

/** The schema of what `knock pull --json` prints. */
export const pullReportSchema = z.object({
  ...SCOPE_FIELDS,
  resources: described(z.array(pulledResourceSchema), "The resources that differed, in the order of a push."),
  notes: described(z.array(z.string()), "The known gaps of the comparison, one sentence each."),
  summary: described(
    z.object({
      written: countField("The number of resources whose files were written."),
      deleted: countField("The number of resources whose files were deleted."),
      kept: countField("The number of resources with changes of the project that were kept."),
      conflicts: countField("The number of resources that both sides have changed."),
      unchanged: countField("The number of equal resources."),
    }),
    "The totals.",
  ),
});

/** The result of `knock pull`. */
export type PullReport = z.infer<typeof pullReportSchema>;
export type PulledResource = PullReport["resources"][number];
