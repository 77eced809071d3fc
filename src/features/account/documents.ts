import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { planReportSchema } from "./plan-report-schema.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument(
    "plan",
    "Differences from the account's resources",
    "The resources that differ, with their changes, and the order of a push.",
    planReportSchema,
  ),
];
