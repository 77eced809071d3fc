import { validationReportSchema } from "../../checks/validation-report-schema.js";
import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument(
    "validate",
    "Findings in files",
    "The findings of all files and the totals.",
    validationReportSchema,
  ),
];
