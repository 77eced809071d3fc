import { replayReportSchema } from "../../comparison/replay-report-schema.js";
import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument(
    "replay",
    "Differences of a replay",
    "The recipients with differences, and the totals.",
    replayReportSchema,
  ),
];
