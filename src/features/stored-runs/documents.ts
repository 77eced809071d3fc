import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { rerunReportSchema } from "./rerun-report.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument(
    "runs rerun",
    "Differences of a rerun",
    "The steps and messages that differ from the original run.",
    rerunReportSchema,
  ),
];
