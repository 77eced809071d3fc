import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { testReportSchema } from "../../scenarios/test-report-schema.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument("test", "Results of scenarios", "The results of all files and the totals.", testReportSchema),
];
