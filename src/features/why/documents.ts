import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { whyReportSchema } from "./why-report-schema.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument(
    "why",
    "Why a recipient gets a message, or not",
    "The decision of each step, with the rule that decided it and its place in the project's files.",
    whyReportSchema,
  ),
];
