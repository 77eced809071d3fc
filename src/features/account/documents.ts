import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { planReportSchema } from "./plan-report-schema.js";
import {
  branchListSchema,
  branchSchema,
  deletedBranchSchema,
  mergedBranchSchema,
  promoteReportSchema,
} from "./promote-report-schema.js";
import { pullReportSchema } from "./pull-report-schema.js";
import { pushReportSchema } from "./push-report-schema.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument(
    "plan",
    "Differences from the account's resources",
    "The resources that differ, with their changes, and the order of a push.",
    planReportSchema,
  ),
  describeDocument(
    "pull",
    "Resources that were pulled",
    "The resources whose files were written, deleted or kept, and the totals.",
    pullReportSchema,
  ),
  describeDocument(
    "push",
    "Resources that were pushed",
    "The resources that the account has received and those that it has not, and the totals.",
    pushReportSchema,
  ),
  describeDocument(
    "promote",
    "Commits that were promoted",
    "The commits, and whether they were promoted.",
    promoteReportSchema,
  ),
  describeDocument("branches list", "The branches of an account", "The branches.", branchListSchema),
  describeDocument("branches create", "A branch that was created", "The branch.", branchSchema),
  describeDocument("branches merge", "A branch that was merged", "The commits that were merged.", mergedBranchSchema),
  describeDocument("branches delete", "A branch that was deleted", "The slug.", deletedBranchSchema),
];
