import * as z from "zod/mini";
import { described } from "../../domain/schema/fields.js";
import { flagField, textField, textOrNull } from "../../domain/schema/output-fields.js";

const commitSchema = z.object({
  id: textField("The ID of the commit."),
  resource: textField("The resource, such as `workflows/welcome`."),
  message: textOrNull("The message, or null."),
  author: textOrNull("The name or email address of the author, or null."),
  created_at: textField("The time of the commit."),
});

/** The schema of what `knock promote --json` prints. */
export const promoteReportSchema = z.object({
  account: textField("The slug of the account."),
  from: textField("The environment that has the commits."),
  to: textField("The environment that receives them."),
  commits: described(z.array(commitSchema), "The commits, the newest first."),
  promoted: flagField("Whether they were promoted. False with --dry-run, and without commits."),
});

/** The result of `knock promote`. */
export type PromoteReport = z.infer<typeof promoteReportSchema>;

export const branchSchema = z.object({
  slug: textField("The slug of the branch."),
  created_at: textField("The time of its creation."),
  last_commit_at: textOrNull("The time of its last commit, or null."),
});

/** The schema of what `knock branches list --json` prints. */
export const branchListSchema = z.object({ items: described(z.array(branchSchema), "The branches.") });

export const deletedBranchSchema = z.object({
  slug: textField("The slug of the branch."),
  deleted: flagField("Whether the branch was deleted."),
});

export const mergedBranchSchema = z.object({
  slug: textField("The slug of the branch."),
  commits: described(z.array(commitSchema), "The commits that were merged, the newest first."),
  deleted: flagField("Whether the branch was deleted after the merge (--delete)."),
});
