import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { reviewReportSchema } from "./review-report-schema.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument(
    "review",
    "Review of a change",
    "The effects of a change of the files: recipients who gain or lose messages, changed messages, and the totals.",
    reviewReportSchema,
  ),
];
