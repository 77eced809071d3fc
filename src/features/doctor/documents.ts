import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { doctorReportSchema } from "./report-schema.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument("doctor", "Checks of the setup", "The result of each check.", doctorReportSchema),
];
