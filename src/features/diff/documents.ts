import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { diffReportSchema } from "./diff-report-schema.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument(
    "diff",
    "Differences from the account",
    "The recipients with differences, and the totals.",
    diffReportSchema,
  ),
];
