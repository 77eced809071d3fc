import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { auditReportSchema } from "./audit-report-schema.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument(
    "audit",
    "Users and objects without messages",
    "The users with skipped steps, the objects that do not reach everyone, and the totals.",
    auditReportSchema,
  ),
];
