import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { typesReportSchema } from "./types-report-schema.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument("types", "Generated types", "The types, or what happened to their file.", typesReportSchema),
];
