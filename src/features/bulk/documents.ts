import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { lineResultSchema, lineSummarySchema } from "./line-results.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument("notify", "Summary of many triggers", "With --output.", lineSummarySchema, { suffix: "summary" }),
  describeDocument("notify", "Result of a line", "The file of --output has one for each line.", lineResultSchema, {
    suffix: "result",
    place: "a file",
    isStream: true,
  }),
];
