import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { auditReportSchema } from "./audit-report-schema.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument(
    "audit",
    "Users who get nothing",
    "The users with skipped steps, and the totals.",
    auditReportSchema,
  ),
];
