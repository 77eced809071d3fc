import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { completionScriptSchema } from "./script-schema.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument("completion", "A completion script", "The script of a shell.", completionScriptSchema),
];
