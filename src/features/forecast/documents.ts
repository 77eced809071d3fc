import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { forecastReportSchema } from "./forecast-report-schema.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument("forecast", "A forecast", "The messages of each recipient, day and channel.", forecastReportSchema),
];
