import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { logEntrySchema } from "./log-entry-schema.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument("logs", "Entry of the log", "One line for each entry, oldest first.", logEntrySchema, {
    isStream: true,
  }),
];
